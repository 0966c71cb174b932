/**
 * A supervisor whose children are spread over the nodes: each child runs on one node, and on another one
 * when that is gone. A node that leaves in order hands its children over before it goes.
 *
 * Source: Horde's `DynamicSupervisor`.
 */
import {
  BadArgumentError,
  CallError,
  type ChildSpec,
  type ChildSpecOverrides,
  GenServer,
  type Pid,
  splitOverrides,
  StartError,
  whereis,
} from '@linnet/otp';
import { sendable } from '../codec/sendable.ts';
import { Node } from '../node/node.ts';
import type { ClusterChild, ClusterChildModule, RunningChild } from './cluster-child.ts';
import type { Placement, StartOutcome } from './placement.ts';
import { placementIn, PlacementServer } from './placement-server.ts';

/** Options of `ClusterSupervisor.childSpec`, the same on all nodes. */
export interface ClusterSupervisorOptions {
  /** Its name, by which its parts on the nodes find each other. */
  readonly name: string;
  /** What it may start here, by the names that children give. */
  readonly modules: Readonly<Record<string, ClusterChildModule>>;
  /** Milliseconds after which children of a node that has gone are started elsewhere. Default 20,000. */
  readonly redistributeAfterMs?: number;
  /**
   * How many nodes there are when all are there: a node that sees no more than half of them stops its
   * children and starts none. By default every part of a cut cluster goes on, and a child may run twice
   * until the parts meet.
   */
  readonly majorityOf?: number;
  /**
   * What becomes of running children when a node joins: `'passive'` leaves them where they are, `'active'`
   * moves those that belong on the new node. Default `'passive'`.
   *
   * Source: `process_redistribution` of Horde.
   */
  readonly redistribution?: 'active' | 'passive';
  /** Milliseconds that the `handOff` of a child may take before it moves without. Default 5000. */
  readonly handoffMs?: number;
}

const serverNameOf = (name: string): string => `Linnet.ClusterSupervisor.${name}`;

function requirePlacement(name: string, operation: string): Placement {
  const pid = whereis(serverNameOf(name));
  const placement = pid === undefined ? undefined : placementIn(pid);
  if (placement !== undefined) return placement;
  throw new CallError('noproc', { module: 'ClusterSupervisor', function: operation }, [name]);
}

function checkText(argument: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new BadArgumentError(argument, value, 'a string that is not empty');
}

const restarts: readonly unknown[] = ['permanent', 'transient', 'temporary', undefined];

/** What cannot go to other nodes must not be found out by the supervisor, when the child runs already. */
function checkChild(child: ClusterChild): void {
  checkText('id', child.id);
  checkText('module', child.module);
  if (!restarts.includes(child.restart)) {
    const allowed = "'permanent', 'transient' or 'temporary'";
    throw new BadArgumentError('restart', child.restart, allowed);
  }
  sendable(child, 'child');
}

/**
 * The part of such a supervisor on this node, as a child. Put it behind `Cluster`.
 * @throws {BadArgumentError} naming the option.
 * @example
 * const Job = GenServer.define({ init: (order: string) => order });
 * const cluster = Cluster.childSpec({ name: 'api@127.0.0.1', cookie: 'secret' });
 * const jobs = ClusterSupervisor.childSpec({ name: 'jobs', modules: { Job } });
 * await Supervisor.startLink([cluster, jobs], { strategy: 'rest_for_one' });
 */
function childSpec(given: ClusterSupervisorOptions & ChildSpecOverrides): ChildSpec<Pid> {
  const [overrides, options] = splitOverrides(given);
  const { name, modules, redistributeAfterMs = 20_000, majorityOf } = options;
  const { redistribution = 'passive', handoffMs = 5000 } = options;
  checkText('name', name);
  if (typeof modules !== 'object' || modules === null) {
    throw new BadArgumentError('modules', modules, 'an object of modules by their names');
  }
  for (const [key, module] of Object.entries(modules)) {
    if (typeof (module as Partial<ClusterChildModule> | undefined)?.childSpec === 'function')
      continue;
    throw new BadArgumentError(`modules.${key}`, module, 'a module with `childSpec`');
  }
  for (const [key, value] of Object.entries({ redistributeAfterMs, handoffMs })) {
    if (!(value >= 0)) throw new BadArgumentError(key, value, 'a number >= 0');
  }
  if (majorityOf !== undefined && !(Number.isInteger(majorityOf) && majorityOf > 0)) {
    throw new BadArgumentError('majorityOf', majorityOf, 'an integer > 0');
  }
  if (redistribution !== 'active' && redistribution !== 'passive') {
    throw new BadArgumentError('redistribution', redistribution, "'active' or 'passive'");
  }
  const serverName = serverNameOf(name);
  const isActive = redistribution === 'active';
  const arg = { serverName, modules, redistributeAfterMs, majorityOf, isActive, handoffMs };
  return {
    id: serverName,
    start: async () => (await PlacementServer.startLink(arg, { name: serverName })).pid,
    // Its children move to other nodes first, with what they hand over.
    shutdown: 2 * handoffMs + 5000,
    ...overrides,
  };
}

/**
 * Starts a child on the node on which it belongs, which all nodes compute alike from its id.
 *
 * Source: `Horde.DynamicSupervisor.start_child/2`.
 * @throws {StartError} with `['already_started', pid]`, `['undef', module]`, `'no_majority'`, `'leaving'`,
 *   or what its start failed with; {CallError} when the supervisor does not run here or there.
 * @throws {BadArgumentError} naming the field of the child; {DataCloneError} for an `arg` that cannot be sent.
 * @example
 * const pid = await ClusterSupervisor.startChild('jobs', { id: 'job-1', module: 'Job', arg: 'order-1' });
 */
async function startChild(name: string, child: ClusterChild): Promise<Pid> {
  checkChild(child);
  const node = requirePlacement(name, 'startChild').nodeFor(child.id);
  const server = { name: serverNameOf(name), node };
  const outcome = await GenServer.call<StartOutcome>(server, ['start', child]);
  if (outcome.type === 'started') return outcome.pid;
  throw new StartError(outcome.reason, `child ${child.id} of ${name}`);
}

/**
 * Ends a child, wherever it runs, or if its node has gone and it was to be started again. Resolves with
 * whether there was one.
 * @throws {CallError} when the supervisor does not run here or there.
 * @example
 * await ClusterSupervisor.terminateChild('jobs', 'job-1');
 */
async function terminateChild(name: string, id: string): Promise<boolean> {
  const running = requirePlacement(name, 'terminateChild').tables.find(id, Node.self());
  if (running === undefined) return GenServer.call<boolean>(serverNameOf(name), ['cancel', id]);
  const server = { name: serverNameOf(name), node: running.node };
  return GenServer.call<boolean>(server, ['terminate', id]);
}

/**
 * All children of the cluster, as this node knows them.
 * @throws {CallError} when the supervisor does not run here.
 * @example
 * for (const { id, node } of ClusterSupervisor.whichChildren('jobs')) console.log(id, node);
 */
const whichChildren = (name: string): RunningChild[] =>
  requirePlacement(name, 'whichChildren').tables.all(Node.self());

/**
 * The process of a child, on any node.
 * @throws {CallError} when the supervisor does not run here.
 * @example
 * const pid = ClusterSupervisor.whereis('jobs', 'job-1');
 */
const whereisChild = (name: string, id: string): Pid | undefined =>
  requirePlacement(name, 'whereis').tables.find(id, Node.self())?.pid;

/**
 * The nodes over which the children are spread: those on which the supervisor runs, as far as this one has
 * heard of them.
 * @throws {CallError} when the supervisor does not run here.
 * @example
 * ClusterSupervisor.nodes('jobs'); // ['api@127.0.0.1']
 */
const nodes = (name: string): string[] => requirePlacement(name, 'nodes').nodes();

/** A supervisor whose children are spread over the nodes. */
export const ClusterSupervisor: {
  readonly childSpec: typeof childSpec;
  readonly startChild: typeof startChild;
  readonly terminateChild: typeof terminateChild;
  readonly whichChildren: typeof whichChildren;
  readonly whereis: typeof whereisChild;
  readonly nodes: typeof nodes;
} = Object.freeze({
  childSpec,
  startChild,
  terminateChild,
  whichChildren,
  whereis: whereisChild,
  nodes,
});

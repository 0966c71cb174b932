/**
 * Names that one process of the whole cluster has.
 *
 * They stay available when the cluster is cut in two: each side may register the same name then. When the
 * sides meet again, the process that was registered first keeps the name, and the other one gets the exit
 * signal `{ shutdown: ['name_conflict', name] }`, or a message. Names that are registered with `strict` are
 * given by a majority of the nodes only.
 */
import {
  BadArgumentError,
  CallError,
  type CallOptions,
  type ChildSpec,
  type ChildSpecOverrides,
  GenServer,
  type Pid,
  self,
  splitOverrides,
  type Via,
  whereis,
} from '@linnet/otp';
import { nodeOf } from '../codec/address-table.ts';
import { Node } from '../node/node.ts';
import { ClusterError } from '../errors/cluster-error.ts';
import { globalName, GlobalServer, namesIn } from './global-server.ts';
import type { OnConflict, Resolve } from './name-table.ts';
import type { Names } from './names.ts';

/** Options of `Global.startLink`, the same on all nodes. */
export interface GlobalOptions {
  /** How many nodes there are when all are there: needed for names that are registered with `strict`. */
  readonly majorityOf?: number;
  /**
   * Which of two processes keeps a name that both got while their nodes did not know of each other;
   * undefined for neither, as when it throws. It must not depend on the node that computes it. By default the one that was
   * registered first.
   *
   * Source: the `Resolve` of `global:register_name/3`.
   */
  readonly resolve?: Resolve;
  /**
   * Milliseconds for which a strict name is not free after the node of its process has gone, so that the
   * process, which may be in a minority, has ended. More than `downAfterMs`. Default 20,000.
   */
  readonly releaseMs?: number;
}

/** Options of `Global.register`. */
export interface RegisterOptions extends CallOptions {
  /**
   * What becomes of the process if it loses the name to another one: `'exit'` ends it with
   * `{ shutdown: ['name_conflict', name] }`, `'notify'` sends it a {@link NameConflictMessage}. Default
   * `'exit'`.
   *
   * Source: `random_exit_name`, `random_notify_name` and `notify_all_name` of `global`.
   */
  readonly onConflict?: OnConflict;
  /**
   * Whether a majority of all nodes must agree, so that no two processes have the name, even when the
   * network is cut. The process gets `{ shutdown: ['no_majority', name] }` when its node finds itself in a
   * minority, and when `Global` ends there. Default false.
   */
  readonly strict?: boolean;
}

function requireNames(operation: string): Names {
  const pid = whereis(globalName);
  const names = pid === undefined ? undefined : namesIn(pid);
  if (names !== undefined) return names;
  throw new CallError('noproc', { module: 'Global', function: operation }, [globalName]);
}

/**
 * Starts the table of names of this node, linked to the current process. It has to run on each node that
 * takes part.
 * @throws {StartError} with a `ClusterError` when this runtime is no node.
 * @throws {BadArgumentError} naming the option.
 * @example
 * await Global.startLink({ majorityOf: 3 });
 */
async function startLink(options: GlobalOptions = {}): Promise<Pid> {
  const { majorityOf, resolve = (_name, older) => older, releaseMs = 20_000 } = options;
  if (majorityOf !== undefined && !(Number.isInteger(majorityOf) && majorityOf > 0)) {
    throw new BadArgumentError('majorityOf', majorityOf, 'an integer > 0');
  }
  if (typeof resolve !== 'function') throw new BadArgumentError('resolve', resolve, 'a function');
  if (!(releaseMs >= 0)) throw new BadArgumentError('releaseMs', releaseMs, 'a number >= 0');
  const arg = { majorityOf, resolve, releaseMs };
  return (await GlobalServer.startLink(arg, { name: globalName })).pid;
}

/**
 * The table of names as a child of a supervisor. Put it behind `Cluster`.
 * @example
 * const cluster = Cluster.childSpec({ name: 'api@127.0.0.1', cookie: 'secret' });
 * await Supervisor.startLink([cluster, Global.childSpec()], { strategy: 'rest_for_one' });
 */
function childSpec(given: GlobalOptions & ChildSpecOverrides = {}): ChildSpec<Pid> {
  const [overrides, options] = splitOverrides(given);
  return { id: 'Global', start: () => startLink(options), ...overrides };
}

/**
 * Registers a process of this node, the current one by default. Resolves with whether it has the name
 * now; false when another process has it. The name is free again when the process dies. Each of the two
 * calls that it takes (three with `strict`) may wait 5000 ms by default.
 *
 * Source: `global:register_name/3`.
 * @throws {CallError} when `Global` does not run here, or the node that decides cannot be reached.
 * @throws {ClusterError} with reason `'no_majority'` for a strict name in a minority.
 * @throws {BadArgumentError} for a name that is no string, a process of another node, and `strict` without
 *   `majorityOf`.
 * @example
 * if (await Global.register('leader', self(), { strict: true })) console.log('this one leads');
 */
async function register(
  name: string,
  pid: Pid = self(),
  options: RegisterOptions = {},
): Promise<boolean> {
  const { onConflict = 'exit', strict = false, ...call } = options;
  checkName(name);
  if (nodeOf(pid) !== Node.self()) throw new BadArgumentError('pid', pid, 'a process of this node');
  if (onConflict !== 'exit' && onConflict !== 'notify') {
    throw new BadArgumentError('onConflict', onConflict, "'exit' or 'notify'");
  }
  const names = requireNames('register');
  const { majorityOf } = names.options;
  if (strict && majorityOf === undefined) {
    throw new BadArgumentError('strict', true, 'false without the option `majorityOf` of Global');
  }
  const keeper = { name: globalName, node: names.keeperOf(name) };
  const claim = GenServer.call<boolean>(keeper, ['claim', name, pid, strict], call);
  const isPromised = await claim.catch((error: unknown) => {
    // It may be promised later, when the keeper gets to it: to a process that does not take it.
    GenServer.cast(keeper, ['renounce', name, pid]);
    throw error;
  });
  if (!isPromised) return false;
  if (strict && !(await isElected(names, name, pid, call))) return false;
  return GenServer.call<boolean>(globalName, ['add', name, pid, onConflict, strict], call);
}

function checkName(name: unknown): void {
  if (typeof name === 'string' && name !== '') return;
  throw new BadArgumentError('name', name, 'a string that is not empty');
}

/** Whether more than half of all nodes agree that a process gets a name. */
async function isElected(
  names: Names,
  name: string,
  pid: Pid,
  options: CallOptions,
): Promise<boolean> {
  const nodes = names.nodes();
  const ask = (node: string): Promise<boolean> =>
    GenServer.call<boolean>({ name: globalName, node }, ['claim', name, pid, true], options).catch(
      () => false,
    );
  const votes = names.hasMajority ? await Promise.all(nodes.map(ask)) : [];
  if (names.isMajority(votes.filter(Boolean).length) && names.hasMajority) return true;
  for (const node of nodes) GenServer.cast({ name: globalName, node }, ['renounce', name, pid]);
  if (names.hasMajority) return false;
  throw new ClusterError(
    'no_majority',
    `${name} is a strict name, and only ${names.nodes().length} of ${names.options.majorityOf} nodes are here`,
  );
}

/**
 * Frees a name of a process of this node. Resolves with whether there was such a one.
 *
 * Source: `global:unregister_name/1`.
 * @throws {CallError} when `Global` does not run here.
 * @example
 * await Global.unregister('leader');
 */
const unregister = (name: string): Promise<boolean> =>
  GenServer.call<boolean>(globalName, ['remove', name]);

/**
 * The process with a name, on any node: a look into the table of this node.
 *
 * Source: `global:whereis_name/1`.
 * @throws {CallError} when `Global` does not run here.
 * @example
 * const leader = Global.whereis('leader');
 * if (leader !== undefined) send(leader, 'report');
 */
const whereisName = (name: string): Pid | undefined => requireNames('whereis').table.get(name)?.pid;

/**
 * All names.
 *
 * Source: `global:registered_names/0`.
 * @throws {CallError} when `Global` does not run here.
 * @example
 * Global.names().includes('leader');
 */
const names = (): string[] => requireNames('names').table.names();

/**
 * The nodes that take part, as far as this one has heard of them. A name that is registered before two
 * nodes have heard of each other may be given on both.
 * @throws {CallError} when `Global` does not run here.
 * @example
 * Global.nodes(); // ['api@127.0.0.1']
 */
const nodes = (): string[] => requireNames('nodes').nodes();

const registry = Object.freeze({
  whereisName: (key: unknown) => whereisName(String(key)),
  canRegister: () => false,
  registerName: () => false,
  unregisterName: () => {},
});

/**
 * A name in the place of a process, looked up at each use: for `send`, `GenServer.call`, `monitor`. A
 * process cannot be started under it, since to register waits for another node.
 * @example
 * await GenServer.call(Global.via('leader'), 'status');
 */
const via = (name: string): Via => ({ via: [registry, name] });

/** Names that one process of the whole cluster has. */
export const Global: {
  readonly startLink: typeof startLink;
  readonly childSpec: typeof childSpec;
  readonly register: typeof register;
  readonly unregister: typeof unregister;
  readonly whereis: typeof whereisName;
  readonly names: typeof names;
  readonly nodes: typeof nodes;
  readonly via: typeof via;
} = Object.freeze({
  startLink,
  childSpec,
  register,
  unregister,
  whereis: whereisName,
  names,
  nodes,
  via,
});

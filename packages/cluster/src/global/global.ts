/**
 * Names that one process of the whole cluster has.
 *
 * They stay available when the cluster is cut in two: each side may register the same name then. When the
 * sides meet again, the process that was registered first keeps the name, and the other one gets the exit
 * signal `{ shutdown: ['name_conflict', name] }`.
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
  type Via,
  whereis,
} from '@linnet/otp';
import { nodeOf } from '../codec/pid-table.ts';
import { Node } from '../node/node.ts';
import { globalName, GlobalServer, type Names, namesIn } from './global-server.ts';

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
 * @example
 * await Global.startLink();
 */
async function startLink(): Promise<Pid> {
  return (await GlobalServer.startLink(undefined, { name: globalName })).pid;
}

/**
 * The table of names as a child of a supervisor. Put it behind `Cluster`.
 * @example
 * const cluster = Cluster.childSpec({ name: 'api@127.0.0.1', cookie: 'secret' });
 * await Supervisor.startLink([cluster, Global.childSpec()], { strategy: 'rest_for_one' });
 */
const childSpec = (overrides: ChildSpecOverrides = {}): ChildSpec<Pid> => ({
  id: 'Global',
  start: startLink,
  ...overrides,
});

/**
 * Registers a process of this node, the current one by default. Resolves with whether it has the name
 * now; false when another process has it. The name is free again when the process dies. Each of the two
 * calls that it takes may wait 5000 ms by default.
 *
 * Source: `global:register_name/2`.
 * @throws {CallError} when `Global` does not run here, or the node that decides cannot be reached.
 * @throws {BadArgumentError} for a process of another node.
 * @example
 * if (await Global.register('leader', self(), { timeout: 1000 })) console.log('this one leads');
 */
async function register(name: string, pid: Pid = self(), options?: CallOptions): Promise<boolean> {
  if (nodeOf(pid) !== Node.self()) throw new BadArgumentError('pid', pid, 'a process of this node');
  const keeper = { name: globalName, node: requireNames('register').keeperOf(name) };
  if (!(await GenServer.call<boolean>(keeper, ['claim', name, pid], options))) return false;
  return GenServer.call<boolean>(globalName, ['add', name, pid], options);
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

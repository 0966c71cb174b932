/** This node and the others. */
import {
  BadArgumentError,
  detached,
  exit,
  isAlive,
  link,
  monitor,
  type MonitorRef,
  type Pid,
  self,
} from '@linnet/otp';
import { thisNode } from '@linnet/otp/distribution';
import type { AssociationFigures } from '../association/association.ts';
import { currentMember, requireMember } from './current.ts';

/** What the code of a process gets that has died meanwhile. */
const nothingMore = new Promise<never>(() => {});

/** Options of `Node.connect`. */
export interface ConnectOptions {
  /** Milliseconds to wait, 5000 by default. */
  readonly timeout?: number;
}

/**
 * The name of this node; `'nonode@nohost'` while it is not part of a cluster.
 *
 * Source: `erlang:node/0`.
 * @example
 * Node.self(); // 'nonode@nohost'
 */
const selfName = (): string => thisNode().name;

/**
 * The names of the nodes to which a connection is open, oldest connection first.
 *
 * Source: `erlang:nodes/0`.
 * @example
 * for (const node of Node.list()) console.log(node);
 */
const list = (): string[] => currentMember()?.list() ?? [];

/**
 * Waits for a connection to a node. Nodes connect by themselves when they hear of each other; this is for
 * code that needs one now, and for a node that was disconnected. Resolves with whether there is one.
 *
 * Source: `net_kernel:connect_node/1`.
 * @throws {ClusterError} when this runtime is no node.
 * @example
 * if (!(await Node.connect('db@10.0.0.6', { timeout: 2000 }))) console.log('not there');
 */
async function connect(node: string, options?: ConnectOptions): Promise<boolean> {
  const member = requireMember('Node.connect()');
  return node === member.self.name || member.connect(node, options?.timeout ?? 5000);
}

/**
 * Ends the connection to a node, until one of the two connects again with `connect`. Returns whether
 * there was one.
 *
 * Source: `erlang:disconnect_node/1`.
 * @throws {ClusterError} when this runtime is no node.
 * @example
 * Node.disconnect('db@10.0.0.6');
 */
const disconnect = (node: string): boolean => requireMember('Node.disconnect()').disconnect(node);

/**
 * Monitors a node: when the connection to it is over, the current process gets one
 * `{ type: 'nodedown', node, reason }`; at once if there is none.
 *
 * Source: `erlang:monitor_node/2`.
 * @throws {NoProcessError} outside any process; {ClusterError} when this runtime is no node.
 * @example
 * Node.monitor('db@10.0.0.6');
 * const down = await receive((m): m is NodeMessage => (m as NodeMessage).type === 'nodedown');
 */
function monitorNode(node: string): void {
  const pid = self();
  const member = requireMember('Node.monitor()');
  member.monitors.watch(node, pid);
  if (!member.isConnected(node)) {
    member.monitors.tellOne(pid, { type: 'nodedown', node, reason: 'noconnection' });
  }
}

/**
 * Takes one `monitor` of a node back. Returns whether there was one.
 * @throws {NoProcessError} outside any process; {ClusterError} when this runtime is no node.
 * @example
 * Node.demonitor('db@10.0.0.6');
 */
const demonitorNode = (node: string): boolean =>
  requireMember('Node.demonitor()').monitors.unwatch(node, self());

/**
 * Turns on, or off, that the current process gets `{ type: 'nodeup', node }` and
 * `{ type: 'nodedown', node, reason }` for every node.
 *
 * Source: `net_kernel:monitor_nodes/1`.
 * @throws {NoProcessError} outside any process; {ClusterError} when this runtime is no node.
 * @example
 * Node.monitorNodes(true);
 */
function monitorNodes(on: boolean): void {
  if (typeof on !== 'boolean') throw new BadArgumentError('on', on, 'a boolean');
  requireMember('Node.monitorNodes()').monitors.watchAll(self(), on);
}

/**
 * Starts a process on a node, another one as a rule: a function that this has in its `modules`, with these
 * arguments. Resolves when the process is there.
 *
 * Source: `erlang:spawn/4`.
 * @throws {SpawnError} when there is no such module or no connection.
 * @throws {DataCloneError} for arguments that cannot be sent.
 * @example
 * const pid = await Node.spawn('db@10.0.0.6', 'collect', ['orders', 100]);
 */
async function spawnOn(node: string, module: string, args: readonly unknown[] = []): Promise<Pid> {
  const { spawns } = requireMember('Node.spawn()').distributor;
  return (await spawns.spawn(node, module, args, false)).pid;
}

/**
 * As {@link spawnOn}, linked with the current process before it begins.
 *
 * Source: `erlang:spawn_link/4`.
 * @throws {SpawnError} when there is no such module or no connection.
 * @example
 * const pid = await Node.spawnLink('db@10.0.0.6', 'collect', ['orders', 100]);
 */
async function spawnLinkOn(
  node: string,
  module: string,
  args: readonly unknown[] = [],
): Promise<Pid> {
  const caller = self();
  const { spawns } = requireMember('Node.spawnLink()').distributor;
  const { pid, go } = await spawns.spawn(node, module, args, true);
  if (!isAlive(caller)) {
    // As it ends with a caller that dies later.
    detached(() => exit(pid, 'noproc'));
    return nothingMore;
  }
  link(pid);
  go();
  return pid;
}

/**
 * As {@link spawnOn}, monitored by the current process before it begins.
 *
 * Source: `erlang:spawn_monitor/4`.
 * @throws {SpawnError} when there is no such module or no connection.
 * @example
 * const { pid, ref } = await Node.spawnMonitor('db@10.0.0.6', 'collect', ['orders', 100]);
 */
async function spawnMonitorOn(
  node: string,
  module: string,
  args: readonly unknown[] = [],
): Promise<{ readonly pid: Pid; readonly ref: MonitorRef }> {
  const caller = self();
  const { spawns } = requireMember('Node.spawnMonitor()').distributor;
  const { pid, go } = await spawns.spawn(node, module, args, true);
  if (!isAlive(caller)) {
    go();
    return nothingMore;
  }
  const ref = monitor(pid);
  go();
  return { pid, ref };
}

/**
 * Waits until a node takes more signals: at once, unless more than half of what may wait for it waits.
 * For a process that sends much; `send` itself never waits.
 *
 * Source: Erlang suspends a sender at `dist_buf_busy_limit`.
 * @example
 * for (const row of rows) {
 *   await Node.ready('db@10.0.0.6');
 *   send({ name: 'sink', node: 'db@10.0.0.6' }, row);
 * }
 */
const ready = (node: string): Promise<void> => requireMember('Node.ready()').ready(node);

/**
 * What a connection has carried, and what waits in it; undefined when there is none.
 * @example
 * Node.figures('db@10.0.0.6')?.unacknowledgedBytes;
 */
const figures = (node: string): AssociationFigures | undefined => currentMember()?.figures(node);

/** This node and the others. */
export const Node: {
  readonly self: typeof selfName;
  readonly list: typeof list;
  readonly connect: typeof connect;
  readonly disconnect: typeof disconnect;
  readonly monitor: typeof monitorNode;
  readonly demonitor: typeof demonitorNode;
  readonly monitorNodes: typeof monitorNodes;
  readonly spawn: typeof spawnOn;
  readonly spawnLink: typeof spawnLinkOn;
  readonly spawnMonitor: typeof spawnMonitorOn;
  readonly ready: typeof ready;
  readonly figures: typeof figures;
} = Object.freeze({
  self: selfName,
  list,
  connect,
  disconnect,
  monitor: monitorNode,
  demonitor: demonitorNode,
  monitorNodes,
  spawn: spawnOn,
  spawnLink: spawnLinkOn,
  spawnMonitor: spawnMonitorOn,
  ready,
  figures,
});

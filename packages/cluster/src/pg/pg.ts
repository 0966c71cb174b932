/**
 * Process groups over all nodes of the cluster: any number of processes under a name, such as the workers
 * of a kind. What `Pg` of `@linnet/otp` is on one node, with the same functions.
 *
 * Each node keeps a copy of all groups: to look one up is a look into a table. A node that joins gets the
 * groups of the others; the members of one that goes are gone with it.
 */
import {
  BadArgumentError,
  CallError,
  type ChildSpec,
  type ChildSpecOverrides,
  Pid,
  Pg as LocalPg,
  self,
  splitOverrides,
  whereis,
} from '@linnet/otp';
import { nodeOf } from '../codec/address-table.ts';
import { rendezvous } from '../shared/rendezvous.ts';
import type { PgMonitor } from './group-monitors.ts';
import { type Scope, scopeIn, ScopeServer } from './pg-server.ts';

/** Options of the functions of `Pg`. */
export interface PgOptions {
  /** The name of the scope, the same on all nodes. Default `'pg'`. */
  readonly scope?: string;
}

const nameOf = (options: PgOptions | undefined): string => `Linnet.Pg.${options?.scope ?? 'pg'}`;

function scopeOf(options: PgOptions | undefined, operation: string): Scope {
  const name = nameOf(options);
  const pid = whereis(name);
  const scope = pid === undefined ? undefined : scopeIn(pid);
  if (scope !== undefined) return scope;
  throw new CallError('noproc', { module: 'Pg', function: operation }, [name]);
}

/**
 * Starts a scope, linked to the current process. It has to run on each node that takes part.
 *
 * Source: `pg:start_link/1`.
 * @throws {StartError} with a `ClusterError` when this runtime is no node.
 * @example
 * await Pg.startLink({ scope: 'chat' });
 */
async function startLink(options?: PgOptions): Promise<Pid> {
  const name = nameOf(options);
  return (await ScopeServer.startLink(name, { name })).pid;
}

/**
 * A scope as a child of a supervisor. Put it behind `Cluster`.
 * @example
 * const cluster = Cluster.childSpec({ name: 'api@127.0.0.1', cookie: 'secret' });
 * await Supervisor.startLink([cluster, Pg.childSpec()], { strategy: 'rest_for_one' });
 */
function childSpec(given: PgOptions & ChildSpecOverrides = {}): ChildSpec<Pid> {
  const [overrides, options] = splitOverrides(given);
  return { id: nameOf(options), start: () => startLink(options), ...overrides };
}

/** Names that are the same on all nodes: objects are compared by identity, which does not travel. */
const isGroupName = (name: unknown): boolean =>
  Array.isArray(name)
    ? name.every(isGroupName)
    : name === null || Pid.isPid(name) || sameEverywhere.has(typeof name);

const sameEverywhere: ReadonlySet<string> = new Set(['string', 'number', 'bigint', 'boolean']);

/**
 * Adds processes of this node to a group. Groups are named by texts, numbers, pids and the like, and by
 * arrays of these, which are compared by their elements.
 *
 * Source: `pg:join/3`.
 * @throws {CallError} when the scope is not running.
 * @throws {BadArgumentError} for a process of another node, and for another name.
 * @example
 * Pg.join(['room', 1], self());
 */
function join(group: unknown, pids: Pid | readonly Pid[], options?: PgOptions): void {
  if (!isGroupName(group)) {
    const names = 'a text, a number, a boolean, null, a pid, or an array of these';
    throw new BadArgumentError('group', group, names);
  }
  LocalPg.join(group, pids, { scope: scopeOf(options, 'join').local });
}

/**
 * Takes processes of this node out of a group, once each. Returns whether any of them was in it.
 *
 * Source: `pg:leave/3`.
 * @throws {CallError} when the scope is not running.
 * @example
 * Pg.leave(['room', 1], self());
 */
const leave = (group: unknown, pids: Pid | readonly Pid[], options?: PgOptions): boolean =>
  LocalPg.leave(group, pids, { scope: scopeOf(options, 'leave').local });

/**
 * The members of a group on all nodes, those of this one first.
 *
 * Source: `pg:get_members/2`.
 * @throws {CallError} when the scope is not running.
 * @example
 * for (const pid of Pg.members(['room', 1])) send(pid, { type: 'said', text });
 */
const members = (group: unknown, options?: PgOptions): Pid[] =>
  scopeOf(options, 'members').groups.members(group);

/**
 * The members of a group on this node.
 *
 * Source: `pg:get_local_members/2`.
 * @throws {CallError} when the scope is not running.
 * @example
 * Pg.localMembers(['room', 1]).length;
 */
const localMembers = (group: unknown, options?: PgOptions): Pid[] =>
  LocalPg.members(group, { scope: scopeOf(options, 'localMembers').local });

/**
 * The member of a group that a key belongs to: on all nodes that know the same members the same one.
 * @throws {CallError} when the scope is not running.
 * @example
 * const pid = Pg.memberFor('workers', 'order-17');
 */
function memberFor(group: unknown, key: string, options?: PgOptions): Pid | undefined {
  const byText = new Map(members(group, options).map((pid) => [`${nodeOf(pid)} ${pid.id}`, pid]));
  const chosen = rendezvous(key, [...byText.keys()]);
  return chosen === undefined ? undefined : byText.get(chosen);
}

/**
 * The groups that have members on any node.
 *
 * Source: `pg:which_groups/1`.
 * @throws {CallError} when the scope is not running.
 * @example
 * Pg.groups(); // [['room', 1], ['room', 2]]
 */
const groups = (options?: PgOptions): unknown[] => scopeOf(options, 'groups').groups.groups();

/**
 * Monitors a group: gives its members, and from then on the current process gets a {@link PgMessage} for
 * each join and leave, on any node. One that has joined here just now may come as such a message.
 *
 * Source: `pg:monitor/2`.
 * @throws {NoProcessError} outside any process; {CallError} when the scope is not running.
 * @example
 * const { ref, members } = Pg.monitor(['room', 1]);
 * const news = await receive((m): m is PgMessage => ref.isGroupMessage(m));
 * console.log(members.length, news.event, news.pids);
 */
function monitor(
  group: unknown,
  options?: PgOptions,
): { readonly ref: PgMonitor; readonly members: Pid[] } {
  const scope = scopeOf(options, 'monitor');
  const ref = scope.monitors.add(self(), { name: group });
  return { ref, members: scope.groups.toldMembers(group) };
}

/**
 * Ends a monitor. Messages of it that have arrived stay in the mailbox. Returns whether it was on.
 *
 * Source: `pg:demonitor/2`.
 * @throws {CallError} when the scope is not running.
 * @example
 * Pg.demonitor(Pg.monitor('workers').ref); // true
 */
const demonitor = (ref: PgMonitor, options?: PgOptions): boolean =>
  scopeOf(options, 'demonitor').monitors.delete(ref);

/** Process groups over all nodes. */
export const Pg: {
  readonly startLink: typeof startLink;
  readonly childSpec: typeof childSpec;
  readonly join: typeof join;
  readonly leave: typeof leave;
  readonly members: typeof members;
  readonly localMembers: typeof localMembers;
  readonly memberFor: typeof memberFor;
  readonly groups: typeof groups;
  readonly monitor: typeof monitor;
  readonly demonitor: typeof demonitor;
} = Object.freeze({
  startLink,
  childSpec,
  join,
  leave,
  members,
  localMembers,
  memberFor,
  groups,
  monitor,
  demonitor,
});

/**
 * Process groups: any number of processes under a name, such as the subscribers of a topic or the workers of
 * a kind. A process may be in many groups, and leaves them when it dies.
 *
 * Unlike a registry, a group has no values, any process may add any pid to it, and it is what several nodes
 * share once they are connected; on one node, all members are local.
 */
import { CallError } from '../process/messages/call-error.ts';
import { splitOverrides } from '../process/start/child-options.ts';
import type { ChildSpec, ChildSpecOverrides } from '../process/start/child-spec.ts';
import { refuseZombie, requireProcess, self } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import type { Name } from '../process/names/name.ts';
import { processByName } from '../process/names/names.ts';
import { onDeath } from '../process/links/on-death.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { GenServer } from '../gen-server/gen-server.ts';
import { noreply } from '../gen-server/results.ts';
import { GroupMonitor, Scope } from './scope.ts';

/** Options of the functions of {@link Pg}. */
export interface PgOptions {
  /** The name of the scope; `'pg'` by default. */
  readonly scope?: Name;
}

/** The scopes, by the processes that stand for them. */
const scopes = new WeakMap<Process, Scope>();

const ScopeServer = GenServer.define({
  name: 'Pg',
  init: () => {
    const scope = new Scope();
    scopes.set(requireProcess('Pg'), scope);
    onDeath(self(), () => scope.close());
    return scope;
  },
  handleInfo: (scope) => noreply(scope),
});

const nameOf = (options: PgOptions | undefined): Name => options?.scope ?? 'pg';

/** The scope of this name, which must be running. */
function scopeOf(options: PgOptions | undefined, operation: string): Scope {
  const name = nameOf(options);
  const process = processByName(name);
  const scope = process === undefined ? undefined : scopes.get(process);
  if (scope !== undefined) return scope;
  throw new CallError('noproc', { module: 'Pg', function: operation }, [name]);
}

/**
 * Starts a scope, linked to the current process: groups of different scopes know nothing of each other.
 *
 * Source: `pg:start_link/0,1`.
 * @throws {StartError} with reason `['already_started', pid]`.
 * @example
 * await Pg.startLink();
 * await Pg.startLink({ scope: 'chat' });
 */
async function startLink(options?: PgOptions): Promise<Pid> {
  return (await ScopeServer.startLink(undefined, { name: nameOf(options) })).pid;
}

/**
 * A scope as a child of a supervisor; its id is its name. Put it before those that use it.
 * @example
 * await Supervisor.startLink([Pg.childSpec(), Counter.childSpec(1)], { strategy: 'rest_for_one' });
 */
function childSpec(given: PgOptions & ChildSpecOverrides = {}): ChildSpec<Pid> {
  const [overrides, options] = splitOverrides(given);
  return { id: nameOf(options), start: () => startLink(options), ...overrides };
}

/**
 * Adds a process, or each of several, to a group; the group is there with its first member. One that
 * joins twice is in it twice, and has to leave twice. Groups are named by any value, arrays by their
 * elements.
 *
 * Source: `pg:join/2,3`.
 * @throws {CallError} when the scope is not running.
 * @throws {BadArgumentError} for a process that is not alive; then none has joined.
 * @example
 * Pg.join(['room', 1], self());
 */
function join(group: unknown, pids: Pid | readonly Pid[], options?: PgOptions): void {
  refuseZombie();
  scopeOf(options, 'join').join(group, listOf(pids));
}

/**
 * Takes a process, or each of several, out of a group, once. Returns whether any of them was in it.
 *
 * Source: `pg:leave/2,3`, whose `not_joined` is false here.
 * @throws {CallError} when the scope is not running.
 * @example
 * Pg.leave(['room', 1], self());
 */
function leave(group: unknown, pids: Pid | readonly Pid[], options?: PgOptions): boolean {
  refuseZombie();
  return scopeOf(options, 'leave').leave(group, listOf(pids)).length > 0;
}

/**
 * The members of a group, oldest first; empty for a group that is not there.
 *
 * Source: `pg:get_members/1,2`.
 * @throws {CallError} when the scope is not running.
 * @example
 * for (const pid of Pg.members(['room', 1])) send(pid, { type: 'said', text });
 */
function members(group: unknown, options?: PgOptions): Pid[] {
  return scopeOf(options, 'members').members(group);
}

/**
 * The members of a group on this node: all of them, as long as it is alone.
 *
 * Source: `pg:get_local_members/1,2`.
 * @throws {CallError} when the scope is not running.
 * @example
 * Pg.localMembers(['room', 1]).length;
 */
function localMembers(group: unknown, options?: PgOptions): Pid[] {
  return members(group, options);
}

/**
 * The groups that have members.
 *
 * Source: `pg:which_groups/0,1`.
 * @throws {CallError} when the scope is not running.
 * @example
 * Pg.groups(); // [['room', 1], ['room', 2]]
 */
function groups(options?: PgOptions): unknown[] {
  return scopeOf(options, 'groups').groups();
}

/**
 * Monitors a group: gives its members, and from then on the current process gets a {@link GroupMessage}
 * for each join and leave.
 *
 * Source: `pg:monitor/1,2`.
 * @throws {NoProcessError} outside any process; {CallError} when the scope is not running.
 * @example
 * const { ref, members } = Pg.monitor(['room', 1]);
 * const news = await receive((m): m is GroupMessage => ref.isGroupMessage(m));
 * console.log(members.length, news.event, news.pids);
 */
function monitor(
  group: unknown,
  options?: PgOptions,
): { readonly ref: GroupMonitor; readonly members: Pid[] } {
  const scope = scopeOf(options, 'monitor');
  return { ref: scope.monitor(group), members: scope.members(group) };
}

/**
 * Monitors all groups of a scope: gives them with their members, and from then on each join and leave.
 *
 * Source: `pg:monitor_scope/0,1`.
 * @throws {NoProcessError} outside any process; {CallError} when the scope is not running.
 * @example
 * const { ref, groups } = Pg.monitorScope();
 * for (const [group, pids] of groups) console.log(group, pids.length);
 * Pg.demonitor(ref);
 */
function monitorScope(options?: PgOptions): {
  readonly ref: GroupMonitor;
  readonly groups: ReadonlyArray<readonly [group: unknown, members: Pid[]]>;
} {
  const scope = scopeOf(options, 'monitorScope');
  const known = scope.groups().map((group) => [group, scope.members(group)] as const);
  return { ref: scope.monitorAll(), groups: known };
}

/**
 * Ends a monitor; messages of it that have arrived are taken out of the mailbox. Returns whether it
 * was on.
 *
 * Source: `pg:demonitor/1,2`.
 * @throws {BadArgumentError} for what is no monitor of a group.
 * @example
 * Pg.demonitor(Pg.monitor('workers').ref); // true
 */
function demonitor(ref: GroupMonitor): boolean {
  if (!(ref instanceof GroupMonitor)) {
    throw new BadArgumentError('ref', ref, 'a monitor of a group');
  }
  const process = requireProcess('Pg.demonitor()');
  const active = ref.end();
  const isMessage = (message: unknown): boolean => ref.isGroupMessage(message);
  while (process.takeMatching(isMessage) !== undefined);
  return active;
}

const listOf = (pids: Pid | readonly Pid[]): readonly Pid[] =>
  Array.isArray(pids) ? (pids as readonly Pid[]) : [pids as Pid];

/** Process groups. */
export const Pg: {
  readonly startLink: typeof startLink;
  readonly childSpec: typeof childSpec;
  readonly join: typeof join;
  readonly leave: typeof leave;
  readonly members: typeof members;
  readonly localMembers: typeof localMembers;
  readonly groups: typeof groups;
  readonly monitor: typeof monitor;
  readonly monitorScope: typeof monitorScope;
  readonly demonitor: typeof demonitor;
} = Object.freeze({
  startLink,
  childSpec,
  join,
  leave,
  members,
  localMembers,
  groups,
  monitor,
  monitorScope,
  demonitor,
});

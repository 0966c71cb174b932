/** The client side of all supervisors: requests by reference, and handles. */
import { request } from '../process/messages/call.ts';
import { pidOfHandle } from '../process/messages/pid-of-handle.ts';
import type { ChildId, ChildSpec, RestartBackoff, Startable } from '../process/start/child-spec.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import { whereis, type ServerRef } from '../process/names/server-ref.ts';
import { keyOf } from '../process/values/term-key.ts';
import { stopServer } from '../gen-server/server-handle.ts';
import { expandChild } from './check-spec.ts';
import type { FullChildSpec } from './child-record.ts';
import { SupervisorError } from './errors.ts';
import type { Answer } from './supervisor-base.ts';
import type {
  CheckedChild,
  Child,
  ChildCounts,
  ChildInfo,
  ChildTemplate,
  StartableOf,
  StartedChild,
} from './types.ts';

/** What users call it, where a supervisor has another name for what it is asked. */
const publicNames: Readonly<Record<string, string>> = { startDynamicChild: 'startChild' };

/** Asks a supervisor; waits without limit, as OTP does. */
export async function ask<T>(
  module: string,
  supervisor: ServerRef,
  operation: string,
  ...args: readonly unknown[]
): Promise<T> {
  const site = { module, function: publicNames[operation] ?? operation };
  const answer = await request<Answer>(site, supervisor, [operation, ...args], 'infinity');
  if (answer.type === 'refused') {
    throw new SupervisorError(`${module}.${site.function}`, answer.reason);
  }
  return answer.value as T;
}

/** The child specification of a full one, as users write it. */
export type GivenChildSpec = Given<ChildSpec<Startable>>;

/** All but the back-off, which has no default. */
type Given<Spec extends { readonly backoff?: RestartBackoff }> = Required<Omit<Spec, 'backoff'>> &
  Pick<Spec, 'backoff'>;

const askSupervisor = <T>(ref: ServerRef, operation: string, ...args: unknown[]): Promise<T> =>
  ask('Supervisor', ref, operation, ...args);

/** Asks about one child; what cannot be an id is refused without asking the supervisor. */
async function askAbout<T>(ref: ServerRef, operation: string, id: unknown): Promise<T> {
  keyOf(id);
  return askSupervisor(ref, operation, id);
}

/**
 * Adds a child at the end of the start order and starts it. Under `simple_one_for_one`, takes
 * the arguments of the template's start function instead of a child.
 *
 * Resolves with its pid, `{ pid, info }` if it was started with extra information, undefined if
 * it chose not to start.
 *
 * Source: `supervisor:start_child/2`.
 * @throws {SupervisorError} with `reason` `['already_started', pid]`, `'already_present'`, a fault
 *   of the specification, or `[reason, child]` when its start failed.
 * @example
 * const pid = await Supervisor.startChild('shop', Counter.childSpec(1, { id: 'second' }));
 */
export async function startChild<const C extends Child>(
  supervisor: ServerRef,
  child: C & CheckedChild<C>,
): Promise<StartedChild<StartableOf<C>>>;
export async function startChild(
  supervisor: ServerRef,
  args: readonly unknown[],
): Promise<StartedChild<Startable>>;
export async function startChild(supervisor: ServerRef, child: unknown): Promise<unknown> {
  // Only the supervisor knows whether it takes a child or arguments: it is sent both.
  const spec = mayBeChild(child) ? expandChild(child) : child;
  return askSupervisor(supervisor, 'startChild', spec, child);
}

/** `[Module, arg]`, a module, or a specification; any other array can only be arguments. */
function mayBeChild(child: unknown): boolean {
  if (!Array.isArray(child)) return true;
  const [module] = child as [unknown];
  return (
    child.length === 2 &&
    ((typeof module === 'object' && module !== null) || typeof module === 'function') &&
    typeof (module as { childSpec?: unknown }).childSpec === 'function'
  );
}

/**
 * Stops a child as its specification says, and keeps the specification unless it is temporary.
 * It is not restarted. Under `simple_one_for_one`, `id` is its pid.
 *
 * Source: `supervisor:terminate_child/2`.
 * @throws {SupervisorError} `'not_found'`, `'simple_one_for_one'`.
 * @example
 * await Supervisor.terminateChild('shop', 'counter');
 */
export function terminateChild(supervisor: ServerRef, id: ChildId | Pid): Promise<void> {
  return askAbout(supervisor, 'terminateChild', id);
}

/**
 * Starts a stopped child again, in its place.
 *
 * Source: `supervisor:restart_child/2`.
 * @throws {SupervisorError} `'not_found'`, `'running'`, `'restarting'`, `'simple_one_for_one'`, or
 *   what the start function gave as its reason.
 * @example
 * await Supervisor.terminateChild('shop', 'counter');
 * await Supervisor.restartChild('shop', 'counter');
 */
export function restartChild(supervisor: ServerRef, id: ChildId): Promise<StartedChild<Startable>> {
  return askAbout(supervisor, 'restartChild', id);
}

/**
 * Forgets a stopped child.
 *
 * Source: `supervisor:delete_child/2`.
 * @throws {SupervisorError} `'not_found'`, `'running'`, `'restarting'`, `'simple_one_for_one'`.
 * @example
 * await Supervisor.terminateChild('shop', 'counter');
 * await Supervisor.deleteChild('shop', 'counter');
 */
export function deleteChild(supervisor: ServerRef, id: ChildId): Promise<void> {
  return askAbout(supervisor, 'deleteChild', id);
}

/**
 * All children, the newest first.
 *
 * Source: `supervisor:which_children/1`.
 * @example
 * for (const { id, pid } of await Supervisor.whichChildren('shop')) console.log(id, String(pid));
 */
export function whichChildren(supervisor: ServerRef): Promise<ChildInfo[]> {
  return askSupervisor(supervisor, 'whichChildren');
}

/**
 * One child, by id; under `simple_one_for_one` by pid. Source: `supervisor:which_child/2`.
 * @throws {SupervisorError} `'not_found'`, `'simple_one_for_one'`.
 * @example
 * const { pid } = await Supervisor.whichChild('shop', 'counter');
 */
export function whichChild(supervisor: ServerRef, id: ChildId | Pid): Promise<ChildInfo> {
  return askAbout(supervisor, 'whichChild', id);
}

/**
 * How many children there are.
 *
 * Source: `supervisor:count_children/1`.
 * @example
 * const { active, specs } = await Supervisor.countChildren('shop');
 */
export function countChildren(supervisor: ServerRef): Promise<ChildCounts> {
  return askSupervisor(supervisor, 'countChildren');
}

/**
 * The specification of a child with all defaults filled in; under `simple_one_for_one` by pid.
 *
 * Source: `supervisor:get_childspec/2`.
 * @throws {SupervisorError} `'not_found'`, `'simple_one_for_one'`.
 * @example
 * const { restart } = await Supervisor.getChildSpec('shop', 'counter'); // 'permanent'
 */
export function getChildSpec(supervisor: ServerRef, id: ChildId | Pid): Promise<GivenChildSpec> {
  return askAbout<FullChildSpec>(supervisor, 'getChildSpec', id) as Promise<GivenChildSpec>;
}

/** What can be done to a running supervisor of any kind. */
export interface AnySupervisorHandle extends AsyncDisposable {
  /** The process. For a handle made by name: the process that has the name now. */
  readonly pid: Pid;
  /** All children, the newest first. */
  whichChildren(): Promise<ChildInfo[]>;
  /** How many children there are. */
  countChildren(): Promise<ChildCounts>;
  /** Stops it, its children first; resolves when all are dead. */
  stop(reason?: ExitReason, timeout?: number | 'infinity'): Promise<void>;
}

/** A running supervisor with children by id. Each function is also `Supervisor.…(ref, …)`. */
export interface SupervisorHandle extends AnySupervisorHandle {
  /** Adds a child at the end of the start order and starts it; see `Supervisor.startChild`. */
  startChild<const C extends Child>(
    child: C & CheckedChild<C>,
  ): Promise<StartedChild<StartableOf<C>>>;
  /** Stops a child and keeps its specification, unless it is temporary. */
  terminateChild(id: ChildId): Promise<void>;
  /** Starts a stopped child again, in its place. */
  restartChild(id: ChildId): Promise<StartedChild<Startable>>;
  /** Forgets a stopped child. */
  deleteChild(id: ChildId): Promise<void>;
  /** One child. */
  whichChild(id: ChildId): Promise<ChildInfo>;
  /** The specification of a child with all defaults filled in. */
  getChildSpec(id: ChildId): Promise<GivenChildSpec>;
}

/** A running simple_one_for_one supervisor: children by pid, started with arguments. */
export interface SimpleSupervisorHandle<
  Args extends readonly unknown[],
  S extends Startable,
> extends AnySupervisorHandle {
  /** Starts a child by calling the start function of the template with these arguments. */
  startChild(args: Args): Promise<StartedChild<S>>;
  /** Stops a child; it is forgotten. */
  terminateChild(pid: Pid): Promise<void>;
  /** One child. */
  whichChild(pid: Pid): Promise<ChildInfo>;
  /** The template, with all defaults filled in. */
  getChildSpec(pid: Pid): Promise<Given<ChildTemplate<Args, S>>>;
}

/** What the handles of all kinds of supervisors do. */
export class SupervisorHandleBase implements AnySupervisorHandle {
  protected readonly ref: ServerRef;

  constructor(ref: ServerRef) {
    this.ref = ref;
  }

  get pid(): Pid {
    return pidOfHandle(this.ref, { module: 'Supervisor', function: 'pid' });
  }

  whichChildren(): Promise<ChildInfo[]> {
    return whichChildren(this.ref);
  }

  countChildren(): Promise<ChildCounts> {
    return countChildren(this.ref);
  }

  stop(reason?: ExitReason, timeout?: number | 'infinity'): Promise<void> {
    return stopServer(this.ref, reason, timeout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (whereis(this.ref) !== undefined) await this.stop();
  }
}

/** Serves both {@link SupervisorHandle} and {@link SimpleSupervisorHandle}. */
export class StaticHandle extends SupervisorHandleBase {
  startChild(child: unknown): Promise<never> {
    return startChild(this.ref, child as readonly unknown[]) as Promise<never>;
  }

  terminateChild(id: ChildId | Pid): Promise<void> {
    return terminateChild(this.ref, id);
  }

  restartChild(id: ChildId): Promise<StartedChild<Startable>> {
    return restartChild(this.ref, id);
  }

  deleteChild(id: ChildId): Promise<void> {
    return deleteChild(this.ref, id);
  }

  whichChild(id: ChildId | Pid): Promise<ChildInfo> {
    return whichChild(this.ref, id);
  }

  getChildSpec(id: ChildId | Pid): Promise<never> {
    return getChildSpec(this.ref, id) as Promise<never>;
  }
}

/**
 * Agents: a state in a process, read and changed by functions.
 *
 * Use one where several processes share a value and a GenServer would only get and set it. The
 * functions run in the agent, one at a time, so a slow one holds up all others; an async one holds
 * the agent until it is done. One that throws ends the agent.
 */
import type { ChildSpec, ChildSpecOverrides } from '../process/start/child-spec.ts';
import { callerContext, carry, type ContextOptions } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { ServerRef } from '../process/names/server-ref.ts';
import { GenServer, type GenServerOptions } from '../gen-server/gen-server.ts';
import type { CallOptions } from '../gen-server/server-handle.ts';
import { AgentServer } from './agent-server.ts';

type Async<T> = T | PromiseLike<T>;

/** Options of the functions that run in an agent. */
export interface AgentCallOptions extends CallOptions, ContextOptions {}

/** The function as the agent is to run it. */
function inContext<Args extends unknown[], R>(
  fn: (...args: Args) => R,
  options: ContextOptions | undefined,
): (...args: Args) => R {
  const context = callerContext(options, 'none');
  return context === undefined ? fn : carry(fn, context);
}

/**
 * Starts an agent, linked to the current process (from plain code: a root). `fn` gives its first
 * state and runs in the agent; the start waits for it.
 *
 * Source: `Agent.start_link/2`.
 * @throws {StartError} with what `fn` threw as its `reason`, or `['already_started', pid]`.
 * @example
 * const counter = await Agent.startLink(() => 0, { name: 'counter' });
 */
async function startLink<S>(
  fn: () => Async<S>,
  options?: GenServerOptions,
): Promise<AgentHandle<S>> {
  checkFunction(fn);
  return new AgentHandle((await AgentServer.startLink(fn, options)).pid);
}

/**
 * The same without a link.
 *
 * Source: `Agent.start/2`.
 * @example
 * const cache = await Agent.start(() => new Map<string, Price>());
 */
async function start<S>(fn: () => Async<S>, options?: GenServerOptions): Promise<AgentHandle<S>> {
  checkFunction(fn);
  return new AgentHandle((await AgentServer.start(fn, options)).pid);
}

/**
 * An agent as a child of a supervisor; its id is its name, or `'Agent'`.
 *
 * Source: `Agent.child_spec/1`.
 * @example
 * await Supervisor.startLink([Agent.childSpec(() => 0, { name: 'counter' })], {
 *   strategy: 'one_for_one',
 * });
 */
function childSpec<S>(
  fn: () => Async<S>,
  options?: GenServerOptions & ChildSpecOverrides,
): ChildSpec<AgentHandle<S>> {
  checkFunction(fn);
  const spec = AgentServer.childSpec(fn, options);
  return { ...spec, start: async () => new AgentHandle<S>((await spec.start()).pid) };
}

/**
 * What a function makes of the state, which stays as it is.
 *
 * Source: `Agent.get/3`.
 * @throws {CallError} when the agent is not alive, does not answer in time (5000 ms), or ends
 *   because the function throws; then `why` is what was thrown.
 * @example
 * const total = await Agent.get('cart', (cart: Cart) => cart.total);
 */
function get<S, T>(
  agent: ServerRef,
  fn: (state: S) => Async<T>,
  options?: AgentCallOptions,
): Promise<T> {
  checkFunction(fn);
  return GenServer.call(agent, ['get', inContext(fn, options)], options);
}

/**
 * Replaces the state by what a function makes of it.
 *
 * Source: `Agent.update/3`.
 * @throws {CallError} as {@link get} does.
 * @example
 * await Agent.update('counter', (n: number) => n + 1);
 */
function update<S>(
  agent: ServerRef,
  fn: (state: S) => Async<S>,
  options?: AgentCallOptions,
): Promise<void> {
  checkFunction(fn);
  return GenServer.call(agent, ['update', inContext(fn, options)], options);
}

/**
 * Reads and replaces the state in one go: the function gives the answer and the new state.
 *
 * Source: `Agent.get_and_update/3`.
 * @throws {CallError} as {@link get} does; with `why` `['bad_return_value', value]`, and the agent
 *   ends, when the function does not give a pair.
 * @example
 * const id = await Agent.getAndUpdate('ids', (next: number) => [next, next + 1]);
 */
function getAndUpdate<S, T>(
  agent: ServerRef,
  fn: (state: S) => Async<readonly [answer: T, state: S]>,
  options?: AgentCallOptions,
): Promise<T> {
  checkFunction(fn);
  return GenServer.call(agent, ['getAndUpdate', inContext(fn, options)], options);
}

/**
 * Replaces the state without waiting for it; never fails, whether or not the agent is alive.
 *
 * Source: `Agent.cast/2`.
 * @example
 * Agent.cast('counter', (n: number) => n + 1);
 */
function cast<S>(agent: ServerRef, fn: (state: S) => Async<S>): void {
  checkFunction(fn);
  GenServer.cast(agent, ['cast', fn]);
}

/** A running agent. Each of its functions is also `Agent.…(agent, …)`, where it is described. */
export class AgentHandle<S> implements AsyncDisposable {
  readonly pid: Pid;

  constructor(pid: Pid) {
    this.pid = pid;
  }

  /**
   * What a function makes of the state, which stays as it is.
   * @throws {CallError} as `Agent.get` does.
   */
  get<T>(fn: (state: S) => Async<T>, options?: AgentCallOptions): Promise<T> {
    return get(this.pid, fn, options);
  }

  /**
   * Replaces the state by what a function makes of it.
   * @throws {CallError} as `Agent.get` does.
   */
  update(fn: (state: S) => Async<S>, options?: AgentCallOptions): Promise<void> {
    return update(this.pid, fn, options);
  }

  /**
   * Reads and replaces the state in one go: the function gives the answer and the new state.
   * @throws {CallError} as `Agent.getAndUpdate` does.
   */
  getAndUpdate<T>(
    fn: (state: S) => Async<readonly [answer: T, state: S]>,
    options?: AgentCallOptions,
  ): Promise<T> {
    return getAndUpdate(this.pid, fn, options);
  }

  /** Replaces the state without waiting for it; never fails. */
  cast(fn: (state: S) => Async<S>): void {
    cast(this.pid, fn);
  }

  /**
   * Stops the agent and waits for its end.
   * @throws {CallError} when it is not alive, ends with another reason, or not in time.
   */
  stop(reason?: ExitReason, timeout?: number | 'infinity'): Promise<void> {
    return GenServer.stop(this.pid, reason, timeout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (GenServer.whereis(this.pid) !== undefined) await this.stop();
  }
}

/**
 * A typed handle of an agent that was started elsewhere.
 * @example
 * const counter = Agent.at<number>({ pid: worker });
 * await counter.get((n) => n);
 */
function at<S>(agent: { readonly pid: Pid }): AgentHandle<S> {
  return new AgentHandle(agent.pid);
}

function checkFunction(fn: unknown): void {
  if (typeof fn !== 'function') throw new BadArgumentError('fn', fn, 'a function');
}

/** Agents, and what can be done with any of them by pid or name. */
export const Agent: {
  readonly startLink: typeof startLink;
  readonly start: typeof start;
  readonly childSpec: typeof childSpec;
  readonly at: typeof at;
  readonly get: typeof get;
  readonly update: typeof update;
  readonly getAndUpdate: typeof getAndUpdate;
  readonly cast: typeof cast;
  readonly stop: typeof GenServer.stop;
} = Object.freeze({
  startLink,
  start,
  childSpec,
  at,
  get,
  update,
  getAndUpdate,
  cast,
  stop: GenServer.stop,
});

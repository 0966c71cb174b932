/**
 * Which process is running: `self()`.
 *
 * A plain variable answers for synchronous code. For what a callback awaits, each process has
 * one async resource in which all its code runs; entering that costs a twelfth of
 * `AsyncLocalStorage.run`. The resource is made in the async context of this module's load, so a
 * process does not inherit the request context of the code that happened to spawn it; that of a task is made
 * in the context of its caller, on whose behalf it runs.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { BadArgumentError, NoProcessError } from './errors.ts';
import { ExitError } from './exit-reason.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';

const storage = new AsyncLocalStorage<Process>();
const cleanContext = new AsyncResource('LinnetRuntime');

let running: Process | undefined;

/**
 * Whether leaving an async resource undoes an `enterWith` that was done inside it. It does where Node
 * keeps contexts in frames, from version 24 on; on version 22 the store stays with the resource.
 */
const leavingUndoes = cleanContext.runInAsyncScope(() => {
  const probe = new AsyncLocalStorage<boolean>();
  const resource = new AsyncResource('LinnetProbe');
  resource.runInAsyncScope(() => probe.enterWith(true));
  const undone = resource.runInAsyncScope(() => probe.getStore() === undefined);
  probe.disable();
  return undone;
});

/** The async resource in which a process runs its code. */
export function newScope(process: Process): AsyncResource {
  return cleanContext.runInAsyncScope(() => {
    // `run` costs a copy of the context more, to put the former one back.
    if (!leavingUndoes) return storage.run(process, newResource);
    storage.enterWith(process);
    return newResource();
  });
}

/** The async context of the running code, to be carried to where a process is made. */
export type CallerContext = AsyncResource;

/** Options of what runs code of others. */
export interface ContextOptions {
  /**
   * Whether the code of the process sees the stores of `AsyncLocalStorage` (request ids, traces) that
   * its caller sees: `'inherit'`, or `'none'`. Tasks inherit by default; `spawn`, servers and machines do
   * not, since they serve other callers than the one that has started them.
   */
  readonly context?: 'inherit' | 'none';
}

/** The context that a process is to run in, if it is the caller's. */
export function callerContext(
  options: ContextOptions | undefined,
  otherwise: 'inherit' | 'none',
): CallerContext | undefined {
  const context = options?.context === undefined ? otherwise : options.context;
  if (context !== 'inherit' && context !== 'none') {
    throw new BadArgumentError(
      'context',
      context,
      "'inherit' or 'none' ('caller' is an option of GenServer.define)",
    );
  }
  return context === 'inherit' ? currentContext() : undefined;
}

/** The context of the code that runs. */
export const currentContext = (): CallerContext => new AsyncResource('LinnetCaller');

/** As {@link newScope}, in the context of a caller. */
export const newScopeWithin = (process: Process, context: CallerContext): AsyncResource =>
  context.runInAsyncScope(() => storage.run(process, newResource));

/** A function that runs in another async context than its caller's, as the process that calls it. */
export function carry<Args extends unknown[], R>(
  fn: (...args: Args) => R,
  context: CallerContext,
): (...args: Args) => R {
  return (...args) => {
    const process = currentProcess();
    const run = (): R => (process === undefined ? fn(...args) : storage.run(process, fn, ...args));
    return context.runInAsyncScope(run);
  };
}

const newResource = (): AsyncResource => new AsyncResource('LinnetProcess');

/** Runs `work` as the process, in its scope. */
export function runAs(process: Process, scope: AsyncResource, work: () => void): void {
  const outer = running;
  running = process;
  try {
    scope.runInAsyncScope(work, process);
  } finally {
    running = outer;
  }
}

/**
 * Runs `work` as plain code, outside any process and its async context.
 *
 * For code that acts for another process than the current one, such as a pool that opens a
 * connection while a request of a dying process is cleaned up: what a dead process sends is
 * ignored, and what it starts is refused.
 * @example
 * detached(() => send('pool', 'slot_free'));
 */
export function detached<T>(work: () => T): T {
  const outer = running;
  running = undefined;
  try {
    return cleanContext.runInAsyncScope(work);
  } finally {
    running = outer;
  }
}

/** Whether this very code, and not something that it has begun, is the process's. */
export function isRunning(process: Process): boolean {
  return running === process;
}

/** The process whose code is running, dead or alive; undefined outside any process. */
export function currentProcess(): Process | undefined {
  return running ?? storage.getStore();
}

/**
 * The live process whose code is running.
 * @throws {NoProcessError} outside any process.
 * @throws {ExitError} in code that goes on after the death of its process: nothing it does may
 *   have an effect, so it is unwound.
 */
export function requireProcess(operation: string): Process {
  const process = currentProcess();
  if (process === undefined) throw new NoProcessError(operation);
  if (process.dead) throw new ExitError(process.exitReason);
  return process;
}

/**
 * The pid of the current process, or undefined outside any process: for code that may be called
 * from either.
 * @example
 * console.log(currentPid()?.toString() ?? 'plain code');
 */
export function currentPid(): Pid | undefined {
  return currentProcess()?.pid;
}

/**
 * Unwinds code that goes on after the death of its process; plain code and live ones pass.
 * @throws {ExitError} with the reason of that death.
 */
export function refuseZombie(): void {
  const process = currentProcess();
  if (process?.dead === true) throw new ExitError(process.exitReason);
}

/**
 * The pid of the current process.
 *
 * Works in every callback of a process and in whatever it awaits.
 *
 * Source: `erlang:self/0`.
 * @throws {NoProcessError} outside any process.
 * @example
 * const pid = spawn(() => console.log(self())); // #PID<0.1.0>
 */
export function self(): Pid {
  const process = currentProcess();
  if (process === undefined) throw new NoProcessError('self()');
  return process.pid;
}

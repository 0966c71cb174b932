/**
 * Functions of the caller's that run later, such as those that make a body or trailers: they run as
 * if the caller had called them just then, so that `self()`, `send` and every AsyncLocalStorage work
 * in them, no matter which request freed the connection.
 */
import { AsyncResource } from 'node:async_hooks';
import { trailerFields, type Request } from '../request/index.ts';

/** Runs a function in the async context, and so as the process, of the code that made this. */
export type CallerContext = <A extends readonly unknown[], R>(
  run: (...args: A) => R,
  ...args: A
) => R;

/** The context of the caller. Like `AsyncLocalStorage.snapshot`, at a fraction of its cost. */
export function callerContext(): CallerContext {
  const resource = new AsyncResource('FINCH_REQUEST');
  return (run, ...args) => resource.runInAsyncScope(run, undefined, ...args);
}

/**
 * The fields after a request's body.
 *
 * @throws what the caller's function throws; InvalidRequestError.
 */
export function makeTrailers(
  { trailers = {} }: Request,
  inCaller: CallerContext | undefined,
): readonly string[] {
  if (typeof trailers !== 'function') return trailerFields(trailers);
  return trailerFields(inCaller === undefined ? trailers() : inCaller(trailers));
}

/** Whether a function of the caller's returned a promise, of any make. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

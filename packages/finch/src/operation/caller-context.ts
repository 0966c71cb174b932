/**
 * Functions of the caller's that run later: as if the caller had called them
 * just then, so that `self()`, `send` and every AsyncLocalStorage work in them.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** Runs a function in the async context, and so as the process, of whoever made this. */
export type CallerContext = <A extends readonly unknown[], R>(
  run: (...args: A) => R,
  ...args: A
) => R;

/** The context of the caller. */
export function callerContext(): CallerContext {
  return AsyncLocalStorage.snapshot();
}

/** Whether a function of the caller's returned a promise, of any make. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

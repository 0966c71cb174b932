/**
 * Sockets, and whatever watches them, live longer than the request that opens
 * them. Made inside that request's async context they would carry its stores
 * into every later request, and keep them alive.
 */
import { AsyncResource } from 'node:async_hooks';

const clean = new AsyncResource('LinnetMint');

/**
 * Runs a function in the async context in which this module was loaded, which
 * belongs to no request. (`AsyncLocalStorage.snapshot` does the same in five times
 * the time.)
 *
 * @example
 * const socket = inCleanContext(() => net.connect(443, 'api.example.com'));
 */
export function inCleanContext<T, A extends unknown[]>(run: (...args: A) => T, ...args: A): T {
  return clean.runInAsyncScope(run, undefined, ...args);
}

/**
 * Keeps an `error` event of a socket from ending the program before a wire listens
 * to it. Removed when a socket is handed over.
 */
export function ignoreSocketError(): void {}

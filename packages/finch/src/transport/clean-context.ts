/**
 * Sockets, and whatever watches them, live longer than the request that opens
 * them. Made inside that request's async context they would carry its stores
 * into every later request, and keep them alive.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Runs a function in the async context in which this module was loaded, which
 * is nobody's request.
 *
 * @example
 * const socket = inCleanContext(() => net.connect(443, 'api.example.com'));
 */
export const inCleanContext: <T, A extends unknown[]>(run: (...args: A) => T, ...args: A) => T =
  AsyncLocalStorage.snapshot();

/**
 * Keeps an `error` event of a socket from ending the program while nobody holds
 * the socket. Removed when a socket leaves the transport.
 */
export function ignoreSocketError(): void {}

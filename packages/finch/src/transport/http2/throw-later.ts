/**
 * Throws a bug in a handler whose exchange is over where nobody catches it:
 * node:http2 would take the session, and all its other requests, down with it.
 */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

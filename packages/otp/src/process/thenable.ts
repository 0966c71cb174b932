/** Promises, and what `await` takes for one. */

/** Whether `await` would wait for a value; false for one whose `then` cannot even be read. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return false; // a revoked proxy or a getter that throws
  }
}

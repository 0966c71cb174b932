/**
 * Promises, and what `await` takes for one.
 *
 * Messages, answers and states are values. A promise among them is a forgotten `await`. It could not
 * be delivered: code that awaits a message or an answer waits for the promise within it, for ever if
 * that never settles. So it is refused where it comes in.
 */
import { BadArgumentError } from '../errors.ts';

/** The type of a value; for a promise, a type that no value has. */
export type NotPromise<V> = V extends PromiseLike<unknown> ? 'a value, not a promise: await it' : V;

/** Whether `await` would wait for a value; false for one whose `then` cannot even be read. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return false; // a revoked proxy or a getter that throws
  }
}

/**
 * Whether a value is a promise that is refused for it. The refusal says what is wrong; should the
 * promise reject as well, that does not end the program as an unhandled rejection.
 */
export function isRefusedPromise(value: unknown): boolean {
  if (!isThenable(value)) return false;
  if (value instanceof Promise) value.catch(ignore);
  return true;
}

/**
 * Throws for a promise.
 * @throws {BadArgumentError} naming the argument.
 */
export function refusePromise(name: string, value: unknown): void {
  if (isRefusedPromise(value))
    throw new BadArgumentError(name, value, 'a value, not a promise: await it');
}

function ignore(): void {}

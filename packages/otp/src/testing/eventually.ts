/** Assertions about what becomes true. */
import { setTimeout } from 'node:timers';
import { formatReason } from '../process/exit-reason.ts';
import { turn } from './settle.ts';

/** Tries after which a retry waits for a millisecond: what is awaited then comes from outside. */
const eagerTries = 100;

/** Options of {@link eventually}. */
export interface EventuallyOptions {
  /** Real milliseconds after which it gives up, 5,000 by default. */
  readonly timeout?: number;
}

/** An assertion did not come true in time; `cause` is its last failure. */
export class EventuallyError extends Error {
  readonly code = 'ERR_EVENTUALLY';
  override readonly name = 'EventuallyError';

  constructor(timeout: number, tries: number, lastError: unknown) {
    super(`not within ${timeout} ms (${tries} tries): ${formatReason(lastError)}`, {
      cause: lastError,
    });
  }
}

/**
 * Repeats an assertion, once in each turn of the event loop, until it does not throw; resolves
 * with its result. For what depends on the outside world: sockets, files, other programs.
 *
 * Its deadline is on the real clock, also while a {@link TestClock} is installed.
 *
 * @throws {EventuallyError} with the last failure as `cause`.
 * @example
 * await eventually(() => expect(server.connections).toBe(0));
 */
export async function eventually<T>(
  assertion: () => T,
  options?: EventuallyOptions,
): Promise<Awaited<T>> {
  const timeout = options?.timeout ?? 5000;
  const deadline = performance.now() + timeout;
  for (let tries = 1; ; tries++) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > deadline) throw new EventuallyError(timeout, tries, error);
    }
    await (tries < eagerTries ? turn() : millisecond());
  }
}

function millisecond(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}

/** Assertions about what becomes true. */
import { setTimeout } from 'node:timers';
import { formatReason } from '../process/exit-reason.ts';
import { turn } from './settle.ts';

/** Tries after which a retry waits: what is awaited then comes from outside, and needs the processor. */
const eagerTries = 100;
/** How long it waits then, as a part of the time that has gone by, and in milliseconds. */
const pause = { share: 0.02, min: 1, max: 20 } as const;

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
 * Repeats an assertion until it does not throw, and resolves with its result: at first once in each
 * turn of the event loop, later every few milliseconds. For what depends on the outside world:
 * sockets, files, other programs.
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
  const begin = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() - begin > timeout) throw new EventuallyError(timeout, tries, error);
    }
    await (tries < eagerTries ? turn() : pauseAfter(performance.now() - begin));
  }
}

function pauseAfter(elapsed: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.min(Math.max(pause.min, elapsed * pause.share), pause.max));
  });
}

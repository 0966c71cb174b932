/** Assertions about what becomes true: sockets that close, files that are written. */
import { setTimeout as sleep } from 'node:timers/promises';

/** How long an assertion may take to come true, in ms: a limit on hanging, not on speed. */
const limit = 10_000;
/** Tries after which it waits: what is awaited then comes from another program, which needs the processor. */
const eagerTries = 100;

/**
 * Repeats an assertion until it does not throw, at first once in each turn of the event loop; then
 * resolves with its result. Rejects with the last failure.
 */
export async function eventually<T>(assertion: () => T): Promise<Awaited<T>> {
  const deadline = performance.now() + limit;
  for (let tries = 1; ; tries++) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await (tries < eagerTries ? turn() : sleep(5));
  }
}

/** The end of this turn of the event loop, or of so many turns. */
export async function turn(count = 1): Promise<void> {
  for (let done = 0; done < count; done++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

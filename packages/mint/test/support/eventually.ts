/** Assertions about what becomes true: sockets that close, files that are written. */

/** How long an assertion may take to come true, in ms: a limit on hanging, not on speed. */
const limit = 10_000;

/**
 * Repeats an assertion, once in each turn of the event loop, until it does not
 * throw; then resolves with its result. Rejects with the last failure.
 */
export async function eventually<T>(assertion: () => T): Promise<Awaited<T>> {
  const deadline = performance.now() + limit;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await turn();
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

/** A body without end, of which a test wants to know whether it was let go of. */
export class EndlessBody implements AsyncIterable<string> {
  /** How many pieces were asked for. */
  pulled = 0;
  /** Its reader has ended it. */
  released = false;

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    try {
      for (;;) {
        this.pulled += 1;
        yield 'x'.repeat(1000);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.released = true;
    }
  }
}

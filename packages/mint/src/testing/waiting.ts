/**
 * Waiting for what comes over a socket, without a clock.
 */

/** Those who wait for something to change. */
export class Waiting {
  private waiters: (() => void)[] = [];

  /** Fulfilled by the next `wake`. */
  next(): Promise<void> {
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Something has changed: all of them look again. */
  wake(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }
}

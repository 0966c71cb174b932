/**
 * What comes over one connection, as its script waits for it.
 */
import { Waiting } from './waiting.ts';

/** The connection over which it comes. */
export interface Arriving {
  /** Whether it is gone: nothing more comes. */
  readonly isClosed: boolean;
  /** What came so far, in short. */
  readonly summary: string;
}

export class Arrivals {
  private readonly connection: Arriving;
  private readonly waiting = new Waiting();

  constructor(connection: Arriving) {
    this.connection = connection;
  }

  /** Waits until a condition holds. Rejects when the connection is gone before. */
  async until(condition: () => boolean, what: string): Promise<void> {
    if (await this.comesTrue(condition)) return;
    const { summary } = this.connection;
    throw new Error(`The connection closed before ${what} came. What came: ${summary}`);
  }

  /** Waits until a condition holds; resolves with false when the connection is gone before. */
  async comesTrue(condition: () => boolean): Promise<boolean> {
    while (!condition()) {
      if (this.connection.isClosed) return false;
      await this.waiting.next();
    }
    return true;
  }

  /** Something came, or the connection is gone: all who wait look again. */
  wake(): void {
    this.waiting.wake();
  }
}

/** Connections of a kind, such as the idle ones: the one used last is taken first, so that the others age out. */
import type { PoolConnection } from './pool-connection.ts';

/** A LIFO of connections from which any can be taken out in O(1). */
export class ConnectionList<C extends PoolConnection<C>> {
  private top: C | undefined = undefined;
  private bottom: C | undefined = undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The connection used last. */
  get newest(): C | undefined {
    return this.top;
  }

  /** The connection used longest ago. */
  get oldest(): C | undefined {
    return this.bottom;
  }

  push(connection: C): void {
    connection.below = this.top;
    if (this.top === undefined) this.bottom = connection;
    else this.top.above = connection;
    this.top = connection;
    connection.list = this;
    this.count++;
  }

  /** Takes a connection out; no effect if it is not in this list. */
  remove(connection: C): void {
    if (connection.list !== this) return;
    const { above, below } = connection;
    if (above === undefined) this.top = below;
    else above.below = below;
    if (below === undefined) this.bottom = above;
    else below.above = above;
    connection.list = connection.above = connection.below = undefined;
    this.count--;
  }
}

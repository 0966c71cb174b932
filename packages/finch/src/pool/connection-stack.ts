/** Connections of a kind, such as the idle ones: the one used last is taken first, so that the others age out. */
import type { Connection } from '../connection/connection.ts';

/** A LIFO of connections from which any can be taken out in O(1). */
export class ConnectionStack {
  private top: Connection | undefined;
  private bottom: Connection | undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  push(connection: Connection): void {
    connection.below = this.top;
    if (this.top === undefined) this.bottom = connection;
    else this.top.above = connection;
    this.top = connection;
    connection.stack = this;
    this.count++;
  }

  /** The connection used last; it stays. */
  peek(): Connection | undefined {
    return this.top;
  }

  /** The connection used last. */
  pop(): Connection | undefined {
    const connection = this.top;
    if (connection !== undefined) this.remove(connection);
    return connection;
  }

  /** The connection that has been idle longest. */
  oldest(): Connection | undefined {
    return this.bottom;
  }

  /** The idle time has changed: all of them have the new one from now on; 0 ends them. */
  restartIdleTime(idleTime: number): void {
    let connection = this.bottom;
    while (connection !== undefined) {
      const next: Connection | undefined = connection.above;
      if (idleTime === 0) connection.close('idle_timeout');
      else connection.restartIdleTime();
      connection = next;
    }
  }

  /** Takes a connection out; no effect if it is not in this stack. */
  remove(connection: Connection): void {
    if (connection.stack !== this) return;
    if (connection.above === undefined) this.top = connection.below;
    else connection.above.below = connection.below;
    if (connection.below === undefined) this.bottom = connection.above;
    else connection.below.above = connection.above;
    connection.above = connection.below = undefined;
    connection.stack = undefined;
    this.count--;
  }
}

/**
 * Giving connections to those who wait. A waiter that has no use for its
 * connection after all gives it back inside of the call; ten thousand of those
 * in a row must not nest, so what comes back meanwhile is passed on afterwards.
 */
import type { Connection } from '../connection/connection.ts';
import type { Waiter } from './wait-queue.ts';

export class HandOver {
  /** A waiter is being given its connection. */
  underWay = false;
  private readonly pass: (connection: Connection) => void;
  private readonly returned: Connection[] = [];

  /** `pass` gives a connection to the next waiter, by `give`, or has no use for it. */
  constructor(pass: (connection: Connection) => void) {
    this.pass = pass;
  }

  give(waiter: Waiter, connection: Connection): void {
    if (this.underWay) {
      waiter.connected(connection);
      return;
    }
    this.underWay = true;
    try {
      waiter.connected(connection);
      for (let next = this.returned.shift(); next !== undefined; next = this.returned.shift()) {
        this.pass(next);
      }
    } finally {
      this.underWay = false;
    }
  }

  /** Comes back while one is being given. */
  later(connection: Connection): void {
    this.returned.push(connection);
  }
}

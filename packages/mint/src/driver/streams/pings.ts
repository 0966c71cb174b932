/**
 * The PINGs of a connection that wait for their answer.
 */

/** How many may wait. */
export const maxPings = 10;

interface Waiting {
  readonly number: number;
  readonly since: number;
  readonly resolve: (duration: number) => void;
  readonly reject: (error: Error) => void;
}

export class Pings {
  private waiting: Waiting[] = [];
  private last = 0;

  get isFull(): boolean {
    return this.waiting.length >= maxPings;
  }

  /** A PING is sent at this time, in ms: with a number of its own, which `send` is given. */
  add(now: number, send: (number: number) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      this.last = this.last === 0xffff_ffff ? 1 : this.last + 1;
      this.waiting.push({ number: this.last, since: now, resolve, reject });
      send(this.last);
    });
  }

  /** The answer to a PING came; to one that was never sent, perhaps. */
  answered(number: number, now: number): void {
    const index = this.waiting.findIndex((ping) => ping.number === number);
    const [ping] = index < 0 ? [] : this.waiting.splice(index, 1);
    ping?.resolve(now - ping.since);
  }

  /** The connection is gone. */
  end(error: () => Error): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { reject } of waiting) reject(error());
  }
}

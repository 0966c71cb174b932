/**
 * The PINGs of a QUIC connection. An acknowledgement cannot be told from other
 * packets of the peer here, so the first packet after a PING has left is taken
 * for its answer.
 */

interface Waiting {
  readonly since: number;
  readonly resolve: (duration: number) => void;
  readonly reject: (error: Error) => void;
  /** How many packets of the peer had come when it left. */
  baseline: number;
}

export class QuicPings {
  private waiting: Waiting[] = [];

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** A PING is to be sent; the time is in ms. */
  add(now: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ since: now, resolve, reject, baseline: Infinity });
    });
  }

  /** What was to be sent has left, after so many packets of the peer. */
  sent(packetsReceived: number): void {
    for (const ping of this.waiting) ping.baseline = Math.min(ping.baseline, packetsReceived);
  }

  /** So many packets of the peer have come. */
  received(packetsReceived: number, now: number): void {
    const answered = this.waiting.filter(({ baseline }) => packetsReceived > baseline);
    if (answered.length === 0) return;
    this.waiting = this.waiting.filter((ping) => !answered.includes(ping));
    for (const { resolve, since } of answered) resolve(now - since);
  }

  /** The connection is gone. */
  end(error: () => Error): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { reject } of waiting) reject(error());
  }
}

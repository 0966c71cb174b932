/**
 * How many streams a connection may still reset. Servers end connections on
 * which clients reset many streams (CVE-2023-44487): nghttp2, and Node.js with
 * it, takes 1000 at once and 33 a second, Envoy 500 in all while they are half of
 * the streams. Innocent requests would end with such a connection, so that it is
 * given up for a new one before.
 */

/** The defaults: well below what servers bear. */
const defaultBurst = 400;
const defaultRate = 20;

export class ResetBudget {
  private readonly burst: number;
  private readonly rate: number;
  private left: number;
  /** When `left` was right; 0 before the first reset. */
  private since = 0;

  /** `burst` resets at once, and `rate` more each second. */
  constructor(burst = defaultBurst, rate = defaultRate) {
    this.burst = burst;
    this.rate = rate;
    this.left = burst;
  }

  /** Whether none was left after the last one. */
  get isSpent(): boolean {
    return this.left < 1;
  }

  /** Counts a reset at this time, in ms; returns whether any are left. */
  spend(now: number): boolean {
    const earned = ((now - this.since) / 1000) * this.rate;
    this.left = Math.min(this.burst, this.left + earned) - 1;
    this.since = now;
    return this.left >= 1;
  }
}

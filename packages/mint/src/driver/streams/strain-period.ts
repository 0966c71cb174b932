/**
 * How long a flood has to last to be one: what a peer sent before does not count
 * against what it sends now.
 */

/** In ms. */
const period = 1000;

export class StrainPeriod {
  private since = 0;

  /** Whether a period has gone by; the next one begins then. */
  isOver(now: number): boolean {
    if (now - this.since < period) return false;
    this.since = now;
    return true;
  }
}

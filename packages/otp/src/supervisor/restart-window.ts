/** The sliding window over the restarts of one supervisor. */
import { clock } from '../process/time/clock.ts';

/**
 * Counts restarts per whole second of the monotonic clock, so that its size depends on the
 * period and not on how many restarts are allowed in it.
 *
 * Source: `supervisor:add_restart/1`: bounds inclusive, in whole seconds.
 */
export class RestartWindow {
  /** Seconds with restarts, oldest first, and how many each had. */
  #seconds: number[] = [];
  #counts: number[] = [];
  #total = 0;

  /** Counts one restart, and tells whether it is allowed. */
  allow(intensity: number, period: number): boolean {
    const now = wholeSeconds();
    this.#forget(now - period);
    const last = this.#seconds.length - 1;
    if (this.#seconds[last] === now) {
      this.#counts[last] = (this.#counts[last] as number) + 1;
    } else {
      this.#seconds.push(now);
      this.#counts.push(1);
    }
    this.#total++;
    return this.#total <= intensity;
  }

  /** The restarts within the last `period` seconds. */
  count(period: number): number {
    this.#forget(wholeSeconds() - period);
    return this.#total;
  }

  #forget(before: number): void {
    while (this.#seconds.length > 0 && (this.#seconds[0] as number) < before) {
      this.#seconds.shift();
      this.#total -= this.#counts.shift() as number;
    }
  }
}

const wholeSeconds = (): number => Math.floor(clock().now() / 1000);

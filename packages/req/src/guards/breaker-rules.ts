/** When a closed circuit breaker opens: so many failures in a row, or too large a part of the calls. */
import type { BreakerSettings } from '../options/index.ts';

/** The window is counted in so many parts, the oldest of which is dropped as time goes on. */
const parts = 10;

interface Part {
  calls: number;
  failures: number;
}

/** Counts calls and failures; pure but for the time that it is given. */
export class BreakerRules {
  readonly #settings: BreakerSettings;
  readonly #partLength: number;
  #parts: Part[] = [];
  /** The number of the newest part, counted from the origin of the clock. */
  #newest = 0;
  #inARow = 0;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    const { window } = settings;
    this.#partLength =
      window === 'infinity' ? Number.POSITIVE_INFINITY : Math.max(1, window / parts);
  }

  /** A call succeeded. */
  success(now: number): void {
    this.#inARow = 0;
    this.#part(now).calls += 1;
  }

  /** A call failed; returns whether the breaker is to open. */
  failure(now: number): boolean {
    this.#inARow += 1;
    const part = this.#part(now);
    part.calls += 1;
    part.failures += 1;
    return this.#inARow >= this.#settings.failures || this.#isRateReached();
  }

  /** Forgets everything. */
  reset(): void {
    this.#parts = [];
    this.#inARow = 0;
  }

  #isRateReached(): boolean {
    let calls = 0;
    let failures = 0;
    for (const part of this.#parts) {
      calls += part.calls;
      failures += part.failures;
    }
    const { minimumCalls, failureRate } = this.#settings;
    return calls >= minimumCalls && failures / calls >= failureRate;
  }

  #part(now: number): Part {
    const number = Math.floor(now / this.#partLength);
    const passed = this.#parts.length === 0 ? 1 : number - this.#newest;
    this.#newest = number;
    for (let part = 0; part < Math.min(passed, parts); part++) {
      this.#parts.push({ calls: 0, failures: 0 });
    }
    if (this.#parts.length > parts) this.#parts = this.#parts.slice(-parts);
    return this.#parts.at(-1) as Part;
  }
}

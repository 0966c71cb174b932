/** A budget of retries, so that they do not multiply the load of servers that are overloaded. */
import type { BudgetSettings } from '../options/index.ts';

/**
 * A token bucket without time: each call adds a part of a token, each retry takes one. While few
 * calls fail it is full; when most fail, about `ratio` of them are sent again.
 */
export class RetryBudget {
  readonly #settings: BudgetSettings;
  #tokens: number;

  constructor(settings: BudgetSettings) {
    this.#settings = settings;
    this.#tokens = settings.burst;
  }

  /** A call begins. */
  deposit(): void {
    const { ratio, burst } = this.#settings;
    this.#tokens = Math.min(burst, this.#tokens + ratio);
  }

  /** Takes a retry; false when there is none left. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

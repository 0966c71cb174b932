/** One time limit for several steps. */
import { arm, type Timer, type TimeoutTarget } from '../process/time/clock.ts';

/** Resolves once, when its time is over; never for `'infinity'`. */
export class Deadline implements TimeoutTarget {
  readonly #over: Promise<'over'>;
  #expire: () => void = () => {};
  readonly #timer: Timer | undefined;
  #expired = false;

  constructor(timeout: number | 'infinity') {
    this.#over = new Promise((resolve) => {
      this.#expire = () => resolve('over');
    });
    this.#timer = timeout === 'infinity' ? undefined : arm(this, timeout);
  }

  get expired(): boolean {
    return this.#expired;
  }

  /** Waits for a step that never rejects; gives up at the deadline. */
  async wait(step: Promise<unknown>): Promise<void> {
    if (!this.#expired) await Promise.race([step, this.#over]);
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  onTimeout(): void {
    this.#expired = true;
    this.#expire();
  }
}

/** A clock that stands still until the test moves it. */
import { useClock, type Clock, type Wakeup } from '../process/time/clock.ts';
import { BadArgumentError } from '../process/errors.ts';
import { settle } from './settle.ts';

/** Wake-ups in a row that may leave the time as it is before a loop is suspected. */
const longestStandstill = 100_000;

interface Scheduled {
  readonly deadline: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * Virtual time for every timer of the runtime: call and receive timeouts, `sendAfter`, timeouts
 * of servers, `after` delays of machines, shutdown times and restart windows of supervisors.
 *
 * Timers armed before `install` stay on the clock on which they were armed, so install it before
 * the processes under test start. One clock serves one test at a time: tests of one file that
 * run concurrently share the runtime.
 *
 * @example
 * test('gives up after 5 s', async () => {
 *   using clock = new TestClock().install();   // or: new TestClock().install(onTestFinished)
 *   const answer = GenServer.call('slow', 'value');
 *   answer.catch(() => {});
 *   await clock.advance(5000);
 *   await expect(answer).rejects.toThrow('time out');
 * });
 */
export class TestClock implements Clock, Disposable {
  #now: number;
  #order = 0;
  readonly #scheduled = new Set<Scheduled>();
  #restore: (() => void) | undefined;
  #advancing: Promise<unknown> = Promise.resolve();

  /** `start`: the first reading in ms, 0 by default. */
  constructor(start = 0) {
    this.#now = start;
  }

  /** The virtual time in ms. */
  now(): number {
    return this.#now;
  }

  /** Schedules a wake-up; the runtime calls it. */
  wakeAfter(delay: number, callback: () => void): Wakeup {
    const scheduled = { deadline: this.#now + delay, order: this.#order++, callback };
    this.#scheduled.add(scheduled);
    return { cancel: () => void this.#scheduled.delete(scheduled), keepAlive: () => {} };
  }

  /** How many wake-ups are pending: one for all timers of the runtime with the same delay. */
  get pending(): number {
    return this.#scheduled.size;
  }

  /** Makes it the clock of the runtime, until `uninstall` or, with a hook, the end of the test. */
  install(onTestFinished?: (hook: () => void) => void): this {
    if (this.#restore === undefined) {
      this.#restore = useClock(this);
      onTestFinished?.(() => this.uninstall());
    }
    return this;
  }

  /** Puts the former clock back. Timers that are still armed on this one never fire. */
  uninstall(): void {
    this.#restore?.();
    this.#restore = undefined;
  }

  [Symbol.dispose](): void {
    this.uninstall();
  }

  /**
   * Moves the time by `ms` and fires, in order of their deadlines, all timers that fall due on
   * the way, those included that are armed meanwhile. The runtime settles before the first and
   * after each. `advance(0)` fires what is due now.
   */
  advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      throw new BadArgumentError('ms', ms, 'a number of milliseconds >= 0');
    }
    return this.#afterOthers(async () => {
      await settle();
      const end = this.#now + ms;
      await this.#fireUntil(end);
      this.#now = end;
    });
  }

  /**
   * Moves the time to the next timer and fires it, with all others due at the same moment.
   * Resolves with the ms that have passed, or undefined when no timer is armed.
   */
  advanceToNext(): Promise<number | undefined> {
    return this.#afterOthers(async () => {
      await settle();
      const next = this.#next(Number.POSITIVE_INFINITY);
      if (next === undefined) return undefined;
      const passed = Math.max(0, next.deadline - this.#now);
      await this.#fireUntil(Math.max(next.deadline, this.#now));
      return passed;
    });
  }

  async #fireUntil(end: number): Promise<void> {
    let standstill = 0;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      standstill = next.deadline > this.#now ? 0 : standstill + 1;
      if (standstill > longestStandstill) {
        throw new Error(`${standstill} timers fired at ${this.#now} ms: one arms itself with 0 ms`);
      }
      this.#now = Math.max(this.#now, next.deadline);
      this.#scheduled.delete(next);
      next.callback();
      await settle();
    }
  }

  #next(end: number): Scheduled | undefined {
    let first: Scheduled | undefined;
    for (const scheduled of this.#scheduled) {
      if (scheduled.deadline > end) continue;
      if (first === undefined || before(scheduled, first)) first = scheduled;
    }
    return first;
  }

  /** Two overlapping `advance` calls move the time one after the other. */
  #afterOthers<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#advancing.then(work, work);
    this.#advancing = result;
    return result;
  }
}

function before(a: Scheduled, b: Scheduled): boolean {
  return a.deadline === b.deadline ? a.order < b.order : a.deadline < b.deadline;
}

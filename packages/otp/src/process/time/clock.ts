/**
 * Time: an injectable clock, and the timers of the runtime on top of it.
 *
 * All timers with the same delay share one list, in order of their deadlines, and one wake-up of
 * the clock. Arming and cancelling are O(1) and touch no native timer, so that a timeout on
 * every call, receive or request costs next to nothing.
 */
import { detached } from '../context.ts';
import { deferring, flushDeferred } from './deferred.ts';
import { atEndOfTurn, type TurnUser } from './end-of-turn.ts';

/** A pending wake-up of a {@link Clock}. */
export interface Wakeup {
  cancel(): void;
  /** Whether it alone keeps the program running. */
  keepAlive(on: boolean): void;
}

/** A source of time. The runtime's is the system's monotonic clock; tests bring their own. */
export interface Clock {
  /** Monotonic milliseconds; the origin is arbitrary. */
  now(): number;
  /** Calls back once, `delay` ms from now or later. */
  wakeAfter(delay: number, callback: () => void): Wakeup;
}

/** What a timer tells when it fires. */
export interface TimeoutTarget {
  /** Called once, as plain code; it must not throw. */
  onTimeout(): void;
}

const longestDelay = 2 ** 31 - 1;

/** The system's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wakeAfter(delay, callback) {
    const handle = setTimeout(callback, Math.min(Math.ceil(delay), longestDelay));
    return {
      cancel: () => clearTimeout(handle),
      keepAlive: (on) => void (on ? handle.ref() : handle.unref()),
    };
  },
};

let current: Clock = systemClock;
let lists = new Map<number, TimerList>();
let backgroundLists = new Map<number, TimerList>();

/** The clock in use. */
export function clock(): Clock {
  return current;
}

/**
 * Monotonic milliseconds on the clock in use; the origin is arbitrary.
 * @example
 * const started = now();
 * await runTheWholeThing();
 * console.log(`${now() - started} ms`);
 */
export function now(): number {
  return current.now();
}

/**
 * Replaces the clock; returns a function that puts the former one back. Timers armed before
 * stay on the clock on which they were armed.
 */
export function useClock(replacement: Clock): () => void {
  flushDeferred();
  const former = { current, lists, backgroundLists };
  current = replacement;
  lists = new Map();
  backgroundLists = new Map();
  deferring(current === systemClock);
  return () => {
    ({ current, lists, backgroundLists } = former);
    deferring(current === systemClock);
  };
}

/** An armed timer. */
export class Timer {
  /** Infinity until it is known: see {@link arm}. */
  deadline: number = Number.POSITIVE_INFINITY;
  readonly target: TimeoutTarget;
  list: TimerList | undefined;
  previous: Timer | undefined;
  next: Timer | undefined;

  constructor(target: TimeoutTarget) {
    this.target = target;
  }

  /** Disarms the timer; harmless when it has fired. Returns whether it was still armed. */
  cancel(): boolean {
    const list = this.list;
    if (list === undefined) return false;
    list.remove(this);
    return true;
  }

  /** Starts the same delay anew; free of cost in the turn in which it began. */
  refresh(): void {
    const list = this.list;
    // Without a deadline yet, the delay counts from the end of this turn as it is.
    if (list === undefined || this.deadline === Number.POSITIVE_INFINITY) return;
    list.remove(this);
    list.add(this);
  }

  /** Milliseconds left, at least 0. */
  remaining(): number {
    return this.list === undefined ? 0 : this.list.remaining(this);
  }
}

/**
 * Arms a timer that calls `target.onTimeout()` once, `delay` ms from now.
 * A background timer does not keep the program running.
 * All timers of one delay share one native timer: arming, cancelling and refreshing are O(1) however
 * many there are. On the system's clock, timers that are still armed at the end of a turn of the event
 * loop start to count then: one look at the time serves all of them, and those that were cancelled by
 * then cost none. A timer never fires early. Use `sendAfter` for a message.
 * @example
 * class Lease implements TimeoutTarget {
 *   readonly #timer = arm(this, 30_000);
 *   renew() {
 *     this.#timer.refresh();
 *   }
 *   onTimeout() {
 *     console.log('the lease is over');
 *   }
 * }
 */
export function arm(target: TimeoutTarget, delay: number, background = false): Timer {
  const timer = new Timer(target);
  const byDelay = background ? backgroundLists : lists;
  let list = byDelay.get(delay);
  if (list === undefined) {
    list = new TimerList(current, delay, background, byDelay);
    byDelay.set(delay, list);
  }
  list.add(timer);
  return timer;
}

/** All lists that may hold a timer, those of clocks that were replaced included. */
const everyList = new Set<TimerList>();

/** How many timers are armed on any clock. Counts them one by one: for tests and inspection. */
export function armedTimers(): number {
  flushDeferred();
  let count = 0;
  for (const list of everyList) count += list.size;
  return count;
}

class TimerList implements TurnUser {
  readonly clock: Clock;
  readonly #delay: number;
  readonly #background: boolean;
  readonly #owner: Map<number, TimerList>;
  #first: Timer | undefined;
  #last: Timer | undefined;
  #wakeup: Wakeup | undefined;
  /** The first of those, at the end of the list, whose deadlines are not known yet. */
  #unstamped: Timer | undefined;
  /** While firing: the first timer that was armed meanwhile, which waits for the next round. */
  #armedWhileFiring: Timer | undefined;
  #firing = false;
  #updateDue = false;

  constructor(source: Clock, delay: number, background: boolean, owner: Map<number, TimerList>) {
    this.clock = source;
    this.#delay = delay;
    this.#background = background;
    this.#owner = owner;
    everyList.add(this);
  }

  get size(): number {
    let size = 0;
    for (let timer = this.#first; timer !== undefined; timer = timer.next) size++;
    return size;
  }

  remaining(timer: Timer): number {
    const { deadline } = timer;
    if (deadline === Number.POSITIVE_INFINITY) return this.#delay;
    return Math.max(0, deadline - this.clock.now());
  }

  add(timer: Timer): void {
    timer.list = this;
    timer.previous = this.#last;
    if (this.#last === undefined) this.#first = timer;
    else this.#last.next = timer;
    this.#last = timer;
    if (this.#firing) this.#armedWhileFiring ??= timer;
    if (this.clock === systemClock) {
      timer.deadline = Number.POSITIVE_INFINITY;
      this.#unstamped ??= timer;
      if (!this.#updateDue) this.#updateLater();
    } else {
      timer.deadline = this.clock.now() + this.#delay;
      if (this.#wakeup === undefined && !this.#firing) this.#wake(this.#delay);
    }
  }

  remove(timer: Timer): void {
    if (timer.previous === undefined) this.#first = timer.next;
    else timer.previous.next = timer.next;
    if (timer.next === undefined) this.#last = timer.previous;
    else timer.next.previous = timer.previous;
    if (timer === this.#armedWhileFiring) this.#armedWhileFiring = timer.next;
    if (timer === this.#unstamped) this.#unstamped = timer.next;
    timer.list = timer.previous = timer.next = undefined;
    if (this.#first === undefined && !this.#updateDue) this.#updateLater();
  }

  #wake(delay: number): void {
    // As plain code: the wake-up serves other processes than the one that happened to arm first.
    detached(() => {
      this.#wakeup = this.clock.wakeAfter(delay, () => this.#fire());
      if (this.#background) this.#wakeup.keepAlive(false);
    });
  }

  #fire(): void {
    this.#wakeup = undefined;
    this.#firing = true;
    const now = this.clock.now();
    try {
      let timer = this.#first;
      while (timer !== undefined && timer.deadline <= now && timer !== this.#armedWhileFiring) {
        this.remove(timer);
        timer.target.onTimeout();
        timer = this.#first;
      }
    } finally {
      // Also when a target threw: the other timers must not wait for ever.
      this.#firing = false;
      this.#armedWhileFiring = undefined;
      this.#wakeForFirst(now);
    }
  }

  /** Sets the wake-up for the timer that is due first, if that is known. */
  #wakeForFirst(now: number): void {
    const first = this.#first;
    if (first === undefined || first.deadline === Number.POSITIVE_INFINITY) return;
    if (this.#wakeup === undefined) this.#wake(Math.max(0, first.deadline - now));
  }

  /**
   * Once a turn of the event loop: stamps what is still armed, or gives up the wake-up of a list that
   * is empty. Not at once, since a list that serves a stream of short calls is empty after each of
   * them, and a look at the time and a native timer each time are what it exists to avoid.
   */
  #updateLater(): void {
    this.#updateDue = true;
    atEndOfTurn(this);
  }

  endTurn(): void {
    this.#updateDue = false;
    if (this.#first === undefined) {
      this.#wakeup?.cancel();
      this.#wakeup = undefined;
      if (this.#owner.get(this.#delay) === this) this.#owner.delete(this.#delay);
      everyList.delete(this);
    } else if (this.#unstamped !== undefined) {
      const now = this.clock.now();
      for (
        let timer: Timer | undefined = this.#unstamped;
        timer !== undefined;
        timer = timer.next
      ) {
        timer.deadline = now + this.#delay;
      }
      this.#unstamped = undefined;
      this.#wakeForFirst(now);
    }
  }
}

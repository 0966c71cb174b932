/** The delayed events of a machine process: `after`, and `raise` and `sendTo` with a delay. */
import type { EventObject } from 'xstate';
import { MachineTimer, type TimerOwner } from './machine-timer.ts';

/** An event that comes later. */
export class DelayedEvent extends MachineTimer {
  id: string | undefined;
  /** Its id while `cancel(id)` finds it; a newer one with the same id takes it away. */
  key: string | undefined;
  event: EventObject | undefined;
  /** The receiver of the event: the owner itself, except for `sendTo`. */
  to: unknown;
  next: DelayedEvent | undefined;
}

/**
 * A list of few elements, newest first. Ids follow xstate's rules: a newer event with the same id
 * hides the older from `cancel`, and both come.
 */
export class DelayedEvents {
  readonly #owner: TimerOwner;
  readonly #background: boolean;
  #first: DelayedEvent | undefined;
  /** One that is not in use: leaving and entering a state with `after` needs no new one. */
  #spare: DelayedEvent | undefined;

  constructor(owner: TimerOwner, background: boolean) {
    this.#owner = owner;
    this.#background = background;
  }

  arm(id: string | undefined, delay: number, event: EventObject, to: unknown): void {
    this.#hide(id);
    if (delay === Number.POSITIVE_INFINITY) return;
    const timer = this.#spare ?? new DelayedEvent(this.#owner);
    this.#spare = undefined;
    timer.id = timer.key = id;
    timer.event = event;
    timer.to = to;
    timer.next = this.#first;
    this.#first = timer;
    timer.start(delay, this.#background);
  }

  /** The one that `cancel(id)` would end. */
  find(id: string | undefined): DelayedEvent | undefined {
    if (id === undefined) return undefined;
    let timer = this.#first;
    while (timer !== undefined && timer.key !== id) timer = timer.next;
    return timer;
  }

  cancel(id: string | undefined): void {
    const timer = this.find(id);
    if (timer === undefined) return;
    timer.cancel();
    this.#remove(timer);
  }

  /** Takes out one that has fired. Its fields stay as they are until the next `arm`. */
  take(timer: DelayedEvent): void {
    this.#remove(timer);
    // As in xstate, the end of a timer makes a newer one with its id unknown to `cancel`.
    this.#hide(timer.id);
  }

  cancelAll(): void {
    for (let timer = this.#first; timer !== undefined; timer = timer.next) timer.cancel();
    this.#first = this.#spare = undefined;
  }

  #hide(id: string | undefined): void {
    for (let timer = this.#first; timer !== undefined; timer = timer.next) {
      if (timer.key === id) timer.key = undefined;
    }
  }

  #remove(timer: DelayedEvent): void {
    if (this.#first === timer) {
      this.#first = timer.next;
    } else {
      let previous = this.#first;
      while (previous !== undefined && previous.next !== timer) previous = previous.next;
      if (previous !== undefined) previous.next = timer.next;
    }
    timer.next = undefined;
    this.#spare = timer;
  }
}

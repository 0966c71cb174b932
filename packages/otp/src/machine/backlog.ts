/** Events of a machine that come before those in the mailbox. */
import type { EventObject } from 'xstate';
import { Ring } from '../process/values/ring.ts';
import type { MachineTimer } from './machine-timer.ts';

/**
 * What a machine takes after its current transition, in this order: postponed events that a state
 * change brought back, events that it sent to itself, timers without delay.
 */
export class Backlog {
  #postponed = new Ring<EventObject>();
  #replayed = new Ring<EventObject>();
  readonly #queued = new Ring<EventObject>();
  readonly #due = new Ring<MachineTimer>();

  postpone(event: EventObject): void {
    this.#postponed.push(event);
  }

  queue(event: EventObject): void {
    this.#queued.push(event);
  }

  due(timer: MachineTimer): void {
    this.#due.push(timer);
  }

  get hasPostponed(): boolean {
    return this.#postponed.size > 0;
  }

  /** The state has changed: postponed events come back, oldest first, before all others. */
  replay(): void {
    // What an earlier change brought back, and was not taken yet, comes after them.
    while (this.#replayed.size > 0) this.#postponed.push(this.#replayed.shift());
    [this.#replayed, this.#postponed] = [this.#postponed, this.#replayed];
  }

  next(): EventObject | MachineTimer | undefined {
    if (this.#replayed.size > 0) return this.#replayed.shift();
    if (this.#queued.size > 0) return this.#queued.shift();
    return this.#due.size > 0 ? this.#due.shift() : undefined;
  }

  get empty(): boolean {
    return (
      this.#postponed.size === 0 &&
      this.#replayed.size === 0 &&
      this.#queued.size === 0 &&
      this.#due.size === 0
    );
  }
}

/** Events of a machine that come before those in the mailbox. */
import type { EventObject } from 'xstate';
import type { MachineTimer } from './machine-timer.ts';

/**
 * What a machine takes after its current transition, in this order: postponed events that a state
 * change brought back, events that it sent to itself, timers without delay.
 */
export class Backlog {
  #postponed: EventObject[] = [];
  #replayed: EventObject[] = [];
  #queued: EventObject[] = [];
  #due: MachineTimer[] = [];

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
    return this.#postponed.length > 0;
  }

  /** The state has changed: postponed events come back, oldest first, before all others. */
  replay(): void {
    this.#replayed.unshift(...this.#postponed);
    this.#postponed = [];
  }

  next(): EventObject | MachineTimer | undefined {
    return this.#replayed.shift() ?? this.#queued.shift() ?? this.#due.shift();
  }

  get empty(): boolean {
    return (
      this.#postponed.length === 0 &&
      this.#replayed.length === 0 &&
      this.#queued.length === 0 &&
      this.#due.length === 0
    );
  }
}

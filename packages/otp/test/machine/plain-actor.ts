/** A plain xstate actor on a clock of its own: what the engines are compared with. */
import { createActor, type AnyStateMachine } from 'xstate';
import { journals, type Journal } from './random-machine.ts';

interface Pending {
  readonly at: number;
  readonly callback: () => void;
}

class ManualClock {
  #now = 0;
  readonly #pending = new Set<Pending>();

  setTimeout(callback: () => void, delay: number): Pending {
    const pending = { at: this.#now + delay, callback };
    this.#pending.add(pending);
    return pending;
  }

  clearTimeout(pending: Pending): void {
    this.#pending.delete(pending);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      let first: Pending | undefined;
      for (const each of this.#pending) {
        if (each.at <= end && (first === undefined || each.at < first.at)) first = each;
      }
      if (first === undefined) break;
      this.#pending.delete(first);
      this.#now = first.at;
      first.callback();
    }
    this.#now = end;
  }
}

export class PlainActor {
  readonly journal: Journal = [];
  error: unknown;
  readonly #clock = new ManualClock();
  readonly #actor: ReturnType<typeof createActor<AnyStateMachine>>;

  constructor(machine: AnyStateMachine) {
    const actor = createActor(machine, {
      clock: this.#clock as never,
      logger: (...values: unknown[]) => void this.journal.push(values.join(' ')),
    });
    this.#actor = actor;
    journals.set(actor, this.journal);
    actor.subscribe({ error: (error) => void (this.error = error) });
    actor.start();
  }

  get status(): string {
    return this.#actor.getSnapshot().status;
  }

  get value(): string {
    return JSON.stringify(this.#actor.getSnapshot().value);
  }

  send(type: string): void {
    this.#actor.send({ type });
  }

  advance(ms: number): void {
    this.#clock.advance(ms);
  }
}

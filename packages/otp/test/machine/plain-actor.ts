/** A plain xstate actor on a clock of its own: what the engines are compared with. */
import { createActor, type AnyStateMachine } from 'xstate';
import { journals, underConstruction, type Journal } from './random-machine.ts';

const mostTimers = 60;

interface Pending {
  readonly at: number;
  readonly delay: number;
  readonly callback: () => void;
}

class ManualClock {
  /**
   * Two timers of different delays fell due at the same moment: nothing says which comes first.
   * With the same delay, the older one does.
   */
  tied = false;
  /** How many timers have fired: some machines arm two for every one, for ever. */
  fired = 0;
  #now = 0;
  readonly #pending = new Set<Pending>();

  setTimeout(callback: () => void, delay: number): Pending {
    const pending = { at: this.#now + delay, delay, callback };
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
      if (first === undefined || ++this.fired > mostTimers) break;
      this.#pending.delete(first);
      for (const { at, delay } of this.#pending) {
        this.tied ||= Math.abs(at - first.at) < 1e-6 && delay !== first.delay;
      }
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
    underConstruction.journal = this.journal;
    const actor = createActor(machine, {
      clock: this.#clock,
      logger: (...values: unknown[]) => void this.journal.push(values.join(' ')),
    });
    underConstruction.journal = undefined;
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

  /** The machine would loop for ever. */
  get loops(): boolean {
    return String(this.error).includes('Infinite loop detected');
  }

  /** From here on the order of its events is one of several, or there is no end of them. */
  get ambiguous(): boolean {
    return this.#clock.tied || this.#clock.fired > mostTimers;
  }

  send(type: string): void {
    this.#actor.send({ type });
  }

  advance(ms: number): void {
    this.#clock.advance(ms);
  }
}

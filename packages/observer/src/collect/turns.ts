/** Work on many things is done in turns of the event loop, so that it holds up nothing else for long. */
import { setImmediate } from 'node:timers/promises';

/** Processes or names that are looked at in one turn. */
const perTurn = 500;

export class Turns {
  #count = 0;

  /** Whether the turn is over: then wait for the `next` one. */
  get over(): boolean {
    return ++this.#count % perTurn === 0;
  }

  next(): Promise<void> {
    return setImmediate();
  }
}

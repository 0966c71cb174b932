/**
 * Frames that may come faster than processes take what is in them. A port gives all that it has in one turn
 * of the event loop; if all of it were handled then, it would wait as messages in mailboxes, which are
 * unbounded and take a multiple of the memory. So what is too much for one turn waits as frames, whose
 * acknowledgements wait too: the sender sees how far behind its receiver is.
 */
import { setImmediate } from 'node:timers';

/** Frames that are handled in one turn. */
const mostInTurn = 8;

export class FramesInTurns {
  readonly #handle: (frame: Uint8Array) => void;
  #left = mostInTurn;
  #waiting: Uint8Array[] = [];

  constructor(handle: (frame: Uint8Array) => void) {
    this.#handle = handle;
  }

  /** Handles a frame, in this turn or in a later one; frames keep their order. */
  push(frame: Uint8Array): void {
    if (this.#left === 0) {
      this.#waiting.push(frame);
      return;
    }
    if (--this.#left === 0) setImmediate(() => this.#next());
    this.#handle(frame);
  }

  /** Handles all that wait, since no more will come. */
  end(): void {
    for (const frame of this.#waiting.splice(0)) this.#handle(frame);
  }

  #next(): void {
    this.#left = mostInTurn;
    for (const frame of this.#waiting.splice(0, mostInTurn)) this.push(frame);
  }
}

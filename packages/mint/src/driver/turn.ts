/**
 * The end of a turn of the event loop, where connections write: all requests of
 * a turn leave together, and a connection that has just served a response is
 * written to only after its socket was polled once more. What the server sent
 * beyond that response, or that it closed, is known by then.
 */
import { inCleanContext } from './clean-context.ts';
import { throwLater } from './failures.ts';

/** Has something to write at the end of the turn. */
export interface TurnUser {
  flush(): void;
}

class Turn {
  private armed = false;
  private due: TurnUser[] = [];
  private polled: TurnUser[] = [];
  private spare: TurnUser[] = [];

  /** Flushes at the end of this turn. */
  add(user: TurnUser): void {
    this.due.push(user);
    this.arm();
  }

  /** Flushes at the end of the next turn, after the sockets were polled. */
  addAfterPoll(user: TurnUser): void {
    this.polled.push(user);
    this.arm();
  }

  private arm(): void {
    if (this.armed) return;
    this.armed = true;
    inCleanContext(setImmediate, this.run);
  }

  private readonly run = (): void => {
    this.armed = false;
    const { due, polled, spare } = this;
    this.due = polled;
    this.polled = spare;
    this.spare = due;
    if (polled.length > 0) {
      // The context is clean already.
      this.armed = true;
      setImmediate(this.run);
    }
    for (const user of due) {
      try {
        user.flush();
      } catch (error) {
        // A bug in a handler, which is not to keep the others from their turn.
        throwLater(error);
      }
    }
    due.length = 0;
  };
}

/** The turns of this thread's event loop. */
export const turn = new Turn();

/**
 * Work at the end of the turn of the event loop that turns out not to be needed, as a rule: a call
 * is answered within the turn in which it was made, and then needs neither a watch on its server
 * nor a timer. Code that depends on such work earlier, as a death does, calls `flushDeferred` first.
 */
import { detached } from '../context.ts';
import { atEndOfTurn, type TurnUser } from './end-of-turn.ts';

/** Work that can be deferred. It is its own link in the list of what is. */
export interface Deferred {
  older: Deferred | undefined;
  newer: Deferred | undefined;
  /** Does the work, as plain code; it must not throw. */
  run(): void;
}

let oldest: Deferred | undefined;
let newest: Deferred | undefined;
let armed = false;
let waits = true;

/**
 * Whether work waits for the end of the turn. Not on a clock other than the system's, where time may
 * pass before that: there it is done at once.
 */
export function deferring(on: boolean): void {
  waits = on;
}

/**
 * Defers work to the end of this turn of the event loop, unless {@link undefer} takes it back. An
 * item is deferred once at a time. What depends on such work, as the death of a process does, has it
 * done earlier; and on a clock that a test has brought nothing is deferred.
 * @example
 * class Seat implements Deferred {
 *   older: Deferred | undefined;
 *   newer: Deferred | undefined;
 *   leave() {
 *     defer(this);
 *   }
 *   takeAgain() {
 *     undefer(this);
 *   }
 *   run() {
 *     console.log('it is still deferred');
 *   }
 * }
 */
export function defer(item: Deferred): void {
  if (!waits) {
    item.run();
    return;
  }
  if (newest === undefined) {
    oldest = item;
  } else {
    item.older = newest;
    newest.newer = item;
  }
  newest = item;
  if (!armed) {
    armed = true;
    atEndOfTurn(turnUser);
  }
}

/**
 * Takes deferred work back; call it only while it is deferred.
 * @example
 * const hint: Deferred = { older: undefined, newer: undefined, run: () => console.log('idle') };
 * defer(hint);
 * undefer(hint); // `run` is not called
 */
export function undefer(item: Deferred): void {
  const { older, newer } = item;
  if (older === undefined) oldest = newer;
  else older.newer = newer;
  if (newer === undefined) newest = older;
  else newer.older = older;
  item.older = item.newer = undefined;
}

/** Does at once what is deferred, in the order in which it was. */
export function flushDeferred(): void {
  if (oldest !== undefined) detached(flush);
}

function flush(): void {
  // One item may take others back, or be deferred itself again.
  for (let item = oldest; item !== undefined; item = oldest) {
    undefer(item);
    item.run();
  }
}

const turnUser: TurnUser = {
  endTurn() {
    armed = false;
    flush();
  },
};

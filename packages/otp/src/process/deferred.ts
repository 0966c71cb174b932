/**
 * Work at the end of the turn of the event loop that turns out not to be needed, as a rule: a call
 * is answered within the turn in which it was made, and then needs neither a watch on its server
 * nor a timer. Code that depends on such work earlier, as a death does, calls `flushDeferred` first.
 */
import { setImmediate } from 'node:timers';
import { detached } from './context.ts';

/** Work that is deferred; also its link in the list of it, newest first. */
export interface Deferred {
  older: Deferred | undefined;
  newer: Deferred | undefined;
  /** Does the work, as plain code; it must not throw. */
  run(): void;
}

let newest: Deferred | undefined;
let armed = false;

/** Defers work to the end of this turn, unless {@link undefer} takes it back. An item is deferred once at a time. */
export function defer(item: Deferred): void {
  if (newest !== undefined) {
    item.older = newest;
    newest.newer = item;
  }
  newest = item;
  if (!armed) {
    armed = true;
    detached(() => setImmediate(endTurn));
  }
}

/** Takes deferred work back; call it only while it is deferred. */
export function undefer(item: Deferred): void {
  const { older, newer } = item;
  if (older !== undefined) older.newer = newer;
  if (newer === undefined) newest = older;
  else newer.older = older;
  item.older = item.newer = undefined;
}

/** Does at once what is deferred, in the order in which it was. */
export function flushDeferred(): void {
  if (newest !== undefined) detached(() => flushFrom(newest));
}

function flushFrom(last: Deferred | undefined): void {
  let oldest = last;
  while (oldest?.older !== undefined) oldest = oldest.older;
  newest = undefined;
  for (let item = oldest; item !== undefined;) {
    const { newer } = item;
    item.older = item.newer = undefined;
    item.run();
    item = newer;
  }
}

function endTurn(): void {
  armed = false;
  flushDeferred();
}

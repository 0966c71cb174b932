/**
 * What turns out not to be needed, as a rule: a call is answered within the turn of the event loop
 * in which it was made, and then needs neither a watch on its server nor a timer. So both are put
 * off to the end of the turn, and whatever depends on them before that (a death above all) calls
 * {@link catchUp} first.
 */
import { setImmediate } from 'node:timers';
import { detached } from './context.ts';

/** A link of the list of what is put off, newest first. */
export interface PutOff {
  older: PutOff | undefined;
  newer: PutOff | undefined;
  /** Does what was put off, as plain code; it must not throw. */
  catchUp(): void;
}

let newest: PutOff | undefined;
let armed = false;

/** Puts something off to the end of this turn, unless it is taken back. */
export function putOff(item: PutOff): void {
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

/** Takes back what was put off; call only while it is. */
export function takeBack(item: PutOff): void {
  const { older, newer } = item;
  if (older !== undefined) older.newer = newer;
  if (newer === undefined) newest = older;
  else newer.older = older;
  item.older = item.newer = undefined;
}

/** Does at once what was put off, in the order in which it was. */
export function catchUp(): void {
  if (newest !== undefined) detached(() => catchUpFrom(newest));
}

function catchUpFrom(last: PutOff | undefined): void {
  let oldest = last;
  while (oldest?.older !== undefined) oldest = oldest.older;
  newest = undefined;
  for (let item = oldest; item !== undefined;) {
    const { newer } = item;
    item.older = item.newer = undefined;
    item.catchUp();
    item = newer;
  }
}

function endTurn(): void {
  armed = false;
  catchUp();
}

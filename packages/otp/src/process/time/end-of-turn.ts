/** The end of a turn of the event loop: one `setImmediate` for all that is to be done then. */
import { setImmediate } from 'node:timers';
import { detached } from '../context.ts';

/** Has something to do at the end of the turn. */
export interface TurnUser {
  /** Does it, as plain code; it must not throw. */
  endTurn(): void;
}

let due: TurnUser[] = [];
let spare: TurnUser[] = [];

/** Calls `user.endTurn()` at the end of this turn; ask once a turn. */
export function atEndOfTurn(user: TurnUser): void {
  due.push(user);
  if (due.length === 1) detached(arm);
}

function arm(): void {
  setImmediate(run);
}

function run(): void {
  const users = due;
  due = spare;
  spare = users;
  try {
    for (const user of users) user.endTurn();
  } finally {
    users.length = 0;
  }
}

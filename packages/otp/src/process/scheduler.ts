/** The run queue: which process runs next, and when the event loop gets its turn. */
import { Ring } from './ring.ts';

/** Something the scheduler can give a turn to; `run` must not throw. */
export interface Runnable {
  run(): void;
}

/**
 * Activations between two turns of the event loop. Reached only under sustained load: then the
 * rest of the queue waits for one `setImmediate`, so that sockets and timers are served.
 */
const turnBudget = 8192;

const settled = Promise.resolve();
const queue = new Ring<Runnable>(turnBudget);

let armed = false;
let budget = turnBudget;
let activations = 0;
let yielded: Array<() => void> = [];

function drain(): void {
  while (queue.size > 0 && budget > 0) {
    budget--;
    activations++;
    queue.shift().run();
  }
  if (queue.size > 0 || yielded.length > 0) setImmediate(newTurn);
  else armed = false;
}

function newTurn(): void {
  budget = turnBudget;
  const waiting = yielded;
  yielded = [];
  for (const resume of waiting) resume();
  drain();
}

/** Puts a runnable at the end of the run queue; nothing runs inside this call. */
export function schedule(runnable: Runnable): void {
  queue.push(runnable);
  if (!armed) {
    armed = true;
    void settled.then(drain);
  }
}

/**
 * Counts one reduction of a process that goes on without the run queue (a `receive` that finds
 * its message waiting). When the budget of this turn is used up, returns a promise to wait for.
 */
export function reduction(): Promise<void> | undefined {
  if (budget > 0) {
    budget--;
    return undefined;
  }
  return new Promise((resolve) => {
    yielded.push(resolve);
    if (!armed) {
      armed = true;
      setImmediate(newTurn);
    }
  });
}

/** Whether nothing is runnable, and how many activations there have been. */
export function schedulerStatus(): { readonly idle: boolean; readonly activations: number } {
  return { idle: !armed, activations };
}

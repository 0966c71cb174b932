/** The run queue: which process runs next, and when the event loop gets its turn. */
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';
import { Ring } from './values/ring.ts';

/** Something the scheduler can give a turn to; `run` must not throw, and has to {@link spend}. */
export interface Runnable {
  run(): void;
}

/**
 * Reductions (activations and messages) between two turns of the event loop. Reached only under
 * sustained load: then the rest of the queue waits for one `setImmediate`, so that sockets and
 * timers are served.
 */
const turnBudget = 8192;

/** Reductions between two turns of the promises: what processes await goes on meanwhile. */
const drainBudget = 256;

/** Milliseconds after which slow handlers end the turn before the reductions are used up. */
const timeSlice = 10;

/** Reductions between two looks at the time, which cost as much as a few messages. */
const checkInterval = 64;

const resolved = Promise.resolve();
const queue = new Ring<Runnable>(turnBudget);

let armed = false;
let budget = turnBudget;
let checkAt = turnBudget - checkInterval;
let sliceStart = performance.now();
let loopsSeen = 0;
let activations = 0;
/** Reductions before this turn. */
let spentBefore = 0;
let yielded: Array<() => void> = [];

function drain(): void {
  const start = budget;
  const end = Math.max(0, start - drainBudget);
  try {
    // A budget above its start was refilled meanwhile.
    while (queue.size > 0 && budget > end && budget <= start) {
      activations++;
      queue.shift().run();
    }
  } finally {
    // An error of one runnable must not stop the others.
    if (queue.size > 0 && budget > 0) void resolved.then(drain);
    else if (queue.size > 0 || yielded.length > 0) setImmediate(newTurn);
    else armed = false;
  }
}

function newTurn(): void {
  refill();
  const waiting = yielded;
  yielded = [];
  for (const resume of waiting) resume();
  drain();
}

function refill(): void {
  spentBefore += turnBudget - budget;
  budget = turnBudget;
  checkAt = turnBudget - checkInterval;
  sliceStart = performance.now();
  loopsSeen = loops();
}

/**
 * Whether it is told how often the event loop has turned. Bun and Deno do not tell: there each time
 * slice ends the turn, which costs a `setImmediate` and changes nothing else.
 */
const toldLoops =
  typeof (performance.nodeTiming as Partial<typeof performance.nodeTiming> | undefined)
    ?.uvMetricsInfo?.loopCount === 'number';

/** How often the event loop has turned; always 0 where that is not told. */
function loops(): number {
  return toldLoops ? performance.nodeTiming.uvMetricsInfo.loopCount : 0;
}

/** Ends the turn when it has lasted too long, unless the event loop has turned meanwhile. */
function checkTime(): void {
  checkAt = budget - checkInterval;
  if (performance.now() - sliceStart <= timeSlice) return;
  if (loops() !== loopsSeen) {
    refill();
  } else if (budget > 0) {
    spentBefore -= budget; // the rest of the turn is given up, not used
    budget = 0;
  }
}

/** Counts reductions; true when the rest of the work must wait for the next turn. */
export function spend(reductions: number): boolean {
  budget -= reductions;
  if (budget <= checkAt) checkTime();
  return budget <= 0;
}

/** Puts a runnable at the end of the run queue; nothing runs inside this call. */
export function schedule(runnable: Runnable): void {
  queue.push(runnable);
  if (!armed) {
    armed = true;
    void resolved.then(drain);
  }
}

/**
 * Counts one reduction of a process that goes on without the run queue (a `receive` that finds
 * its message waiting). When the budget of this turn is used up, returns a promise to wait for.
 */
export function reduction(): Promise<void> | undefined {
  if (budget > 0) {
    spend(1);
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

/** How many processes have their turn soon, and how many reductions there have been. */
export function schedulerFigures(): { readonly runQueue: number; readonly reductions: number } {
  return { runQueue: queue.size, reductions: spentBefore + turnBudget - budget };
}

/** Whether nothing is runnable, and how many activations there have been. */
export function schedulerStatus(): { readonly idle: boolean; readonly activations: number } {
  return { idle: !armed, activations };
}

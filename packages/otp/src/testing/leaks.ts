/** What a test left behind. */
import { armedTimers } from '../process/time/clock.ts';
import { processById, processes } from '../process/local-process.ts';
import type { Name } from '../process/names/name.ts';
import { registered } from '../process/names/names.ts';
import type { Pid } from '../process/pid.ts';
import { watchesOn } from '../process/links/watch.ts';
import { settle } from './settle.ts';
import type { OnTestFinished } from './start-supervised.ts';

/** Everything in the runtime that a test has to give back. */
export interface ProcessSnapshot {
  readonly processes: readonly Pid[];
  readonly names: readonly Name[];
  /** Timers armed on any clock. */
  readonly timers: number;
  /** Monitors, pending calls, leases: all that waits for the death of a process. */
  readonly watches: number;
}

/** Leaks that the message of an error lists. */
const shown = 20;

/** The runtime holds more than it did before. */
export class LeakError extends Error {
  readonly code = 'ERR_LEAK';
  override readonly name = 'LeakError';
  readonly before: ProcessSnapshot;
  readonly after: ProcessSnapshot;

  constructor(before: ProcessSnapshot, after: ProcessSnapshot, leaks: readonly string[]) {
    const more = leaks.length - shown;
    super(
      `left behind: ${leaks.slice(0, shown).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    );
    this.before = before;
    this.after = after;
  }
}

/**
 * What the runtime holds at this moment.
 * @example
 * const { processes, timers } = processSnapshot();
 */
export function processSnapshot(): ProcessSnapshot {
  const alive = [...processes()];
  return {
    processes: alive.map((process) => process.pid),
    names: registered(),
    timers: armedTimers(),
    watches: alive.reduce((sum, process) => sum + watchesOn(process).length, 0),
  };
}

/**
 * Lets the runtime settle, then throws if it holds processes, names, timers or watches that it
 * did not hold before.
 *
 * @throws {LeakError} that lists them.
 * @example
 * const before = processSnapshot();
 * await runTheWholeThing();
 * await expectNoLeaks(before);
 */
export async function expectNoLeaks(before: ProcessSnapshot): Promise<void> {
  await settle();
  const after = processSnapshot();
  const leaks = [
    ...newOnes(before.processes, after.processes).map(describe),
    ...newOnes(before.names, after.names).map((name) => `name ${String(name)}`),
    ...more('timer', before.timers, after.timers),
    ...more('watch', before.watches, after.watches),
  ];
  if (leaks.length > 0) throw new LeakError(before, after, leaks);
}

/**
 * Takes a snapshot now and checks it at the end of the test, told by a hook or by `await using`.
 * Call it first: what is cleaned up later in the test's end would be reported otherwise.
 *
 * @example
 * await using _ = leakCheck();
 * leakCheck(onTestFinished);
 */
export function leakCheck(onTestFinished?: OnTestFinished): AsyncDisposable {
  const before = processSnapshot();
  const check = (): Promise<void> => expectNoLeaks(before);
  onTestFinished?.(check);
  return { [Symbol.asyncDispose]: check };
}

function newOnes<T>(before: readonly T[], after: readonly T[]): T[] {
  const known = new Set(before);
  return after.filter((item) => !known.has(item));
}

function describe(pid: Pid): string {
  const process = processById(pid.id);
  return process === undefined ? String(pid) : `${process.label} ${String(pid)}`;
}

function more(what: string, before: number, after: number): string[] {
  const count = after - before;
  return count > 0 ? [`${count} ${what}${count === 1 ? '' : what === 'watch' ? 'es' : 's'}`] : [];
}

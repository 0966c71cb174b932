/** On whose behalf a task runs. */
import { currentProcess } from '../process/context.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';

const chains = new WeakMap<Pid, readonly Pid[]>();
const noCallers: readonly Pid[] = Object.freeze([]);

/** Notes on whose behalf a new task runs. */
export function setCallers(task: Pid, callers: readonly Pid[]): void {
  if (callers.length > 0) chains.set(task, callers);
}

/** The callers of a task that this process, or plain code, starts now. */
export function callersFor(caller: Process | undefined): readonly Pid[] {
  return caller === undefined ? noCallers : [caller.pid, ...callersOf(caller.pid)];
}

function callersOf(pid: Pid): readonly Pid[] {
  return chains.get(pid) ?? noCallers;
}

/**
 * The processes on whose behalf a task runs, nearest first: the one that started it, the one on
 * whose behalf that one runs, and so on. Empty outside tasks.
 *
 * For a supervised task it is the caller of the supervisor, not the supervisor. Use it to find
 * what belongs to the request that a task is part of.
 *
 * Source: `$callers` in Elixir's `Task`.
 * @example
 * const task = Task.async(() => callers());
 * await task.await(); // [self()]
 */
export function callers(): readonly Pid[] {
  const process = currentProcess();
  return process === undefined ? noCallers : callersOf(process.pid);
}

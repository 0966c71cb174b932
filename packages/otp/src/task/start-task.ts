/** Starting the processes of tasks. */
import { currentProcess, type CallerContext } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import { linkProcesses, outside } from '../process/links/link.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { isThenable } from '../process/values/thenable.ts';
import { newProcess } from '../process/spawn.ts';
import { attachMonitor } from '../process/links/watch.ts';
import { callersFor, setCallers } from './callers.ts';
import { TaskHandle } from './handle.ts';
import { PlainInbox, TaskRef } from './task-ref.ts';

/** What a task does; may be async. */
export type TaskBody<T> = () => T | PromiseLike<T>;

export function checkTask(fn: unknown): void {
  if (typeof fn !== 'function') throw new BadArgumentError('fn', fn, 'a function');
}

/** Makes the process of a task. It gets its first turn after the current one. */
export function newTask(
  fn: TaskBody<unknown>,
  callers: readonly Pid[],
  context: CallerContext | undefined,
): Process {
  const process = newProcess(fn, fn.name === '' ? 'Task' : `Task ${fn.name}`, context);
  setCallers(process.pid, callers);
  return process;
}

/** The same with a link to the current process, if there is one. */
export function newLinkedTask(
  fn: TaskBody<unknown>,
  callers: readonly Pid[],
  context: CallerContext | undefined,
): Process {
  const process = newTask(fn, callers, context);
  const parent = currentProcess();
  if (parent !== undefined) linkProcesses(parent, process.pid);
  return process;
}

/** Makes a task that answers its owner, which is plain code when undefined. */
export function newAnsweringTask<T>(
  fn: TaskBody<T>,
  owner: Process | undefined,
  make: (body: TaskBody<unknown>, callers: readonly Pid[]) => Process,
): TaskHandle<T> {
  const body = named(fn, () => {
    const result = fn();
    if (!isThenable(result)) return ref.answer(result);
    return result.then((value) => {
      // A task that was killed has no answer, even if its code goes on.
      if (!process.dead) ref.answer(value);
    });
  });
  const process = make(body, callersFor(owner));
  const ref = new TaskRef<T>(owner ?? new PlainInbox(), process.pid);
  attachMonitor(ref, process, owner);
  return new TaskHandle(ref, process.pid);
}

/** A task that has ended before it began. */
export function completedTask<T>(value: T): TaskHandle<T> {
  const owner = currentProcess();
  const ref = new TaskRef<T>(owner ?? new PlainInbox(), owner?.pid ?? outside);
  ref.answer(value);
  return new TaskHandle(ref, undefined);
}

/** Gives a function the name of another, which is what reports call the task. */
function named<F extends object>(original: { readonly name: string }, replacement: F): F {
  return Object.defineProperty(replacement, 'name', { value: original.name });
}

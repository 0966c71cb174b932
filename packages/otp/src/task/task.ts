/**
 * Tasks: processes that do one thing, and give its result to the process that awaits it.
 *
 * A process that starts a task with `async` is linked with it: they succeed or fail together. Plain
 * code can start and await tasks as well; it is no process to link with, so a failure only rejects
 * the `await`.
 */
import type { ChildSpec, ChildSpecOverrides } from '../process/start/child-spec.ts';
import { callerContext, currentProcess, type ContextOptions } from '../process/context.ts';
import type { Pid } from '../process/pid.ts';
import { refusePromise, type NotPromise } from '../process/values/thenable.ts';
import { asyncStream } from './async-stream.ts';
import { callersFor } from './callers.ts';
import type { TaskHandle } from './handle.ts';
import { awaitMany, yieldMany } from './many.ts';
import {
  checkTask,
  completedTask,
  newAnsweringTask,
  newLinkedTask,
  newTask,
  type TaskBody,
} from './start-task.ts';
import { TaskSupervisor } from './task-supervisor.ts';

/** A running task, see {@link TaskHandle}. */
export type Task<T> = TaskHandle<T>;

/**
 * Starts a task whose result is awaited.
 *
 * The task is linked with the current process and answers it: with `await`, `yield` or `shutdown`,
 * or, if none of these takes it, as a {@link TaskMessage} in its mailbox. From plain code it is
 * not linked with anything. It runs in the async context of its caller, as what the caller awaits does.
 *
 * Source: `Task.async/1`.
 * @example
 * const task = Task.async(() => fetchPrice(item));
 * const stock = await countStock(item);
 * const price = await task.await();
 */
function async<T>(fn: TaskBody<T>, options?: ContextOptions): Task<T> {
  checkTask(fn);
  const context = callerContext(options, 'inherit');
  return newAnsweringTask(fn, currentProcess(), (body, callers) =>
    newLinkedTask(body, callers, context),
  );
}

/**
 * Starts a task without a result for the caller and without a link.
 *
 * Source: `Task.start/1`.
 * @example
 * Task.start(() => sendWelcomeMail(user));
 */
function start(fn: TaskBody<unknown>, options?: ContextOptions): Pid {
  checkTask(fn);
  return newTask(fn, callersFor(currentProcess()), callerContext(options, 'inherit')).pid;
}

/**
 * Starts a task without a result for the caller, linked with the current process, if there is one. This is
 * how a supervisor starts one, see {@link Task.childSpec}.
 *
 * Source: `Task.start_link/1`.
 * @example
 * Task.startLink(() => warmUpCache());
 */
function startLink(fn: TaskBody<unknown>, options?: ContextOptions): Pid {
  checkTask(fn);
  return newLinkedTask(fn, callersFor(currentProcess()), callerContext(options, 'inherit')).pid;
}

/**
 * A task that has ended with a value before it began, for code that has one at hand.
 *
 * Source: `Task.completed/1`.
 * @throws {BadArgumentError} for a promise: `Task.async(() => promise)` awaits one.
 * @example
 * const task = cached === undefined ? Task.async(load) : Task.completed(cached);
 */
function completed<T>(value: NotPromise<T>): Task<T>;
function completed(value: unknown): Task<unknown> {
  refusePromise('value', value);
  return completedTask(value);
}

/**
 * A task as a child of a supervisor: `restart` is `'temporary'`, the id `'Task'`.
 *
 * Source: `Task.child_spec/1`.
 * @example
 * await Supervisor.startLink([Database, [Task, () => migrate()]], { strategy: 'one_for_one' });
 */
function childSpec(fn: TaskBody<unknown>, overrides?: ChildSpecOverrides): ChildSpec<Pid> {
  checkTask(fn);
  return { id: 'Task', start: () => startLink(fn), restart: 'temporary', ...overrides };
}

/** Starting tasks, and waiting for several. */
export const Task: {
  readonly async: typeof async;
  readonly start: typeof start;
  readonly startLink: typeof startLink;
  readonly completed: typeof completed;
  readonly childSpec: typeof childSpec;
  readonly awaitMany: typeof awaitMany;
  readonly yieldMany: typeof yieldMany;
  readonly asyncStream: typeof asyncStream;
  /** Supervisors of tasks. */
  readonly Supervisor: typeof TaskSupervisor;
} = Object.freeze({
  async,
  start,
  startLink,
  completed,
  childSpec,
  awaitMany,
  yieldMany,
  asyncStream,
  Supervisor: TaskSupervisor,
});

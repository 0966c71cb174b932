/**
 * Task supervisors: tasks that are stopped with a part of the tree, and, with `asyncNolink`, tasks
 * whose failure does not end the process that awaits them.
 */
import type { ChildSpec, ChildSpecOverrides } from '../process/start/child-spec.ts';
import { callerContext, currentProcess } from '../process/context.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { Pid } from '../process/pid.ts';
import { whereis, type ServerRef } from '../process/names/server-ref.ts';
import type { ChildCounts } from '../supervisor/types.ts';
import { stopServer } from '../gen-server/server-handle.ts';
import {
  DynamicSupervisor,
  type DynamicSupervisorOptions,
} from '../supervisor/dynamic-supervisor.ts';
import type { TaskStream } from './async-stream.ts';
import { callersFor } from './callers.ts';
import type { TaskHandle } from './handle.ts';
import { checkTask, newLinkedTask, type TaskBody } from './start-task.ts';
import {
  startAnsweringChild,
  startTaskChild,
  supervisedStream,
  type SupervisedStreamOptions,
  type SupervisedTaskOptions,
  type TaskChildOptions,
} from './supervised.ts';

/** `name`, `maxChildren` (`'infinity'`), `maxRestarts` (3) within `maxSeconds` (5). */
export type TaskSupervisorOptions = Omit<DynamicSupervisorOptions, 'extraArguments'>;

/**
 * Starts a supervisor of tasks, linked to the current process (from plain code: a root).
 *
 * Source: `Task.Supervisor.start_link/1`.
 * @throws {SupervisorError} with `reason` `['already_started', pid]`.
 * @example
 * const tasks = await Task.Supervisor.startLink({ name: 'tasks', maxChildren: 50 });
 */
async function startLink(options: TaskSupervisorOptions = {}): Promise<TaskSupervisorHandle> {
  return new TaskSupervisorHandle((await DynamicSupervisor.startLink(options)).pid);
}

/**
 * A supervisor of tasks as a child of a supervisor; its id is its name, or `'Task.Supervisor'`.
 *
 * Source: `Task.Supervisor.child_spec/1`.
 * @example
 * await Supervisor.startLink([[Task.Supervisor, { name: 'tasks' }]], { strategy: 'one_for_one' });
 */
function childSpec(
  options: TaskSupervisorOptions & Omit<ChildSpecOverrides, 'type'> = {},
): ChildSpec<TaskSupervisorHandle> {
  const spec = DynamicSupervisor.childSpec(options);
  return {
    ...spec,
    id: spec.id === 'DynamicSupervisor' ? 'Task.Supervisor' : spec.id,
    start: async () => new TaskSupervisorHandle((await spec.start()).pid),
  };
}

/**
 * Starts a task without a result for the caller, which is not linked with it.
 *
 * Source: `Task.Supervisor.start_child/3`.
 * @throws {SupervisorError} with reason `'max_children'` when there are `maxChildren` tasks.
 * @example
 * await Task.Supervisor.startChild('tasks', () => sendMail(user), { restart: 'transient' });
 */
async function startChild(
  supervisor: ServerRef,
  fn: TaskBody<unknown>,
  options?: TaskChildOptions,
): Promise<Pid> {
  checkTask(fn);
  const callers = callersFor(currentProcess());
  const context = callerContext(options, 'inherit');
  const start = (): Pid => newLinkedTask(fn, callers, context).pid;
  return (await startTaskChild(supervisor, start, options)) as Pid;
}

/**
 * Starts a task whose result is awaited, linked with the caller and with the supervisor. Resolves
 * with the task as soon as it has been started.
 *
 * Source: `Task.Supervisor.async/3`.
 * @throws {TaskLimitError} when there are `maxChildren` tasks.
 * @example
 * const task = await Task.Supervisor.async('tasks', () => fetchPrice(item));
 * const price = await task.await();
 */
function async<T>(
  supervisor: ServerRef,
  fn: TaskBody<T>,
  options?: SupervisedTaskOptions,
): Promise<TaskHandle<T>> {
  return startAnsweringChild(supervisor, fn, options, true);
}

/**
 * The same without a link to the caller: a failure is a rejection of `await`, or a `DOWN` message
 * if the caller does not await.
 *
 * Source: `Task.Supervisor.async_nolink/3`.
 * @throws {TaskLimitError} when there are `maxChildren` tasks.
 * @example
 * const task = await Task.Supervisor.asyncNolink('tasks', () => parse(untrusted));
 * const result = await task.yield();
 */
function asyncNolink<T>(
  supervisor: ServerRef,
  fn: TaskBody<T>,
  options?: SupervisedTaskOptions,
): Promise<TaskHandle<T>> {
  return startAnsweringChild(supervisor, fn, options, false);
}

/**
 * As `Task.asyncStream`, with tasks that are children of the supervisor. Keep `maxConcurrency`
 * within its `maxChildren`.
 *
 * Source: `Task.Supervisor.async_stream/4`.
 * @throws {TaskLimitError} while iterating, when there are `maxChildren` tasks.
 * @example
 * for await (const item of Task.Supervisor.asyncStream('tasks', urls, download)) use(item);
 */
function asyncStream<T, Input>(
  supervisor: ServerRef,
  items: Iterable<Input> | AsyncIterable<Input>,
  fn: (input: Input) => T | PromiseLike<T>,
  options?: SupervisedStreamOptions,
): TaskStream<T, Input> {
  return supervisedStream(supervisor, items, fn, options, true);
}

/**
 * The same without links to the caller: a failed task is always an `exit` item.
 *
 * Source: `Task.Supervisor.async_stream_nolink/4`.
 * @example
 * for await (const item of Task.Supervisor.asyncStreamNolink('tasks', files, parse)) use(item);
 */
function asyncStreamNolink<T, Input>(
  supervisor: ServerRef,
  items: Iterable<Input> | AsyncIterable<Input>,
  fn: (input: Input) => T | PromiseLike<T>,
  options?: SupervisedStreamOptions,
): TaskStream<T, Input> {
  return supervisedStream(supervisor, items, fn, options, false);
}

/**
 * The tasks that run.
 *
 * Source: `Task.Supervisor.children/1`.
 * @example
 * (await Task.Supervisor.children('tasks')).length;
 */
async function children(supervisor: ServerRef): Promise<Pid[]> {
  const all = await DynamicSupervisor.whichChildren(supervisor);
  return all.map(({ pid }) => pid).filter((pid) => Pid.isPid(pid));
}

/**
 * How many tasks run, and how many of them are alive.
 *
 * Source: `supervisor:count_children/1`, which a Task.Supervisor answers as any other.
 * @example
 * const { active } = await Task.Supervisor.countChildren('tasks');
 */
function countTasks(supervisor: ServerRef): Promise<ChildCounts> {
  return DynamicSupervisor.countChildren(supervisor);
}

/**
 * A running supervisor of tasks. Each of its functions is also `Task.Supervisor.…(supervisor, …)`,
 * where it is described.
 */
export class TaskSupervisorHandle implements AsyncDisposable {
  readonly pid: Pid;

  constructor(pid: Pid) {
    this.pid = pid;
  }

  /**
   * Starts a task without a result for the caller.
   * @throws {SupervisorError} with reason `'max_children'`.
   */
  startChild(fn: TaskBody<unknown>, options?: TaskChildOptions): Promise<Pid> {
    return startChild(this.pid, fn, options);
  }

  /**
   * Starts a task whose result is awaited, linked with the caller and the supervisor.
   * @throws {TaskLimitError} when there are `maxChildren` tasks.
   */
  async<T>(fn: TaskBody<T>, options?: SupervisedTaskOptions): Promise<TaskHandle<T>> {
    return async(this.pid, fn, options);
  }

  /**
   * The same without a link to the caller.
   * @throws {TaskLimitError} when there are `maxChildren` tasks.
   */
  asyncNolink<T>(fn: TaskBody<T>, options?: SupervisedTaskOptions): Promise<TaskHandle<T>> {
    return asyncNolink(this.pid, fn, options);
  }

  /**
   * Runs a function on each item, each in a task of its own.
   * @throws {TaskLimitError} while iterating.
   */
  asyncStream<T, Input>(
    items: Iterable<Input> | AsyncIterable<Input>,
    fn: (input: Input) => T | PromiseLike<T>,
    options?: SupervisedStreamOptions,
  ): TaskStream<T, Input> {
    return asyncStream(this.pid, items, fn, options);
  }

  /** The same without links to the caller: a failed task is an `exit` item. */
  asyncStreamNolink<T, Input>(
    items: Iterable<Input> | AsyncIterable<Input>,
    fn: (input: Input) => T | PromiseLike<T>,
    options?: SupervisedStreamOptions,
  ): TaskStream<T, Input> {
    return asyncStreamNolink(this.pid, items, fn, options);
  }

  /** The tasks that run. */
  children(): Promise<Pid[]> {
    return children(this.pid);
  }

  /** How many tasks run, and how many of them are alive. */
  countChildren(): Promise<ChildCounts> {
    return countTasks(this.pid);
  }

  /**
   * Stops a task.
   * @throws {SupervisorError} with reason `'not_found'` when this supervisor has no such task.
   */
  terminateChild(pid: Pid): Promise<void> {
    return DynamicSupervisor.terminateChild(this.pid, pid);
  }

  /** Stops the supervisor, its tasks first. */
  stop(reason?: ExitReason, timeout?: number | 'infinity'): Promise<void> {
    return stopServer(this.pid, reason, timeout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (whereis(this.pid) !== undefined) await this.stop();
  }
}

/** Supervisors of tasks, and what can be done with any of them by pid or name. */
export const TaskSupervisor: {
  readonly startLink: typeof startLink;
  readonly childSpec: typeof childSpec;
  readonly startChild: typeof startChild;
  readonly async: typeof async;
  readonly asyncNolink: typeof asyncNolink;
  readonly asyncStream: typeof asyncStream;
  readonly asyncStreamNolink: typeof asyncStreamNolink;
  readonly children: typeof children;
  readonly countChildren: typeof countTasks;
  /**
   * Stops a task.
   *
   * Source: `Task.Supervisor.terminate_child/2`.
   * @throws {SupervisorError} with reason `'not_found'` when this supervisor has no such task.
   * @example
   * await Task.Supervisor.terminateChild('tasks', worker);
   */
  readonly terminateChild: typeof DynamicSupervisor.terminateChild;
  readonly stop: typeof stopServer;
} = Object.freeze({
  startLink,
  childSpec,
  startChild,
  async,
  asyncNolink,
  asyncStream,
  asyncStreamNolink,
  children,
  countChildren: countTasks,
  terminateChild: DynamicSupervisor.terminateChild,
  stop: stopServer,
});

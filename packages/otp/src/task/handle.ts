/** A running task, as its starter sees it. */
import { brand, brandKey, type Brand } from '../process/values/brand.ts';
import { currentProcess } from '../process/context.ts';
import { BadArgumentError, checkTimeout } from '../process/errors.ts';
import { ExitError, type ExitReason } from '../process/exit-reason.ts';
import { outside, unlinkProcesses } from '../process/links/link.ts';
import { isProcess } from '../process/local-process.ts';
import type { MonitorRef } from '../process/links/monitor.ts';
import { processOf, type Pid } from '../process/pid.ts';
import { signalExit } from '../process/links/signals.ts';
import { deathOf } from './death.ts';
import { TaskError, TaskOwnerError, type TaskCall } from './errors.ts';
import type { TaskNews, TaskRef } from './task-ref.ts';
import { nextNews } from './wait.ts';

/** What became of a task. */
export type TaskResult<T> =
  | { readonly type: 'ok'; readonly value: T }
  | { readonly type: 'exit'; readonly reason: ExitReason };

const defaultTimeout = 5000;
const taskBrand = brand('task');

let refOf: <T>(task: TaskHandle<T>) => TaskRef<T>;

/**
 * A task that was started to be waited for. Only its owner, the process that started it (or plain
 * code, if that did), may ask for the result; other processes get a {@link TaskOwnerError}.
 *
 * Source: Elixir's `Task` struct.
 */
export class TaskHandle<T> {
  readonly #ref: TaskRef<T>;
  /** The process that runs it; undefined for `Task.completed`. */
  readonly pid: Pid | undefined;

  static {
    refOf = (task) => task.#ref;
  }

  constructor(ref: TaskRef<T>, pid: Pid | undefined) {
    this.#ref = ref;
    this.pid = pid;
  }

  /** @internal */
  get [brandKey](): Brand {
    return taskBrand;
  }

  /** Identifies its messages in the mailbox of the owner, see {@link TaskMessage}. */
  get ref(): MonitorRef {
    return this.#ref;
  }

  /** The process that started it; undefined for plain code. */
  get owner(): Pid | undefined {
    const { inbox } = this.#ref;
    return isProcess(inbox) ? inbox.pid : undefined;
  }

  /**
   * Waits for the result, 5000 ms at most. Await a task once: afterwards its result is gone.
   *
   * After a timeout the task goes on, and what it answers later is dropped.
   *
   * Source: `Task.await/2`.
   * @throws {TaskError} when the task ends without an answer, or does not answer in time.
   * @throws {TaskOwnerError} in any process but its owner.
   * @example
   * const task = Task.async(() => fetchPrice(item));
   * const price = await task.await();
   */
  async await(timeout: number | 'infinity' = defaultTimeout): Promise<T> {
    this.#check(timeout);
    const call: TaskCall = ['Task', 'await', [this, timeout]];
    const news = await nextNews(this.#ref, timeout);
    if (news === undefined) {
      this.#ref.giveUp();
      throw new TaskError('timeout', call);
    }
    const result = resultOf(this, news);
    if (result.type === 'exit') throw new TaskError(result.reason, call);
    return result.value;
  }

  /**
   * Waits for the result, 5000 ms at most: undefined when there is none yet, and it may be asked
   * again. Nothing is thrown when the task has failed.
   *
   * Source: `Task.yield/2`.
   * @throws {TaskOwnerError} in any process but its owner.
   * @example
   * const result = (await task.yield(1000)) ?? (await task.shutdown());
   */
  async yield(timeout: number | 'infinity' = defaultTimeout): Promise<TaskResult<T> | undefined> {
    this.#check(timeout);
    const news = await nextNews(this.#ref, timeout);
    return news === undefined ? undefined : resultOf(this, news);
  }

  /**
   * Unlinks and stops the task: by `'shutdown'` and, when it is still alive after `timeout` ms
   * (5000), by `'kill'`; `'brutal_kill'` kills at once. Resolves with its result if it had one,
   * undefined if it ended by this, and its exit reason otherwise. Leaves no message behind.
   *
   * Source: `Task.shutdown/2`.
   * @throws {TaskOwnerError} in any process but its owner.
   * @example
   * await task.shutdown('brutal_kill');
   */
  async shutdown(
    timeout: number | 'infinity' | 'brutal_kill' = defaultTimeout,
  ): Promise<TaskResult<T> | undefined> {
    if (timeout === 'brutal_kill') this.#checkOwner();
    else this.#check(timeout);
    if (this.pid === undefined) return this.ignore();
    const brutal = timeout === 'brutal_kill';
    const ended = deathOf(this.pid, brutal ? 'infinity' : timeout);
    this.#end(brutal ? 'kill' : 'shutdown');
    let death = await ended;
    if (death === undefined) {
      const killed = deathOf(this.pid, 'infinity');
      this.#end('kill');
      death = await killed;
    }
    return this.#resultAfter(death?.reason, brutal ? 'killed' : 'shutdown');
  }

  /**
   * Gives the task up: unlinks it and drops what it answers later. Gives its result if it is there
   * already, undefined otherwise.
   *
   * Source: `Task.ignore/1`.
   * @throws {TaskOwnerError} in any process but its owner.
   * @example
   * task.ignore();
   */
  ignore(): TaskResult<T> | undefined {
    this.#checkOwner();
    const news = this.#ref.poll();
    if (news !== undefined) return resultOf(this, news);
    this.#unlink();
    this.#ref.giveUp();
    return undefined;
  }

  #check(timeout: number | 'infinity'): void {
    checkTimeout('timeout', timeout);
    this.#checkOwner();
  }

  #checkOwner(): void {
    const { inbox } = this.#ref;
    const caller = currentProcess();
    // Code that goes on after the death of its process must not end anything.
    if (caller?.dead === true) throw new ExitError(caller.exitReason);
    if (isProcess(inbox) ? inbox === caller : caller === undefined) return;
    throw new TaskOwnerError(this.owner, caller?.pid);
  }

  #unlink(): void {
    const { inbox } = this.#ref;
    if (isProcess(inbox) && this.pid !== undefined) unlinkProcesses(inbox, this.pid);
  }

  #end(reason: 'shutdown' | 'kill'): void {
    this.#unlink();
    const process = this.pid === undefined ? undefined : processOf(this.pid);
    if (process !== undefined) signalExit(process, this.owner ?? outside, reason);
  }

  /** What a task that is dead by now came to; `expected` is the reason with which it was ended. */
  #resultAfter(reason: ExitReason, expected: string): TaskResult<T> | undefined {
    const news = reason === 'noproc' ? this.#ref.poll() : undefined;
    const answer = news?.type === 'task' ? news : this.#ref.pollAnswer();
    this.#ref.giveUp();
    if (answer !== undefined) return { type: 'ok', value: answer.value };
    const why = news?.type === 'DOWN' ? news.reason : reason;
    return why === expected ? undefined : { type: 'exit', reason: why };
  }
}

/** Takes the news of a task as its result, after which nothing more comes from it. */
export function resultOf<T>(task: TaskHandle<T>, news: TaskNews<T>): TaskResult<T> {
  refOf(task).giveUp();
  return news.type === 'task'
    ? { type: 'ok', value: news.value }
    : { type: 'exit', reason: news.reason };
}

/** The refs of tasks that are asked together. */
export function refsOf<T>(tasks: ReadonlyArray<TaskHandle<T>>): Map<TaskRef<T>, TaskHandle<T>> {
  if (!Array.isArray(tasks)) throw new BadArgumentError('tasks', tasks, 'a list of tasks');
  const caller = currentProcess();
  const refs = new Map<TaskRef<T>, TaskHandle<T>>();
  for (const task of tasks as ReadonlyArray<TaskHandle<T>>) {
    if (!(task instanceof TaskHandle)) throw new BadArgumentError('tasks', task, 'a list of tasks');
    if (task.owner !== caller?.pid) throw new TaskOwnerError(task.owner, caller?.pid);
    refs.set(refOf(task), task);
  }
  return refs;
}

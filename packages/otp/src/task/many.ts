/** Waiting for several tasks under one deadline. */
import { clock } from '../process/time/clock.ts';
import { BadArgumentError, checkTimeout } from '../process/errors.ts';
import { TaskError } from './errors.ts';
import { refsOf, resultOf, type TaskHandle, type TaskResult } from './handle.ts';
import type { TaskRef } from './task-ref.ts';
import { newsOf } from './wait.ts';

/** The results of a list of tasks, each with its own type. */
export type TaskValues<Tasks extends ReadonlyArray<TaskHandle<unknown>>> = {
  -readonly [K in keyof Tasks]: Tasks[K] extends TaskHandle<infer T> ? T : never;
};

/** The same for {@link yieldMany}. */
export type TaskResults<Tasks extends ReadonlyArray<TaskHandle<unknown>>> = {
  -readonly [K in keyof Tasks]: [
    task: Tasks[K],
    result: (Tasks[K] extends TaskHandle<infer T> ? TaskResult<T> : never) | undefined,
  ];
};

/** Options of {@link yieldMany}. */
export interface YieldManyOptions {
  /** Milliseconds to wait, 5000 by default, or `'infinity'`. */
  readonly timeout?: number | 'infinity';
  /** How many results are enough; all by default. */
  readonly limit?: number;
  /**
   * What happens at the timeout to tasks without a result: `'nothing'` (default), they can be
   * asked again; `'ignore'`, they are given up; `'kill_task'`, they are killed.
   */
  readonly onTimeout?: 'nothing' | 'ignore' | 'kill_task';
}

/**
 * Waits for the results of all tasks, in their order, 5000 ms at most for all together.
 *
 * The first failure, or the timeout, ends the wait: the other tasks go on, and what they answer
 * later is dropped.
 *
 * Source: `Task.await_many/2`.
 * @throws {TaskError} for the first task that fails, or the timeout.
 * @throws {TaskOwnerError} when one of them was started by another process.
 * @example
 * const [user, orders] = await Task.awaitMany([Task.async(loadUser), Task.async(loadOrders)]);
 */
export async function awaitMany<const Tasks extends ReadonlyArray<TaskHandle<unknown>>>(
  tasks: Tasks,
  timeout: number | 'infinity' = 5000,
): Promise<TaskValues<Tasks>> {
  checkTimeout('timeout', timeout);
  const awaiting = refsOf(tasks);
  const values = new Map<TaskHandle<unknown>, unknown>();
  const remaining = deadline(timeout);
  const fail = (why: unknown): TaskError => {
    for (const ref of awaiting.keys()) ref.giveUp();
    return new TaskError(why, ['Task', 'awaitMany', [tasks, timeout]]);
  };
  const source = newsOf(awaiting);
  try {
    while (awaiting.size > 0) {
      const news = await source.next(remaining());
      if (news === undefined) throw fail('timeout');
      const task = takeTask(awaiting, news.ref);
      const result = resultOf(task, news);
      if (result.type === 'exit') throw fail(result.reason);
      values.set(task, result.value);
    }
  } finally {
    source.close();
  }
  return tasks.map((task) => values.get(task)) as TaskValues<Tasks>;
}

/**
 * Waits for the results of several tasks, 5000 ms at most for all together, and gives each task
 * with its result, in their order; undefined for those that have none yet.
 *
 * Source: `Task.yield_many/2`.
 * @throws {TaskOwnerError} when one of them was started by another process.
 * @example
 * for (const [task, result] of await Task.yieldMany(tasks, { timeout: 1000 })) {
 *   if (result === undefined) await task.shutdown();
 * }
 */
export async function yieldMany<const Tasks extends ReadonlyArray<TaskHandle<unknown>>>(
  tasks: Tasks,
  options: YieldManyOptions | number | 'infinity' = {},
): Promise<TaskResults<Tasks>> {
  const { timeout, limit, onTimeout } = checkYieldOptions(options);
  const awaiting = refsOf(tasks);
  const enough = Math.max(0, awaiting.size - (limit ?? awaiting.size));
  const results = new Map<TaskHandle<unknown>, TaskResult<unknown> | undefined>();
  const remaining = deadline(timeout);
  const source = newsOf(awaiting);
  try {
    while (awaiting.size > enough) {
      const news = await source.next(remaining());
      if (news === undefined) break;
      const task = takeTask(awaiting, news.ref);
      results.set(task, resultOf(task, news));
    }
  } finally {
    source.close();
  }
  if (awaiting.size > enough) {
    for (const task of awaiting.values()) results.set(task, await giveUp(task, onTimeout));
  }
  return tasks.map((task) => [task, results.get(task)]) as TaskResults<Tasks>;
}

function giveUp<T>(
  task: TaskHandle<T>,
  onTimeout: YieldManyOptions['onTimeout'],
): Promise<TaskResult<T> | undefined> | TaskResult<T> | undefined {
  if (onTimeout === 'kill_task') return task.shutdown('brutal_kill');
  return onTimeout === 'ignore' ? task.ignore() : undefined;
}

function checkYieldOptions(options: YieldManyOptions | number | 'infinity'): {
  timeout: number | 'infinity';
  limit: number | undefined;
  onTimeout: YieldManyOptions['onTimeout'];
} {
  const given = typeof options === 'object' ? options : { timeout: options };
  const { timeout = 5000, limit, onTimeout = 'nothing' } = given;
  checkTimeout('timeout', timeout);
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    throw new BadArgumentError('limit', limit, 'a positive integer');
  }
  if (!['nothing', 'ignore', 'kill_task'].includes(onTimeout)) {
    throw new BadArgumentError('onTimeout', onTimeout, "'nothing', 'ignore' or 'kill_task'");
  }
  return { timeout, limit, onTimeout };
}

type Awaiting = Map<TaskRef<unknown>, TaskHandle<unknown>>;

function takeTask(awaiting: Awaiting, ref: unknown): TaskHandle<unknown> {
  const task = awaiting.get(ref as TaskRef<unknown>) as TaskHandle<unknown>;
  awaiting.delete(ref as TaskRef<unknown>);
  return task;
}

/** What is left of a timeout, at each call. */
function deadline(timeout: number | 'infinity'): () => number | 'infinity' {
  if (timeout === 'infinity') return () => 'infinity';
  const end = clock().now() + timeout;
  return () => Math.max(0, Math.ceil(end - clock().now()));
}

/** Task streams: one task for each element of an input. */
import { callerContext } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import { checkStreamOptions, type StreamItem, type StreamOptions } from './stream-options.ts';
import { StreamRun, type StreamPlan } from './stream-run.ts';
import { callersFor } from './callers.ts';
import { newLinkedTask } from './start-task.ts';

/** The results of a stream of tasks. Nothing runs until it is iterated; each iteration runs anew. */
export type TaskStream<T, Input> = AsyncIterable<StreamItem<T, Input>>;

/** A stream of tasks that are started as `launch` says. */
export function newStream<T, Input>(
  items: Iterable<Input> | AsyncIterable<Input>,
  fn: (input: Input) => T | PromiseLike<T>,
  options: Required<StreamOptions>,
  launch: StreamPlan<T, Input>['launch'],
): TaskStream<T, Input> {
  if (!isIterable(items)) {
    throw new BadArgumentError('items', items, 'an iterable or an async iterable');
  }
  if (typeof fn !== 'function') throw new BadArgumentError('fn', fn, 'a function');
  const plan: StreamPlan<T, Input> = { items, options, launch };
  return { [Symbol.asyncIterator]: () => new StreamRun(plan) };
}

/**
 * Runs a function on each element of an iterable or async iterable, each in a task of its own,
 * and gives the results as an async iterable.
 *
 * The input is read only as results are asked for, and never more than `maxConcurrency` tasks
 * ahead. The tasks are linked with the process that iterates: when one fails, the process ends
 * with it, unless it traps exits; then, and in plain code, the failure is an `exit` item. Leaving
 * the loop early kills the tasks that still run.
 *
 * Defaults: `maxConcurrency` the number of cores, `ordered` true, `timeout` 5000 ms for each task
 * from its start, `onTimeout` `'exit'`.
 *
 * Source: `Task.async_stream/3`.
 * @throws {TaskError} while iterating, when a task takes longer than `timeout`.
 * @example
 * for await (const item of Task.asyncStream(urls, download, { maxConcurrency: 4 })) {
 *   if (item.type === 'ok') save(item.value);
 * }
 */
export function asyncStream<T, Input>(
  items: Iterable<Input> | AsyncIterable<Input>,
  fn: (input: Input) => T | PromiseLike<T>,
  options?: StreamOptions,
): TaskStream<T, Input> {
  const checked = checkStreamOptions(options);
  return newStream(items, fn, checked, (task, owner) => {
    const context = callerContext(checked, 'inherit');
    const process = newLinkedTask(task.body(fn), callersFor(owner), context);
    task.started(process, checked.timeout);
  });
}

function isIterable(value: unknown): boolean {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' && typeof value !== 'function') return false;
  return value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

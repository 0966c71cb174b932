/** Options and items of task streams. */
import { availableParallelism } from 'node:os';
import type { ContextOptions } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import type { ExitReason } from '../process/exit-reason.ts';

/** Options of `Task.asyncStream`. */
export interface StreamOptions extends ContextOptions {
  /** How many tasks run at the same time; by default as many as there are cores. */
  readonly maxConcurrency?: number;
  /** Whether results come in the order of the input (default), or as the tasks end. */
  readonly ordered?: boolean;
  /** Milliseconds for each task, from its own start; 5000 by default, or `'infinity'`. */
  readonly timeout?: number | 'infinity';
  /**
   * What happens when a task takes longer. It is killed either way: `'exit'` (default) ends the
   * stream with a {@link TaskError}, `'kill_task'` gives an `exit` item with reason `'timeout'`.
   */
  readonly onTimeout?: 'exit' | 'kill_task';
}

/** What became of one element of the input. */
export type StreamItem<T, Input = unknown> =
  | { readonly type: 'ok'; readonly value: T }
  | { readonly type: 'exit'; readonly reason: ExitReason; readonly input: Input };

const known: ReadonlySet<string> = new Set([
  'maxConcurrency',
  'ordered',
  'timeout',
  'onTimeout',
  'context',
]);

/** The options with their defaults; throws for one that is not valid. */
export function checkStreamOptions(options: StreamOptions = {}): Required<StreamOptions> {
  for (const key of Object.keys(options)) {
    if (!known.has(key))
      throw new BadArgumentError('options', key, `made of ${[...known].join(', ')}`);
  }
  const {
    maxConcurrency = availableParallelism(),
    ordered = true,
    timeout = 5000,
    onTimeout = 'exit',
    context = 'inherit',
  } = options;
  if (!Number.isSafeInteger(maxConcurrency) || maxConcurrency < 1) {
    throw new BadArgumentError('maxConcurrency', maxConcurrency, 'an integer greater than zero');
  }
  if (typeof ordered !== 'boolean') throw new BadArgumentError('ordered', ordered, 'a boolean');
  if (timeout !== 'infinity' && !(Number.isSafeInteger(timeout) && timeout >= 0)) {
    throw new BadArgumentError('timeout', timeout, "a number of milliseconds >= 0 or 'infinity'");
  }
  if (onTimeout !== 'exit' && onTimeout !== 'kill_task') {
    throw new BadArgumentError('onTimeout', onTimeout, "'exit' or 'kill_task'");
  }
  return { maxConcurrency, ordered, timeout, onTimeout, context };
}

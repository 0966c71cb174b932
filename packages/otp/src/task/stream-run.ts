/** One pass through a task stream. */
import { currentProcess } from '../process/context.ts';
import type { Process } from '../process/process.ts';
import { isThenable } from '../process/values/thenable.ts';
import { Ring } from '../process/values/ring.ts';
import { TaskError } from './errors.ts';
import type { StreamItem, StreamOptions } from './stream-options.ts';
import { StreamTask, type StreamTaskEnd } from './stream-task.ts';

/** What a stream is made of. */
export interface StreamPlan<T, Input> {
  readonly items: Iterable<Input> | AsyncIterable<Input>;
  readonly options: Required<StreamOptions>;
  /** Makes the process of a task and tells the task; may have to ask a supervisor for it. */
  readonly launch: (task: StreamTask<T, Input>, owner: Process | undefined) => void | Promise<void>;
}

type Step<Input> = IteratorResult<Input, unknown>;
type Source<Input> = Iterator<Input> | AsyncIterator<Input>;
type Item<T, Input> = StreamItem<T, Input>;

const done = { done: true, value: undefined } as const;

/**
 * The iterator of a task stream.
 *
 * Everything happens when the consumer asks: the input is read and tasks are started as long as
 * there are slots, then the oldest event is taken. Tasks that run meanwhile go on running, but
 * nothing new is started for a consumer that does not ask. A slot is free again when the end of
 * its task has been taken note of, not when its result is delivered.
 *
 * Source: `Task.Supervised.stream/7`.
 */
export class StreamRun<T, Input> implements AsyncIterator<Item<T, Input>, undefined> {
  readonly #plan: StreamPlan<T, Input>;
  readonly #owner: Process | undefined;
  readonly #input: Source<Input>;
  readonly #tasks: Set<StreamTask<T, Input>> = new Set();
  /** Tasks that have ended, in the order of their ends. */
  readonly #ends: Ring<[task: StreamTask<T, Input>, end: StreamTaskEnd<T>]> = new Ring();
  /** Ordered streams: results that wait for an earlier one. */
  readonly #waiting: Map<number, Item<T, Input>> = new Map();
  #started = 0;
  #delivered = 0;
  #running = 0;
  #inputDone = false;
  /** The next element of an async input: asked for, or there and not yet used. */
  #pull: 'pending' | (() => Step<Input>) | undefined;
  /** Something has changed since the consumer looked last. */
  #changed = false;
  #resume: (() => void) | undefined;
  #closed = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(plan: StreamPlan<T, Input>) {
    this.#plan = plan;
    this.#owner = currentProcess();
    const { items } = plan;
    this.#input =
      Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  }

  next(): Promise<IteratorResult<Item<T, Input>, undefined>> {
    const result = this.#turn.then(() => this.#advance());
    this.#turn = result.catch(() => {});
    return result;
  }

  async return(): Promise<IteratorResult<Item<T, Input>, undefined>> {
    await this.#close();
    return done;
  }

  async #advance(): Promise<IteratorResult<Item<T, Input>, undefined>> {
    try {
      for (;;) {
        this.#changed = false;
        const ready = this.#take();
        if (ready !== undefined) return { done: false, value: ready };
        await this.#fill();
        if (this.#closed) return done;
        if (this.#inputDone && this.#started === this.#delivered) {
          this.#closed = true;
          return done;
        }
        const end = this.#ends.size > 0 ? this.#ends.shift() : undefined;
        if (end === undefined) await this.#change();
        else {
          const item = this.#taskEnded(...end);
          if (item !== undefined) return { done: false, value: item };
        }
      }
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  /** The next result of an ordered stream, if it is there. */
  #take(): Item<T, Input> | undefined {
    const item = this.#waiting.get(this.#delivered);
    if (item === undefined) return undefined;
    this.#waiting.delete(this.#delivered);
    this.#delivered++;
    return item;
  }

  /** Starts tasks while there are slots and input. */
  async #fill(): Promise<void> {
    const { maxConcurrency } = this.#plan.options;
    while (!this.#closed && !this.#inputDone && this.#running < maxConcurrency) {
      const step = this.#read();
      if (step === undefined) return;
      if (step.done === true) {
        this.#inputDone = true;
        return;
      }
      const task = new StreamTask<T, Input>(this.#started, step.value, this.#owner, this.#onEnd);
      this.#started++;
      this.#running++;
      this.#tasks.add(task);
      await this.#plan.launch(task, this.#owner);
      if (this.#closed) task.discard();
    }
  }

  /** The next element of the input; undefined while an async input has not given it. */
  #read(): Step<Input> | undefined {
    const pull = this.#pull;
    if (pull === 'pending') return undefined;
    if (pull !== undefined) {
      this.#pull = undefined;
      return pull();
    }
    const step = this.#ask();
    if (!isThenable(step)) return step;
    this.#pull = 'pending';
    const arrived = (use: () => Step<Input>) => (): void => {
      this.#pull = use;
      this.#wake();
    };
    step.then(
      (value) => arrived(() => value)(),
      (error: unknown) => arrived(() => this.#failedInput(error))(),
    );
    return undefined;
  }

  #ask(): Step<Input> | Promise<Step<Input>> {
    try {
      return this.#input.next();
    } catch (error) {
      return this.#failedInput(error);
    }
  }

  /** An input that has thrown is at its end, and is not asked to return. */
  #failedInput(error: unknown): never {
    this.#inputDone = true;
    throw error;
  }

  readonly #onEnd = (task: StreamTask<T, Input>, end: StreamTaskEnd<T>): void => {
    this.#tasks.delete(task);
    this.#ends.push([task, end]);
    this.#wake();
  };

  /** Frees the slot of an ended task; gives its result if that is to be delivered now. */
  #taskEnded(task: StreamTask<T, Input>, end: StreamTaskEnd<T>): Item<T, Input> | undefined {
    const { ordered, onTimeout, timeout } = this.#plan.options;
    this.#running--;
    if (end.type === 'timeout' && onTimeout === 'exit') {
      throw new TaskError('timeout', ['Task.Supervised', 'stream', [timeout]]);
    }
    const item: Item<T, Input> =
      end.type === 'ok'
        ? end
        : {
            type: 'exit',
            reason: end.type === 'timeout' ? 'timeout' : end.reason,
            input: task.input,
          };
    if (ordered) {
      this.#waiting.set(task.position, item);
      return this.#take();
    }
    this.#delivered++;
    return item;
  }

  /** Resolves when a task has ended, the input has given its element, or the stream is closed. */
  #change(): Promise<void> {
    if (this.#changed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  #wake(): void {
    this.#changed = true;
    this.#resume?.();
    this.#resume = undefined;
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const task of this.#tasks) task.discard();
    this.#tasks.clear();
    this.#waiting.clear();
    this.#wake();
    if (this.#inputDone) return;
    this.#inputDone = true;
    const closing = this.#input.return?.();
    // An input that is still busy with its next element may never get to this.
    if (this.#pull === 'pending') void Promise.resolve(closing).catch(() => {});
    else await closing;
  }
}

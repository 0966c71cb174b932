/** One task of a stream. */
import { arm, type Timer, type TimeoutTarget } from '../process/time/clock.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { outside, unlinkProcesses } from '../process/links/link.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { isThenable } from '../process/values/thenable.ts';
import { signalExit } from '../process/links/signals.ts';
import { attachWatch, Watch } from '../process/links/watch.ts';

/** How a task of a stream ended. */
export type StreamTaskEnd<T> =
  | { readonly type: 'ok'; readonly value: T }
  | { readonly type: 'exit'; readonly reason: ExitReason }
  | { readonly type: 'timeout' };

/**
 * Watches one task without using its owner's mailbox: what it answers is kept here, and its end
 * is told to the stream.
 */
export class StreamTask<T, Input> extends Watch implements TimeoutTarget {
  readonly position: number;
  readonly input: Input;
  readonly #owner: Process | undefined;
  readonly #ended: (task: StreamTask<T, Input>, end: StreamTaskEnd<T>) => void;
  #process: Process | undefined;
  #answer: { readonly value: T } | undefined;
  #timer: Timer | undefined;
  #timedOut = false;
  /** The stream has ended before this task began. */
  discarded = false;

  constructor(
    position: number,
    input: Input,
    owner: Process | undefined,
    ended: (task: StreamTask<T, Input>, end: StreamTaskEnd<T>) => void,
  ) {
    super();
    this.position = position;
    this.input = input;
    this.#owner = owner;
    this.#ended = ended;
  }

  /** What the process of the task does: calls the function and keeps what it gives. */
  body(fn: (input: Input) => T | PromiseLike<T>): () => unknown {
    return () => {
      const result = fn(this.input);
      if (!isThenable(result)) {
        this.#answer = { value: result };
        return undefined;
      }
      return result.then((value) => {
        if (this.#process?.dead === false) this.#answer = { value };
      });
    };
  }

  /** Its process was made; its time runs from here. */
  started(process: Process, timeout: number | 'infinity'): void {
    this.#process = process;
    attachWatch(this, process, this.#owner);
    if (timeout !== 'infinity') this.#timer = arm(this, timeout);
  }

  /** The stream needs it no more: no link, no news, and no process stay behind. */
  discard(): void {
    this.discarded = true;
    this.unwatch();
    this.#kill();
  }

  onTimeout(): void {
    this.#timer = undefined;
    this.#timedOut = true;
    this.#kill();
  }

  protected override down(pid: Pid, reason: ExitReason): void {
    this.#timer?.cancel();
    // A stream gives the failure as an item; an owner that traps exits must not get it twice.
    if (this.#owner?.trapExit === true) unlinkProcesses(this.#owner, pid);
    if (this.#answer !== undefined) this.#ended(this, { type: 'ok', value: this.#answer.value });
    else if (this.#timedOut) this.#ended(this, { type: 'timeout' });
    else this.#ended(this, { type: 'exit', reason });
  }

  protected override ownerDown(): void {
    this.#kill();
  }

  #kill(): void {
    this.#timer?.cancel();
    const process = this.#process;
    if (process === undefined) return;
    if (this.#owner !== undefined) unlinkProcesses(this.#owner, process.pid);
    signalExit(process, this.#owner?.pid ?? outside, 'kill');
  }
}

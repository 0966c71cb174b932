/** Selective receive. */
import { arm, type Timer, type TimeoutTarget } from '../time/clock.ts';
import { requireProcess } from '../context.ts';
import { BadArgumentError, checkTimeout, ReceiveTimeoutError, timeoutOf } from '../errors.ts';
import type { Process, Receiver } from '../process.ts';
import { reduction } from '../scheduler.ts';

/** Options of {@link receive}. */
export interface ReceiveOptions {
  /** Milliseconds to wait, or `'infinity'` (default). 0 looks at the mailbox only. */
  readonly timeout?: number | 'infinity';
}

const any = (): boolean => true;

/**
 * Takes the oldest message that matches out of the mailbox of the current process, waiting for
 * one if need be. Messages that do not match stay in their order.
 *
 * Source: the `receive` expression of Erlang.
 * @throws {ReceiveTimeoutError} when no message matched within `timeout`.
 * @example
 * const isPong = (m: unknown): m is 'pong' => m === 'pong';
 * const pong = await receive(isPong, { timeout: 1000 });
 */
export function receive<T>(
  match: (message: unknown) => message is T,
  options?: ReceiveOptions,
): Promise<T>;
export function receive(
  match?: (message: unknown) => boolean,
  options?: ReceiveOptions,
): Promise<unknown>;
export function receive(
  match: (message: unknown) => boolean = any,
  options?: ReceiveOptions,
): Promise<unknown> {
  const process = requireProcess('receive()');
  if (typeof match !== 'function') throw new BadArgumentError('match', match, 'a function');
  const timeout = timeoutOf(options, 'infinity');
  checkTimeout('timeout', timeout);
  const pause = reduction();
  return pause === undefined
    ? take(process, match, timeout)
    : pause.then(() => take(process, match, timeout));
}

function take(
  process: Process,
  match: (message: unknown) => boolean,
  timeout: number | 'infinity',
): Promise<unknown> {
  if (process.dead) return new Promise(() => {});
  if (match === any && process.hasMessage) return Promise.resolve(process.takeOldest());
  try {
    const found = process.takeMatching(match);
    if (found !== undefined) return Promise.resolve(found.message);
  } catch (error) {
    return Promise.reject(error); // the predicate, or a message that is a hostile promise
  }
  if (process.dead) return new Promise(() => {});
  if (timeout === 0) return Promise.reject(new ReceiveTimeoutError(0));
  const receiver = new PendingReceive(process, match);
  const message = receiver.message();
  if (timeout !== 'infinity') receiver.arm(timeout);
  process.addReceiver(receiver);
  return message;
}

class PendingReceive implements Receiver, TimeoutTarget {
  readonly accepts: (message: unknown) => boolean;
  next: Receiver | undefined = undefined;
  readonly #process: Process;
  #resolve: ((message: never) => void) | undefined = undefined;
  #reject: ((error: unknown) => void) | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #timeout = 0;

  constructor(process: Process, accepts: (message: unknown) => boolean) {
    this.#process = process;
    this.accepts = accepts;
  }

  get acceptsAll(): boolean {
    return this.accepts === any;
  }

  /** The promise of what it is given; to be asked for once. */
  message(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  arm(timeout: number): void {
    this.#timeout = timeout;
    this.#timer = arm(this, timeout);
  }

  deliver(message: unknown): void {
    this.#timer?.cancel();
    this.#resolve?.(message as never);
  }

  fail(error: unknown): void {
    this.#timer?.cancel();
    this.#reject?.(error);
  }

  drop(): void {
    this.#timer?.cancel();
  }

  onTimeout(): void {
    this.#timer = undefined;
    const process = this.#process;
    // A message that arrived before the timer fired, but was not looked at yet, wins.
    process.offer();
    if (!process.removeReceiver(this) || process.dead) return;
    this.#reject?.(new ReceiveTimeoutError(this.#timeout));
  }
}

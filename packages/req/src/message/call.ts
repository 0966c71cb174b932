/** What the attempts of one call have in common: its time, its signal, how often it was sent. */
import { arm, type Timer } from '@linnet/otp';
import { ReqCancelledError, ReqTimeoutError } from '../errors/index.ts';
import type { ResolvedOptions } from '../options/index.ts';
import type { RetryBudget } from '../retry/budget.ts';

/** One call of `req.get` and the like, from its first attempt to its outcome. */
export class Call {
  /** The number of the attempt, 1 at first; redirects count. */
  attempt = 1;
  /** How often a request was sent again because it had failed. */
  retries = 0;
  /** The URLs that redirected. */
  readonly visited: string[] = [];
  /** The value of `authorization` that was refused with 401; once a call, another one is tried. */
  refused: string | undefined;
  /** Whether a request of it was given to Finch, with its body. */
  sent = false;
  /** Whether a part of a response may have gone to the function or the stream of `into`. */
  delivered = false;
  /** The origin of the upstream that was asked last, where `baseUrl` names several. */
  upstream: string | undefined;
  /** Aborts with the caller's signal and at the end of `timeout`. */
  readonly signal: AbortSignal | undefined;
  readonly budget: RetryBudget | undefined;
  readonly #url: string;
  readonly #limit: CallLimit | undefined;

  constructor(url: string, options: ResolvedOptions, budget: RetryBudget | undefined) {
    const { signal, timeout } = options;
    this.#url = url;
    this.budget = budget;
    if (timeout === undefined || timeout === 'infinity') {
      this.signal = signal;
    } else {
      this.#limit = new CallLimit(timeout, signal);
      this.signal = this.#limit.signal;
    }
  }

  /** The error that the call ends with instead of another, when its time or its signal ended it. */
  failure(error: unknown): unknown {
    const limit = this.#limit;
    if (limit?.expired === true) {
      const { timeout } = limit;
      return new ReqTimeoutError({ url: this.#url, timeout, attempts: this.attempt });
    }
    return error;
  }

  /** @throws ReqCancelledError when the call was cancelled. */
  throwIfCancelled(): void {
    if (this.signal?.aborted === true) throw new ReqCancelledError(this.signal.reason);
  }

  /** Waits; rejects with ReqCancelledError when the call is cancelled meanwhile. */
  wait(ms: number): Promise<void> {
    return sleep(ms, this.signal);
  }

  /** The call is over. */
  end(): void {
    this.#limit?.end();
  }
}

/** Waits, unless a signal aborts: then it rejects with ReqCancelledError. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(new ReqCancelledError(signal.reason));
    const onAbort = (): void => {
      timer.cancel();
      reject(new ReqCancelledError(signal?.reason));
    };
    const onTimeout = (): void => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    };
    const timer = arm({ onTimeout }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** A signal that aborts after a time, and with another one. */
class CallLimit {
  readonly timeout: number;
  readonly signal: AbortSignal;
  expired = false;
  readonly #controller = new AbortController();
  readonly #timer: Timer;

  constructor(timeout: number, outer: AbortSignal | undefined) {
    const { signal } = this.#controller;
    this.timeout = timeout;
    // Also after the call, with a body that is still being read then.
    this.signal = outer === undefined ? signal : AbortSignal.any([signal, outer]);
    this.#timer = arm(this, timeout);
  }

  onTimeout(): void {
    this.expired = true;
    this.#controller.abort(
      new DOMException('The call took longer than its timeout', 'TimeoutError'),
    );
  }

  end(): void {
    this.#timer.cancel();
  }
}

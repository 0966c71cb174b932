/** A token bucket with a queue: each request takes a token, or waits until there is one for it. */
import { arm, now, type Timer } from '@linnet/otp';
import { RateLimitError, ReqCancelledError } from '../errors/index.ts';
import type { RateLimitSettings } from '../options/index.ts';

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
}

/** Fills steadily, `requests` tokens in `per` ms, up to `burst`. Waiting is first come, first served. */
export class TokenBucket {
  /** When it was asked last, by the runtime's clock. */
  lastUsed: number = now();
  readonly #origin: string;
  readonly #burst: number;
  readonly #maxQueue: number;
  /** Tokens per ms. */
  readonly #rate: number;
  #tokens: number;
  #filledAt: number = now();
  /** A Set keeps the order, and loses one of the middle at once. */
  readonly #queue = new Set<Waiter>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(origin: string, settings: RateLimitSettings) {
    const { requests, per, burst = requests, maxQueue } = settings;
    this.#origin = origin;
    this.#burst = burst;
    this.#maxQueue = maxQueue;
    this.#rate = per === 0 ? Number.POSITIVE_INFINITY : per === 'infinity' ? 0 : requests / per;
    this.#tokens = burst;
  }

  /** Whether it is of no use to remember. */
  get isAtRest(): boolean {
    this.#fill();
    return this.#queue.size === 0 && this.#tokens >= this.#burst;
  }

  /** Whether no request waits. */
  get isUnused(): boolean {
    return this.#queue.size === 0;
  }

  /** How many requests wait. */
  get queued(): number {
    return this.#queue.size;
  }

  /**
   * Takes a token: at once (undefined), or when the promise resolves. Rejects with RateLimitError or
   * ReqCancelledError.
   */
  take(signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.takeNow()) return undefined;
    const queued = this.#queue.size;
    if (this.#closed || queued >= this.#maxQueue) {
      const reason = this.#closed ? 'down' : 'queue_full';
      return Promise.reject(new RateLimitError({ origin: this.#origin, reason, queued }));
    }
    return this.#wait(signal);
  }

  /** Takes a token if there is one that no one waits for. */
  takeNow(): boolean {
    this.lastUsed = now();
    this.#fill();
    if (this.#queue.size > 0 || this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Its process ended: those who wait are told so. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    for (const waiter of this.#queue) {
      this.#leave(waiter);
      const details = { origin: this.#origin, reason: 'down', queued: this.#queue.size } as const;
      waiter.reject(new RateLimitError(details));
    }
  }

  onTimeout(): void {
    this.#timer = undefined;
    this.#fill();
    for (const waiter of this.#queue) {
      if (this.#tokens < 1) break;
      this.#tokens -= 1;
      this.#leave(waiter);
      waiter.resolve();
    }
    this.#arm();
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(new ReqCancelledError(signal.reason));
      const onAbort = (): void => {
        this.#leave(waiter);
        if (this.#queue.size === 0) this.#timer?.cancel();
        reject(new ReqCancelledError(signal?.reason));
      };
      const waiter: Waiter = { resolve, reject, signal, onAbort };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.add(waiter);
      this.#arm();
    });
  }

  #leave(waiter: Waiter): void {
    this.#queue.delete(waiter);
    waiter.signal?.removeEventListener('abort', waiter.onAbort);
  }

  /** Wakes up when there is a token for the first. */
  #arm(): void {
    if (this.#queue.size === 0 || this.#rate === 0) return;
    this.#timer?.cancel();
    this.#timer = arm(this, Math.max(1, Math.ceil((1 - this.#tokens) / this.#rate)));
  }

  #fill(): void {
    const time = now();
    const filled = this.#tokens + (time - this.#filledAt) * this.#rate;
    this.#tokens = Number.isNaN(filled) ? this.#burst : Math.min(this.#burst, filled);
    this.#filledAt = time;
  }
}

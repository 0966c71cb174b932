/**
 * The limits of a request: how long all of it may take, how long the server may be silent, and the
 * caller's signal, which may end it sooner.
 */
import { arm, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import type { ResolvedRequestOptions } from '../options/index.ts';

/** What the limits are set to. */
interface Limited {
  /** The server was silent for `receiveTimeout`. */
  receiveTimedOut(limit: number): void;
  /** All of it has taken `requestTimeout`. */
  requestTimedOut(limit: number): void;
  /** The signal has fired. */
  aborted(reason: unknown): void;
}

export class Deadlines implements TimeoutTarget {
  private readonly options: ResolvedRequestOptions;
  private readonly limited: Limited;
  /** On the clock; undefined where nothing can want to know. */
  private startedAt: number | undefined = undefined;
  private receiveTimeout: number | 'infinity';
  private receiveTimer: Timer | undefined = undefined;
  private requestTimer: Timer | undefined = undefined;
  /** Who keeps the exchange waiting, if it is not the server. */
  private readerPauses = false;
  private bodyPauses = false;

  constructor(options: ResolvedRequestOptions, limited: Limited) {
    this.options = options;
    this.receiveTimeout = options.receiveTimeout;
    this.limited = limited;
  }

  /** How long it has taken so far, in ms. */
  get elapsed(): number | undefined {
    return this.startedAt === undefined ? undefined : now() - this.startedAt;
  }

  /** Takes the time. It costs something: a request that nothing can cancel does without. */
  measure(): void {
    this.startedAt ??= now();
  }

  /** The limits on all of it hold from here on. False when the signal has fired already. */
  start(): boolean {
    const { signal, requestTimeout } = this.options;
    if (signal === undefined && requestTimeout === 'infinity') return true;
    this.measure();
    if (signal?.aborted === true) return false;
    // The object itself as listener: no closure for each request.
    signal?.addEventListener('abort', this);
    if (requestTimeout !== 'infinity') {
      this.requestTimer = arm(new RequestTimeout(this), requestTimeout);
    }
    return true;
  }

  /** No limit holds any more. */
  stop(): void {
    this.stopReceive();
    this.requestTimer?.cancel();
    this.requestTimer = undefined;
    this.options.signal?.removeEventListener('abort', this);
  }

  /** The request is given to a connection: from here on the server may be silent for so long. */
  sends(): void {
    this.bodyPauses = false;
    this.startReceive();
  }

  /** The server, or the network, is alive. */
  heard(): void {
    this.receiveTimer?.refresh();
  }

  /** A connection has the request, and the server may be silent for so long from here on. */
  limitSilence(limit: number | 'infinity'): void {
    if (limit === this.receiveTimeout) return;
    this.receiveTimeout = limit;
    this.stopReceive();
    this.startReceive();
  }

  /** The server owes nothing. */
  stopReceive(): void {
    this.receiveTimer?.cancel();
    this.receiveTimer = undefined;
  }

  /** The reader has no use for more at this moment, or has again. */
  pauseForReader(paused: boolean): void {
    this.readerPauses = paused;
    if (paused) this.stopReceive();
  }

  /** The next piece of the request's body is awaited from the caller's side, or has come. */
  pauseForBody(paused: boolean): void {
    this.bodyPauses = paused;
    if (paused) this.stopReceive();
  }

  /** `receiveTimeout` runs, unless it is not the server that keeps the exchange waiting. */
  startReceive(): void {
    const { receiveTimeout } = this;
    if (receiveTimeout === 'infinity' || this.readerPauses || this.bodyPauses) return;
    this.receiveTimer ??= arm(this, receiveTimeout);
  }

  /** @internal `receiveTimeout`. */
  onTimeout(): void {
    this.receiveTimer = undefined;
    this.limited.receiveTimedOut(this.receiveTimeout as number);
  }

  /** @internal `requestTimeout`. */
  onRequestTimeout(): void {
    this.requestTimer = undefined;
    this.limited.requestTimedOut(this.options.requestTimeout as number);
  }

  /** @internal The signal's `abort` event. */
  handleEvent(): void {
    this.limited.aborted(this.options.signal?.reason);
  }
}

/** A target of its own, since the deadlines themselves are that of `receiveTimeout`. */
class RequestTimeout implements TimeoutTarget {
  private readonly deadlines: Deadlines;

  constructor(deadlines: Deadlines) {
    this.deadlines = deadlines;
  }

  onTimeout(): void {
    this.deadlines.onRequestTimeout();
  }
}

/**
 * What every dial is, whatever its steps: one outcome, one deadline over all of
 * it, and an end that leaves no socket, timer or listener behind.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '../driver/clock.ts';
import type { Alarm, Clock } from '../driver/clock.ts';
import { ConnectError, ConnectTimeoutError } from '../errors/index.ts';

/** How long the parts of a dial took, in ms. A part that did not happen is 0. */
export interface DialTimings {
  readonly lookup: number;
  readonly connect: number;
  readonly tls: number;
  readonly total: number;
}

/** An open connection. */
export interface Dialled {
  /**
   * The socket. Nothing is read from it yet, and until it is handed on an
   * `error` event of it is ignored: look at `destroyed`.
   */
  readonly socket: Socket | TLSSocket;
  /** What ALPN selected, if anything. */
  readonly alpnProtocol: string | undefined;
  readonly timings: DialTimings;
}

/** A dial under way. */
export interface Dial<T = Dialled> {
  /**
   * The open connection, or what was made of it. Rejects with `ConnectError`,
   * `ConnectTimeoutError`, `TlsError`, `ProxyError`, with what `cancel` or the
   * signal gave, or with what `make` threw. May be ignored: it causes no
   * unhandled rejection.
   */
  readonly result: Promise<T>;
  /** Gives the dial up: whatever socket there is, or comes to be, is destroyed. No effect once it is over. */
  cancel(reason?: Error): void;
}

/** How long a dial may take. */
export interface DialLimits {
  /** The limit in ms on lookup, TCP, proxy and TLS together. Default 5000; `Infinity` for none. */
  readonly connectTimeout?: number | undefined;
  /** Cancels the dial, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Measures the time. Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/** What is being connected to, for messages. */
export interface DialNames {
  readonly origin: string;
  readonly proxy: string | undefined;
}

/** One step of a dial: it opens a socket, or brings an open one further. */
export interface Step<T> {
  readonly result: Promise<T>;
  /**
   * Closes what the step was given, has opened, or is about to open; also after
   * its result has come. A result that has not come yet rejects, with this error
   * if possible.
   */
  abandon(error: unknown): void;
}

/** Makes what a dial is for out of an open connection: a wire. What it throws closes the socket. */
export type Make<T> = (dialled: Dialled) => T;

/**
 * One dial. It runs its steps one after the other; when it fails, is cancelled
 * or takes too long, the step that ran last closes the socket.
 */
export class Attempt<T> implements Dial<T> {
  readonly result: Promise<T>;
  private readonly names: DialNames;
  private readonly signal: AbortSignal | undefined;
  private readonly clock: Clock;
  private readonly startedAt: number;
  private deadline: Alarm | undefined;
  private current: Step<unknown> | undefined;
  private over = false;
  /** What it failed with. */
  private failure: unknown;
  private resolve!: (value: T) => void;
  private reject!: (error: unknown) => void;

  constructor(names: DialNames, limits: DialLimits) {
    this.names = names;
    this.signal = limits.signal;
    this.clock = limits.clock ?? systemClock;
    this.startedAt = this.clock.now();
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.result.catch(() => {});
  }

  /** Begins, unless the signal has fired already: opens a connection by steps, and makes something of it. */
  start<D>(limit: number, open: () => Promise<D>, make: (dialled: D) => T): this {
    const { signal } = this;
    if (signal?.aborted === true) {
      this.fail(signal.reason);
      return this;
    }
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (limit !== Infinity) {
      this.deadline = this.clock.after(limit, () => this.fail(this.timedOut(limit)));
    }
    void this.finish(open, make);
    return this;
  }

  /**
   * Runs a step, which takes over the socket of the step before it.
   *
   * @throws what the dial failed with, when it failed before the step was done.
   */
  async run<S>(step: Step<S>): Promise<S> {
    this.current = step;
    const made = await step.result;
    if (this.over) throw this.failure;
    return made;
  }

  /** How long it has taken so far, in ms. */
  get waited(): number {
    return this.clock.now() - this.startedAt;
  }

  cancel(reason?: Error): void {
    if (this.over) return;
    const { names, waited } = this;
    this.fail(reason ?? new ConnectError({ ...names, waited, reason: 'cancelled' }));
  }

  private async finish<D>(open: () => Promise<D>, make: (dialled: D) => T): Promise<void> {
    try {
      const made = make(await open());
      this.end();
      this.resolve(made);
    } catch (error) {
      if (!this.over) this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.end();
    this.failure = error;
    this.current?.abandon(error);
    this.reject(error);
  }

  private end(): void {
    this.over = true;
    this.deadline?.cancel();
    this.signal?.removeEventListener('abort', this.onAbort);
  }

  private readonly onAbort = (): void => {
    this.fail(this.signal?.reason);
  };

  private timedOut(limit: number): ConnectTimeoutError {
    return new ConnectTimeoutError({ ...this.names, waited: this.waited, limit });
  }
}

/**
 * What every dial does, whatever its steps: one result, one deadline over all of
 * it, and cancellation that leaves no socket, timer or listener behind.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
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
  /** What ALPN settled, if anything. */
  readonly alpnProtocol: string | undefined;
  readonly timings: DialTimings;
}

/** A dial under way. */
export interface Dial {
  /**
   * The open connection. Rejects with `ConnectError`, `ConnectTimeoutError`,
   * `TlsError`, or what `cancel` or the signal gave. May be ignored: it causes
   * no unhandled rejection.
   */
  readonly result: Promise<Dialled>;
  /** Gives the dial up: whatever socket there is, or comes to be, is destroyed. No effect once it is open. */
  cancel(reason?: Error): void;
}

/** How long a dial may take. */
export interface DialLimits {
  /** The limit in ms on lookup, TCP and TLS together. Default 5000; `Infinity` for none. */
  readonly connectTimeout?: number | undefined;
  /** Cancels the dial. */
  readonly signal?: AbortSignal | undefined;
}

/** What is being connected to, for messages. */
export interface DialNames {
  readonly origin: string;
  readonly proxy: string | undefined;
}

/** `start` begins it; `succeed` or `fail` ends it, whichever is called first. */
export abstract class PendingDial implements Dial {
  readonly result: Promise<Dialled>;
  protected readonly startedAt = performance.now();
  protected settled = false;
  private readonly names: DialNames;
  private readonly limits: DialLimits;
  private timer: NodeJS.Timeout | undefined;
  private resolve!: (dialled: Dialled) => void;
  private reject!: (error: unknown) => void;

  constructor(names: DialNames, limits: DialLimits) {
    this.names = names;
    this.limits = limits;
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.result.catch(() => {});
  }

  /** Begins the first step. */
  protected abstract open(): void;
  /** Closes what there is, and what is to come. */
  protected abstract abandon(): void;

  start(): this {
    const { signal, connectTimeout = 5000 } = this.limits;
    if (signal?.aborted === true) {
      this.fail(signal.reason);
      return this;
    }
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (connectTimeout !== Infinity) {
      this.timer = setTimeout(() => this.fail(this.timedOut(connectTimeout)), connectTimeout);
    }
    this.open();
    return this;
  }

  cancel(reason?: Error): void {
    this.fail(reason ?? new ConnectError({ ...this.names, reason: 'cancelled' }));
  }

  /** How long it has taken so far, in ms. */
  protected get waited(): number {
    return performance.now() - this.startedAt;
  }

  protected succeed(dialled: Dialled): void {
    if (this.settled) return;
    this.settle();
    this.resolve(dialled);
  }

  protected fail(error: unknown): void {
    if (this.settled) return;
    this.settle();
    this.abandon();
    this.reject(error);
  }

  private settle(): void {
    this.settled = true;
    clearTimeout(this.timer);
    this.limits.signal?.removeEventListener('abort', this.onAbort);
  }

  private readonly onAbort = (): void => {
    this.fail(this.limits.signal?.reason);
  };

  private timedOut(limit: number): ConnectTimeoutError {
    return new ConnectTimeoutError({ ...this.names, waited: this.waited, limit });
  }
}

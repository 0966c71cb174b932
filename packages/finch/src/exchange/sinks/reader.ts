/**
 * `finch.open`: a response whose body is read as its reader asks for it. Holds
 * what came and was not read yet, within bounds; beyond them the reading pauses.
 */
import { arm, type Timer } from '@linnet/otp';
import type { Fields } from '@linnet/mint';
import type { Instance } from '../../instance/instance.ts';
import type { ResolvedRequestOptions } from '../../options/index.ts';
import type { Request } from '../../request/index.ts';
import { InformationalResponse } from '../../response/index.ts';
import { Exchange } from '../exchange.ts';
import { Fifo } from '../fifo.ts';
import { copyBytes, type Sink, type Switching } from '../sink.ts';

/** From how many bytes on, not read yet, the connection is not read any more. */
const highWaterMark = 64 * 1024;

/**
 * Ends the requests of responses that their holders have lost. A request that
 * is over is not in it: the stack of an error that it holds may lead to the
 * very body whose end is waited for, and neither would ever be freed.
 */
const lost = new FinalizationRegistry<ResponseReader>((reader) => {
  reader.discard('the response was lost: it is neither read nor cancelled');
});

/** The head of a response whose body is to be read through `source`. */
export interface OpenedHead {
  readonly status: number;
  readonly headers: Fields;
  readonly informational: readonly InformationalResponse[];
  readonly source: BodyReader;
}

/** What reads the body of a response. */
export interface BodyReader {
  /** The next piece; undefined at the end. Rejects when the response failed. */
  read(): Promise<Uint8Array | undefined>;
  /** The trailers, when the response has come to its end. */
  whenEnded(): Promise<Fields>;
  /** What was not read yet is not wanted. */
  discard(reason: unknown): void;
  /** It is given up when this body of its response is garbage-collected. */
  endWith(body: object): void;
}

/** Of a promise: of the head, the next piece, or the end of the response. */
interface Resolvers<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class ResponseReader implements Sink, BodyReader {
  /** The request whose response it reads. */
  readonly exchange: Exchange;
  readonly switching: Switching | undefined;
  private readonly receiveTimeout: number | 'infinity';
  /** Until the head has come; not kept, so that a response without a holder can be collected. */
  private opening: Resolvers<OpenedHead> | undefined;
  private readonly informational: InformationalResponse[] = [];
  private readonly pieces = new Fifo<Uint8Array>();
  private buffered = 0;
  private paused = false;
  private readonly readers = new Fifo<Resolvers<Uint8Array | undefined>>();
  private endWaiters: Resolvers<Fields>[] = [];
  private trailers: Fields | undefined = undefined;
  private failure: Error | undefined = undefined;
  private touched = false;
  private untouchedTimer: Timer | undefined = undefined;

  constructor(
    instance: Instance,
    request: Request,
    options: ResolvedRequestOptions,
    opening: Resolvers<OpenedHead>,
    switching?: Switching,
  ) {
    this.switching = switching;
    this.receiveTimeout = options.receiveTimeout;
    this.opening = opening;
    this.exchange = new Exchange(instance, request, options, this);
    this.exchange.measure();
  }

  // The reader's side -----------------------------------------------------------------

  /** The next piece; undefined at the end. Rejects when the response failed. */
  read(): Promise<Uint8Array | undefined> {
    this.touched = true;
    this.untouchedTimer?.cancel();
    return new Promise((resolve, reject) => {
      const piece = this.pieces.shift();
      if (piece !== undefined) {
        this.buffered -= piece.length;
        resolve(piece);
        this.readOn();
      } else if (this.failure !== undefined) {
        reject(this.failure);
      } else if (this.trailers !== undefined) {
        resolve(undefined);
      } else {
        this.readers.push({ resolve, reject });
        this.readOn();
      }
    });
  }

  /** The trailers, when the response has come to its end. */
  whenEnded(): Promise<Fields> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) reject(this.failure);
      else if (this.trailers !== undefined) resolve(this.trailers);
      else this.endWaiters.push({ resolve, reject });
    });
  }

  /** What was not read yet is not wanted. */
  discard(reason: unknown): void {
    const unread = this.pieces.length > 0;
    this.pieces.clear();
    this.buffered = 0;
    const { exchange } = this;
    if (!exchange.ended) exchange.discard(reason);
    // The rest is gone: that must not look like the end of the body.
    else if (unread) this.failure ??= exchange.cancellation(reason);
  }

  /** It is given up when this body of its response is garbage-collected. */
  endWith(body: object): void {
    if (!this.exchange.ended) lost.register(body, this, this);
  }

  // From the exchange ---------------------------------------------------------------

  interim(status: number, headers: Fields): void {
    this.informational.push(new InformationalResponse(status, headers));
  }

  head(status: number, headers: Fields): void {
    const { opening, informational } = this;
    this.opening = undefined;
    opening?.resolve({ status, headers, informational, source: this });
  }

  data(bytes: Buffer, from: number, to: number): boolean {
    const chunk = copyBytes(bytes, from, to);
    const reader = this.readers.shift();
    if (reader !== undefined) {
      reader.resolve(chunk);
    } else {
      this.pieces.push(chunk);
      this.buffered += chunk.length;
    }
    this.paused = this.readers.length === 0 && this.buffered >= highWaterMark;
    if (this.paused && !this.touched) this.watchUntouched();
    return !this.paused;
  }

  end(trailers: Fields): boolean {
    this.over();
    this.trailers = trailers;
    for (const reader of this.readers.drain()) reader.resolve(undefined);
    for (const waiter of this.endWaiters) waiter.resolve(trailers);
    this.endWaiters = [];
    return true;
  }

  fail(error: Error): void {
    this.over();
    this.failure = error;
    this.opening?.reject(error);
    this.opening = undefined;
    for (const reader of this.readers.drain()) reader.reject(error);
    for (const waiter of this.endWaiters) waiter.reject(error);
    this.endWaiters = [];
  }

  // ---------------------------------------------------------------------------------

  /** Nothing more comes. */
  private over(): void {
    this.untouchedTimer?.cancel();
    lost.unregister(this);
  }

  private readOn(): void {
    if (!this.paused || this.exchange.ended || this.buffered >= highWaterMark) return;
    this.paused = false;
    this.exchange.resume();
  }

  /** A body that is never read does not hold its connection for ever. */
  private watchUntouched(): void {
    const { receiveTimeout } = this;
    if (receiveTimeout === 'infinity' || this.untouchedTimer !== undefined) return;
    const reason = `the body was not read within receiveTimeout, ${receiveTimeout} ms`;
    this.untouchedTimer = arm({ onTimeout: () => this.discard(reason) }, receiveTimeout);
  }
}

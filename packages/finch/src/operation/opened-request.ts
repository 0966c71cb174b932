/**
 * `finch.open`: a response whose body is read as its reader asks for it. Holds
 * what came and was not read yet, within bounds; beyond them the reading pauses.
 */
import { arm, type Pid, type Timer } from '@linnet/otp';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedRequestOptions } from '../options/index.ts';
import type { Request } from '../request/index.ts';
import { InformationalResponse } from '../response/index.ts';
import type { Fields } from '@linnet/mint';
import { Fifo } from './fifo.ts';
import { copyBytes } from './copy-bytes.ts';
import { Operation } from './operation.ts';

/** From how many bytes on, not read yet, the connection is not read any more. */
const highWaterMark = 64 * 1024;

/**
 * Ends the requests of responses that their holders have lost. A request that
 * is over is not in it: the stack of an error that it holds may lead to the
 * very body whose end is waited for, and neither would ever be freed.
 */
const lost = new FinalizationRegistry<OpenedRequest>((request) => {
  request.discard('nobody holds the response any more');
});

/** The head of a response whose body is to be read through `source`. */
export interface OpenedHead {
  readonly status: number;
  readonly headers: Fields;
  readonly informational: readonly InformationalResponse[];
  readonly source: OpenedRequest;
}

/** Somebody who waits for the next piece, or for the end of the response. */
interface Reader<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class OpenedRequest extends Operation {
  /** Until the head has come; not kept, so that a response nobody holds can be collected. */
  private opening: Reader<OpenedHead> | undefined;
  private readonly informational: InformationalResponse[] = [];
  private readonly pieces = new Fifo<Uint8Array>();
  private buffered = 0;
  private paused = false;
  private readonly readers = new Fifo<Reader<Uint8Array | undefined>>();
  private endWaiters: Reader<Fields>[] = [];
  private trailers: Fields | undefined = undefined;
  private failure: Error | undefined = undefined;
  private touched = false;
  private untouchedTimer: Timer | undefined = undefined;

  constructor(
    instance: Instance,
    request: Request,
    options: ResolvedRequestOptions,
    opening: Reader<OpenedHead>,
  ) {
    super(instance, request, options);
    this.opening = opening;
    // Whoever has the response can cancel it at any time.
    this.begin(true);
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
  end(): Promise<Fields> {
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
    const error = this.cancellation(reason);
    if (!this.over) this.cancel(error);
    // The rest is gone: that must not look like the end of the body.
    else if (unread) this.failure ??= error;
  }

  /** It is given up when this body of its response is garbage-collected. */
  endWith(body: object): void {
    if (!this.over) lost.register(body, this, this);
  }

  /** Whether all of it has come, or nothing more will. */
  get ended(): boolean {
    return this.over;
  }

  /** It ends with this process from here on, not with the one that made it. */
  handTo(owner: Pid): void {
    if (this.over) return;
    this.unwatch();
    this.watchOwner(owner);
  }

  // From the operation --------------------------------------------------------------

  protected override interim(status: number, headers: Fields): void {
    this.informational.push(new InformationalResponse(status, headers));
  }

  protected override head(status: number, headers: Fields): void {
    const { opening, informational } = this;
    this.opening = undefined;
    opening?.resolve({ status, headers, informational, source: this });
  }

  protected override data(bytes: Buffer, from: number, to: number): boolean {
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

  protected override finish(error?: Error): void {
    super.finish(error);
    lost.unregister(this);
  }

  protected override complete(trailers: Fields): void {
    this.untouchedTimer?.cancel();
    this.trailers = trailers;
    for (const reader of this.readers.drain()) reader.resolve(undefined);
    for (const waiter of this.endWaiters) waiter.resolve(trailers);
    this.endWaiters = [];
  }

  protected override fail(error: Error): void {
    this.untouchedTimer?.cancel();
    this.failure = error;
    this.opening?.reject(error);
    this.opening = undefined;
    for (const reader of this.readers.drain()) reader.reject(error);
    for (const waiter of this.endWaiters) waiter.reject(error);
    this.endWaiters = [];
  }

  // ---------------------------------------------------------------------------------

  private readOn(): void {
    if (!this.paused || this.over || this.buffered >= highWaterMark) return;
    this.paused = false;
    this.resume();
  }

  /** A body that nobody ever begins to read does not hold its connection for ever. */
  private watchUntouched(): void {
    const { receiveTimeout } = this.options;
    if (receiveTimeout === 'infinity' || this.untouchedTimer !== undefined) return;
    const reason = `nobody began to read the body within receiveTimeout, ${receiveTimeout} ms`;
    this.untouchedTimer = arm({ onTimeout: () => this.discard(reason) }, receiveTimeout);
  }
}

/**
 * A response that is collected as a whole.
 */
import { Fields } from './fields.ts';
import type { Exchange, WireHandler } from './wire.ts';

/** A response with all of its body. */
export interface CollectedResponse {
  readonly status: number;
  readonly headers: Fields;
  /** The body as it came: content codings, such as gzip, are not undone. */
  readonly body: Buffer;
  /** The fields after the body. */
  readonly trailers: Fields;
}

/** Collects one response; resolves with it, or rejects with what the exchange failed with. */
export class Collector implements WireHandler {
  private readonly resolve: (response: CollectedResponse) => void;
  private readonly reject: (error: unknown) => void;
  private readonly signal: AbortSignal | undefined;
  private exchange: Exchange | undefined = undefined;
  /** What the exchange was given up with: it stands for the signal's reason, which may be anything. */
  private abortion: Error | undefined = undefined;
  private status = 0;
  private headers: Fields = Fields.none;
  private readonly body = new CollectedBody();

  constructor(
    resolve: (response: CollectedResponse) => void,
    reject: (error: unknown) => void,
    signal: AbortSignal | undefined,
  ) {
    this.resolve = resolve;
    this.reject = reject;
    this.signal = signal;
  }

  /** Sends the request, and minds the signal until the exchange is over. */
  start(send: (handler: WireHandler) => Exchange): void {
    this.signal?.addEventListener('abort', this);
    try {
      this.exchange = send(this);
    } catch (error) {
      this.onError(error as Error);
      return;
    }
    // It may have been aborted by what the request is made of, before there was an exchange.
    if (this.signal?.aborted === true) this.handleEvent();
  }

  /** The signal's `abort` event. */
  handleEvent(): void {
    const { exchange, signal } = this;
    if (exchange === undefined) return;
    const reason: unknown = signal?.reason;
    this.abortion = reason instanceof Error ? reason : new Error('aborted', { cause: reason });
    exchange.abort(this.abortion);
  }

  onInformational(): void {}

  onHeaders(status: number, headers: Fields): void {
    this.status = status;
    this.headers = headers;
    this.body.expect(headers.contentLength);
  }

  onData(bytes: Buffer, from: number, to: number): boolean {
    this.body.add(bytes, from, to);
    return true;
  }

  onEnd(trailers: Fields): void {
    this.signal?.removeEventListener('abort', this);
    const { status, headers, body } = this;
    this.resolve({ status, headers, body: body.take(), trailers });
  }

  onError(error: Error): void {
    this.signal?.removeEventListener('abort', this);
    this.reject(error === this.abortion ? this.signal?.reason : error);
  }
}

/** The most bytes that are allocated because a server announced them. */
const maxAnnounced = 16_777_216;

const noBytes = Buffer.alloc(0);

/** The pieces of a body: copied into place where the length is known, else put together at the end. */
class CollectedBody {
  private announced = -1;
  private whole: Buffer | undefined = undefined;
  private filled = 0;
  private readonly pieces: Buffer[] = [];

  /** The length that the head announces; -1 if it does not. */
  expect(length: number): void {
    this.announced = length;
  }

  add(bytes: Buffer, from: number, to: number): void {
    // Not before the first byte: the response to HEAD announces a body that does not come.
    if (this.filled === 0 && this.announced > 0 && this.announced <= maxAnnounced) {
      this.whole = Buffer.allocUnsafe(this.announced);
    }
    this.filled += to - from;
    if (this.whole === undefined) this.pieces.push(Buffer.from(bytes.subarray(from, to)));
    else bytes.copy(this.whole, this.filled - (to - from), from, to);
  }

  take(): Buffer {
    const { whole, pieces } = this;
    if (whole !== undefined) return whole;
    return pieces.length === 0 ? noBytes : Buffer.concat(pieces);
  }
}

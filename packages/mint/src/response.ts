/**
 * A response that is collected as a whole.
 */
import { Fields } from './fields.ts';
import type { Exchange, WireHandler } from './wire.ts';

/** A response with all of its body. */
export interface CollectedResponse {
  readonly status: number;
  readonly headers: Fields;
  readonly body: Buffer;
  readonly trailers: Fields;
}

/** Collects one response; resolves with it, or rejects with what the exchange failed with. */
export class Collector implements WireHandler {
  /** The exchange, to be aborted by a signal. */
  exchange: Exchange | undefined = undefined;
  private readonly resolve: (response: CollectedResponse) => void;
  private readonly reject: (error: unknown) => void;
  private readonly signal: AbortSignal | undefined;
  private readonly pieces: Buffer[] = [];
  private status = 0;
  private headers: Fields = Fields.none;

  constructor(
    resolve: (response: CollectedResponse) => void,
    reject: (error: unknown) => void,
    signal: AbortSignal | undefined,
  ) {
    this.resolve = resolve;
    this.reject = reject;
    this.signal = signal;
    signal?.addEventListener('abort', this);
  }

  /** The signal's `abort` event. */
  handleEvent(): void {
    const { reason } = this.signal as { readonly reason?: unknown };
    const error = reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
    this.exchange?.abort(error);
  }

  onInformational(): void {}

  onHeaders(status: number, headers: Fields): void {
    this.status = status;
    this.headers = headers;
  }

  onData(bytes: Buffer, from: number, to: number): boolean {
    this.pieces.push(Buffer.from(bytes.subarray(from, to)));
    return true;
  }

  onEnd(trailers: Fields): void {
    this.signal?.removeEventListener('abort', this);
    const { status, headers, pieces } = this;
    const [only] = pieces;
    const body = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
    this.resolve({ status, headers, body, trailers });
  }

  onError(error: Error): void {
    this.signal?.removeEventListener('abort', this);
    this.reject(error);
  }
}

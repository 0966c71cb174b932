/** A request whose body is written while its response is read. */
import { now } from '@linnet/otp';
import { InvalidRequestError, RequestCancelledError } from '../errors/index.ts';
import type { HeadersInput } from '../options/index.ts';
import type { BodyChunk } from '../request/index.ts';
import { Fifo } from './fifo.ts';
import type { OpenResponse } from './open-response.ts';

/** The server to which a body is sent, for errors. */
interface WhereDetails {
  readonly pool: string;
  readonly origin: string;
}

/** A piece, and the writer that waits until it was taken. */
interface Piece {
  readonly chunk: BodyChunk;
  readonly taken: () => void;
  readonly lost: (error: Error) => void;
}

/** The wire that asked for the next piece. */
interface Asked {
  readonly resolve: (result: IteratorResult<BodyChunk, undefined>) => void;
  readonly reject: (error: Error) => void;
}

const end: IteratorResult<BodyChunk, undefined> = { done: true, value: undefined };

/** A body into which pieces are put. */
export class PushBody implements AsyncIterableIterator<BodyChunk, undefined> {
  trailers: HeadersInput = {};
  private readonly where: WhereDetails;
  private readonly begunAt = now();
  private readonly pieces = new Fifo<Piece>();
  private ended = false;
  private failure: Error | undefined;
  /** The piece that was handed out last; it was taken when the next one is asked for. */
  private under: Piece | undefined;
  private asked: Asked | undefined;

  constructor(where: WhereDetails) {
    this.where = where;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Resolves when it was taken. */
  put(chunk: BodyChunk): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.ended) return Promise.reject(alreadyEnded());
    return new Promise((resolve, reject) => {
      this.pieces.push({ chunk, taken: resolve, lost: reject });
      this.hand();
    });
  }

  /** No further piece. */
  finish(trailers: HeadersInput): void {
    // The request is over, and the writer may not know that yet.
    if (this.failure !== undefined) return;
    if (this.ended) throw alreadyEnded();
    this.ended = true;
    this.trailers = trailers;
    this.hand();
  }

  /** The wire takes no more. */
  fail(error: Error): void {
    this.failure ??= error;
    this.ended = true;
    const { under } = this;
    this.under = undefined;
    under?.lost(this.failure);
    for (const { lost } of this.pieces.drain()) lost(this.failure);
    this.asked?.reject(this.failure);
    this.asked = undefined;
  }

  /** The writer, or the wire, wants no more. */
  cancel(reason: unknown): void {
    const waited = now() - this.begunAt;
    this.fail(new RequestCancelledError({ ...this.where, phase: 'send', waited, reason }));
  }

  next(): Promise<IteratorResult<BodyChunk, undefined>> {
    this.under?.taken();
    this.under = undefined;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.asked = { resolve, reject };
      this.hand();
    });
  }

  return(): Promise<IteratorResult<BodyChunk, undefined>> {
    this.cancel('the request is over');
    return Promise.resolve(end);
  }

  private hand(): void {
    const { asked } = this;
    if (asked === undefined) return;
    const piece = this.pieces.shift();
    if (piece !== undefined) {
      this.asked = undefined;
      this.under = piece;
      asked.resolve({ done: false, value: piece.chunk });
    } else if (this.ended) {
      this.asked = undefined;
      asked.resolve(end);
    }
  }
}

/**
 * A request that is written and a response that is read at the same time, from
 * `lease.openStream`.
 *
 * @example
 * await using stream = lease.openStream('POST', '/chat');
 * await stream.write('hello');
 * const { body } = await stream.response;
 * for await (const chunk of body) await stream.write(chunk);
 */
export class DirectStream implements AsyncDisposable {
  /** The response, when its head has come; its body gives the server credit as it is read. */
  readonly response: Promise<OpenResponse>;
  readonly #body: PushBody;
  readonly #discard: (reason: unknown) => void;

  /** @internal */
  constructor(body: PushBody, response: Promise<OpenResponse>, discard: (reason: unknown) => void) {
    this.#body = body;
    this.response = response;
    this.#discard = discard;
    response.catch((error: Error) => body.fail(error));
  }

  /**
   * Sends a piece of the body. Resolves when it was handed to the connection, which
   * takes no more than the server lets it: await it, and nothing piles up. Rejects
   * when the request is over, or `end` was called.
   */
  write(chunk: BodyChunk): Promise<void> {
    return this.#body.put(chunk);
  }

  /**
   * Ends the body, with these fields after it; no effect when the request is over.
   *
   * @throws InvalidRequestError when it was ended before.
   */
  end(trailers: HeadersInput = {}): void {
    this.#body.finish(trailers);
  }

  /** Gives both directions up: on HTTP/2 the stream is reset, an HTTP/1 connection is closed. */
  cancel(reason: unknown = 'the stream was cancelled'): void {
    this.#body.cancel(reason);
    this.#discard(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.cancel('the stream was disposed of');
    return Promise.resolve();
  }
}

function alreadyEnded(): InvalidRequestError {
  return new InvalidRequestError({
    option: 'stream',
    value: undefined,
    problem: 'The body of the stream was ended',
    allowed: 'writing before the end, and one end',
  });
}

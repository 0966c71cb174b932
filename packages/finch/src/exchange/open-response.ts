/** A response whose body has yet to come, as `finch.open` gives it. */
import { InvalidRequestError } from '../errors/index.ts';
import { ResponseHeaders, type InformationalResponse } from '../response/index.ts';
import type { CancellableSource } from '../request/source.ts';
import { decodeJson, decodeText, joinPieces } from '../response/text.ts';
import type { BodyReader, OpenedHead } from './sinks/reader.ts';

/**
 * The body of an {@link OpenResponse}: an async iterable of its pieces, which
 * can be read once. Leaving the loop early closes the connection.
 *
 * @example
 * const { body } = await finch.open('https://api.example.com/export');
 * for await (const chunk of body) hash.update(chunk);
 */
export class OpenBody implements AsyncIterable<Uint8Array>, CancellableSource {
  readonly #source: BodyReader;
  #taken = false;

  /** @internal */
  constructor(source: BodyReader) {
    this.#source = source;
  }

  /** Whether it is being read, or was. */
  get used(): boolean {
    return this.#taken;
  }

  /** Gives up what has not been read, as `cancel` of the response does. */
  cancel(reason: unknown = 'the body was cancelled'): void {
    this.#source.discard(reason);
  }

  /** @throws InvalidRequestError when it was read before. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined, undefined> {
    this.#take();
    return new PieceIterator(this, this.#source);
  }

  /**
   * The same as a web stream of bytes, which reads only what its reader asks for.
   *
   * @throws InvalidRequestError when it was read before.
   */
  stream(): ReadableStream<Uint8Array> {
    const pieces = this[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await pieces.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await pieces.return?.();
        },
      },
      { highWaterMark: 0 },
    );
  }

  #take(): void {
    if (this.#taken) {
      throw new InvalidRequestError({
        option: 'body',
        value: this,
        problem: 'The body of the response was read before, or is being read',
        allowed: 'one reading of it',
      });
    }
    this.#taken = true;
  }
}

/** Keeps the body, and so the response, from being taken for lost while it is read. */
class PieceIterator implements AsyncIterator<Uint8Array, undefined, undefined> {
  readonly body: OpenBody;
  readonly #source: BodyReader;
  #ended = false;

  constructor(body: OpenBody, source: BodyReader) {
    this.body = body;
    this.#source = source;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#ended) return { done: true, value: undefined };
    try {
      const value = await this.#source.read();
      if (value !== undefined) return { done: false, value };
    } catch (error) {
      this.#ended = true;
      throw error;
    }
    this.#ended = true;
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#ended) {
      this.#ended = true;
      this.#source.discard('the reader left the body early');
    }
    return Promise.resolve({ done: true, value: undefined });
  }
}

/**
 * A response whose head has come, from `finch.open`. Its connection is in use
 * until the body has come to its end or is cancelled: read it, or `cancel` it,
 * or declare it with `await using`.
 *
 * Up to some 64 kB are read ahead; beyond that the server waits for the reader.
 *
 * @example
 * await using response = await finch.open('https://api.example.com/export');
 * if (response.status === 200) for await (const chunk of response.body) file.write(chunk);
 */
export class OpenResponse implements AsyncDisposable {
  readonly status: number;
  /** The headers, in order, names in lower case. */
  readonly headers: ResponseHeaders;
  /** The interim responses that came before, in order. */
  readonly informational: readonly InformationalResponse[];
  readonly body: OpenBody;
  readonly #source: BodyReader;
  #trailers: Promise<ResponseHeaders> | undefined;

  /** @internal */
  constructor({ status, headers, informational, source }: OpenedHead) {
    this.status = status;
    this.headers = new ResponseHeaders(headers);
    this.informational = informational;
    this.body = new OpenBody(source);
    this.#source = source;
    source.endWith(this.body);
  }

  /** The trailers, once the body has come to its end; rejects as the body does. */
  get trailers(): Promise<ResponseHeaders> {
    if (this.#trailers === undefined) {
      this.#trailers = this.#source.whenEnded().then((raw) => new ResponseHeaders(raw));
      // A caller that asks for them may never look at the outcome.
      this.#trailers.catch(() => {});
    }
    return this.#trailers;
  }

  /** All of the body as bytes. @throws InvalidRequestError when it was read before. */
  async bytes(): Promise<Uint8Array> {
    return joinPieces(await this.#pieces());
  }

  /**
   * All of the body as text: in `encoding` if given, else in the `charset` of the
   * content type, else in UTF-8.
   *
   * @throws InvalidRequestError when it was read before.
   */
  async text(encoding?: string): Promise<string> {
    return decodeText(await this.#pieces(), this.#contentType, encoding);
  }

  /** All of the body, parsed as JSON. Nothing checks that it is a `T`. @throws InvalidJsonError */
  async json<T = unknown>(): Promise<T> {
    return decodeJson(await this.#pieces(), () => ({
      status: this.status,
      contentType: this.#contentType,
      contentEncoding: this.headers.get('content-encoding'),
    })) as T;
  }

  /**
   * Gives up what has not been read: an HTTP/1 connection is closed, unless the
   * response has come already. A reader gets a RequestCancelledError.
   */
  cancel(reason: unknown = 'the response was cancelled'): void {
    this.#source.discard(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.cancel('the response was disposed of');
    return Promise.resolve();
  }

  /** The first one, as with a response that was collected. */
  get #contentType(): string | undefined {
    return this.headers.getAll('content-type')[0];
  }

  async #pieces(): Promise<Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.body) pieces.push(piece);
    return pieces;
  }
}

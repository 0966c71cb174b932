/**
 * A complete response. Its headers and body are decoded when they are read, not before.
 */
import { inspect } from 'node:util';
import type { InspectOptions } from 'node:util';
import { Fields } from '@linnet/mint';
import { bodyMemory } from './body-memory.ts';
import { ResponseBody } from './body.ts';
import { ResponseHeaders } from './headers.ts';
import {
  decodeText,
  decodeUtf8,
  isAscii,
  isUtf8,
  joinPieces,
  lengthOf,
  parseJson,
} from './text.ts';
import type { BodyInfo } from './text.ts';

/** An interim response (1xx) that came before the final one, such as 103 Early Hints. */
export class InformationalResponse {
  readonly status: number;
  readonly #raw: Fields;
  #headers: ResponseHeaders | undefined;

  /** @internal */
  constructor(status: number, raw: Fields) {
    this.status = status;
    this.#raw = raw;
  }

  /** The headers, in order, names in lower case. */
  get headers(): ResponseHeaders {
    return (this.#headers ??= new ResponseHeaders(this.#raw));
  }

  /** How `console.log` shows it. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { status, headers } = this;
    return `InformationalResponse ${inspect({ status, headers }, options)}`;
  }
}

const noInformational: readonly InformationalResponse[] = Object.freeze([]);

/**
 * The response to `finch.request`. Any status is a response; only the lack of
 * one is an error.
 *
 * Headers, trailers and body are decoded when they are read. `text()` and `json()` do
 * not join the bytes of the body first, which for bodies of some 10 kB is a good part
 * of the cost of the request: prefer them to `body.text()`.
 *
 * Mirrors `Finch.Response`.
 *
 * @example
 * const response = await finch.request('https://api.example.com/users/1');
 * if (response.status === 200) console.log(response.json<User>().name);
 */
export class Response {
  /** The status code, from 200 to 999. */
  readonly status: number;
  /** The interim responses that came before, in order. */
  readonly informational: readonly InformationalResponse[];
  readonly #rawHeaders: Fields;
  readonly #rawTrailers: Fields;
  #pieces: readonly Uint8Array[];
  /** What is to be given back of the only piece, as long as no other code can have seen it. */
  #memory: Uint8Array<ArrayBuffer> | undefined;
  /** The body, if its memory was given back. */
  #ascii: string | undefined;
  #headers: ResponseHeaders | undefined;
  #trailers: ResponseHeaders | undefined;
  #body: ResponseBody | undefined;

  /**
   * @internal Made of what the wire delivered, which must not change afterwards.
   * @param pieces the pieces of the body, in order
   * @param memory the only piece, if it is of the {@link bodyMemory} and this response's alone
   */
  constructor(
    status: number,
    rawHeaders: Fields,
    pieces: readonly Uint8Array[],
    rawTrailers: Fields = Fields.none,
    informational: readonly InformationalResponse[] = noInformational,
    memory?: Uint8Array<ArrayBuffer>,
  ) {
    this.status = status;
    this.informational = informational;
    this.#rawHeaders = rawHeaders;
    this.#rawTrailers = rawTrailers;
    this.#pieces = pieces;
    this.#memory = memory;
  }

  /** The headers, in order, names in lower case. Interim ones and trailers are not among them. */
  get headers(): ResponseHeaders {
    return (this.#headers ??= new ResponseHeaders(this.#rawHeaders));
  }

  /** The trailers, in order; empty as a rule. */
  get trailers(): ResponseHeaders {
    return (this.#trailers ??= new ResponseHeaders(this.#rawTrailers));
  }

  /** The body as bytes; empty if there is none. A body that came in one piece is not copied. */
  get body(): ResponseBody {
    if (this.#body === undefined) {
      this.#body = new ResponseBody(joinPieces(this.#bytes()), this.#info);
      this.#pieces = [this.#body];
      this.#memory = undefined;
    }
    return this.#body;
  }

  /**
   * The body as text: in `encoding` if given, else in the `charset` of the
   * content type, else in UTF-8. Malformed bytes become U+FFFD.
   *
   * @throws OptionsError for an encoding that does not exist.
   */
  text(encoding?: string): string {
    if (encoding === undefined && isUtf8(this.#contentType)) return this.#utf8();
    return decodeText(this.#bytes(), this.#contentType, encoding);
  }

  /**
   * The body parsed as JSON. Nothing checks that it is a `T`.
   *
   * @throws InvalidJsonError, which shows status, content type and how the body
   * begins.
   */
  json<T = unknown>(): T {
    const text = this.#utf8();
    return parseJson(text, () => ({ length: lengthOf(this.#bytes()), ...this.#info })) as T;
  }

  /** The body as a plain `Uint8Array`, over the same memory as `body`. */
  bytes(): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.body;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  /** How `console.log` shows it. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { status, headers, body, trailers, informational } = this;
    const shown = {
      status,
      headers,
      body,
      ...(trailers.length === 0 ? {} : { trailers }),
      ...(informational.length === 0 ? {} : { informational }),
    };
    return `Response ${inspect(shown, options)}`;
  }

  /** The body as UTF-8. ASCII is kept as text from then on: its memory serves another response. */
  #utf8(): string {
    if (this.#ascii !== undefined) return this.#ascii;
    const text = decodeUtf8(this.#pieces);
    const memory = this.#memory;
    if (memory === undefined || !isAscii(text, memory.length)) return text;
    this.#memory = undefined;
    this.#ascii = text;
    this.#pieces = [];
    bodyMemory.giveBack(memory);
    return text;
  }

  /** The pieces of the body; made anew of the text, if their memory was given back. */
  #bytes(): readonly Uint8Array[] {
    const text = this.#ascii;
    if (text === undefined) return this.#pieces;
    this.#ascii = undefined;
    return (this.#pieces = [Buffer.from(text, 'latin1')]);
  }

  get #contentType(): string | undefined {
    return this.#rawHeaders.contentType;
  }

  get #info(): BodyInfo {
    return {
      status: this.status,
      contentType: this.#contentType,
      contentEncoding: this.#rawHeaders.get('content-encoding'),
    };
  }
}

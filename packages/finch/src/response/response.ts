/**
 * A complete response. Its headers and body are decoded when they are read, not before.
 */
import { inspect } from 'node:util';
import type { InspectOptions } from 'node:util';
import { Fields } from '@linnet/mint';
import { ResponseBody } from './body.ts';
import { ResponseHeaders } from './headers.ts';
import { decodeJson, decodeText, joinPieces } from './text.ts';
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
  #headers: ResponseHeaders | undefined;
  #trailers: ResponseHeaders | undefined;
  #body: ResponseBody | undefined;

  /**
   * @internal Made of what the wire delivered, which must not change afterwards.
   * @param pieces the pieces of the body, in order
   */
  constructor(
    status: number,
    rawHeaders: Fields,
    pieces: readonly Uint8Array[],
    rawTrailers: Fields = Fields.none,
    informational: readonly InformationalResponse[] = noInformational,
  ) {
    this.status = status;
    this.informational = informational;
    this.#rawHeaders = rawHeaders;
    this.#rawTrailers = rawTrailers;
    this.#pieces = pieces;
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
      this.#body = new ResponseBody(joinPieces(this.#pieces), this.#info);
      this.#pieces = [this.#body];
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
    return decodeText(this.#pieces, this.#contentType, encoding);
  }

  /**
   * The body parsed as JSON. Nothing checks that it is a `T`.
   *
   * @throws InvalidJsonError, which shows status, content type and how the body
   * begins.
   */
  json<T = unknown>(): T {
    return decodeJson(this.#pieces, () => this.#info) as T;
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

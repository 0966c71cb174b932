/** A response, as steps change it and callers get it. */
import { inspect, type InspectOptions } from 'node:util';
import type { HeadersInput, Response } from '@linnet/finch';
import { HeaderList } from '../header-list.ts';

const noRedirects: readonly string[] = Object.freeze([]);

/** What a response is made of. */
export interface ResponseParts {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: HeadersInput;
  readonly trailers?: HeadersInput;
  /** Default: no bytes. */
  readonly body?: unknown;
  /** The URL that answered. */
  readonly url?: string;
}

/** A body that is read as it comes. */
export interface StreamedBody extends AsyncIterable<Uint8Array> {
  /** Gives up what was not read. */
  cancel(reason?: unknown): void;
}

/**
 * The response to a call. Any status is a response, unless `httpErrors`, `expect` or a schema says
 * otherwise. `body` is what the response steps have made of it: decompressed and decoded.
 *
 * Mirrors `Req.Response`.
 *
 * @example
 * const { status, headers, body } = await req.get('https://api.example.com/users/1');
 * if (status === 200) console.log(headers.get('content-type'), body);
 */
export class ReqResponse<Body = unknown> implements AsyncDisposable {
  status: number;
  /** The URL that answered: after redirects another than that of the call. */
  url: string;
  /** The URLs that redirected to it, in order. */
  redirects: readonly string[] = noRedirects;
  #headers: HeaderList | undefined;
  #trailers: HeaderList | undefined;
  /** What its headers and its body are taken from when they are asked for. */
  #source: Response | undefined;
  #body: unknown;
  #cancel: ((reason?: unknown) => void) | undefined;
  #private: Map<string | symbol, unknown> | undefined;

  /** Makes a response, for steps that answer themselves. */
  constructor(parts: ResponseParts = {}) {
    const { status = 200, headers, trailers, url = '', body = new Uint8Array() } = parts;
    this.status = status;
    this.url = url;
    this.#headers = new HeaderList(headers);
    this.#trailers = new HeaderList(trailers);
    this.#body = body;
  }

  /** @internal A response that Finch has collected. */
  static collected(response: Response, url: string): ReqResponse {
    const made = new ReqResponse({ status: response.status, url });
    made.#source = response;
    made.#body = undefined;
    made.#headers = undefined;
    made.#trailers = undefined;
    return made;
  }

  /** @internal A response whose body is read as it comes. */
  static streamed(parts: ResponseParts, body: StreamedBody): ReqResponse {
    const made = new ReqResponse({ ...parts, body });
    made.#cancel = (reason) => body.cancel(reason);
    return made;
  }

  /** The headers, names in lower case. */
  get headers(): HeaderList {
    return (this.#headers ??= HeaderList.over(this.#source?.headers ?? []));
  }

  /** The trailers; empty as a rule, and with `into: 'stream'`. */
  get trailers(): HeaderList {
    return (this.#trailers ??= HeaderList.over(this.#source?.trailers ?? []));
  }

  /** Bytes at first; what the steps that have run made of them. */
  get body(): Body {
    if (this.#source !== undefined && this.#body === undefined) this.#body = this.#source.bytes();
    return this.#body as Body;
  }

  set body(body: Body) {
    // Headers and trailers are still taken from the source.
    void this.headers;
    void this.trailers;
    this.#source = undefined;
    this.#body = body;
  }

  /** Whether the status is 2xx. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** Whether the body is read as it comes, rather than being there. */
  get streamed(): boolean {
    return this.#cancel !== undefined;
  }

  /** Data that steps leave for other steps, or for the caller. */
  get private(): Map<string | symbol, unknown> {
    return (this.#private ??= new Map());
  }

  /** Gives up a body of `into: 'stream'` that was not read to its end; else without effect. */
  cancel(reason: unknown = 'the response was cancelled'): void {
    this.#cancel?.(reason);
  }

  /** @internal Its body was read: it is in memory by now, or elsewhere. */
  replaceBody(body: unknown): void {
    this.#cancel = undefined;
    this.body = body as Body;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.cancel('the response was disposed of');
    return Promise.resolve();
  }

  /** How `console.log` shows it. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { status, url, headers, body } = this;
    return `ReqResponse ${inspect({ status, url, headers: { ...headers.toObject() }, body }, options)}`;
  }
}

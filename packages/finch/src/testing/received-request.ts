/** A request as a fake server or a stub received it. */
import { decodeJson, decodeText } from '../response/text.ts';

/** A request that came, with all of its body. */
export class ReceivedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By name in lower case; several of one name are joined by `', '`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The version of HTTP: `'1.1'` or `'2.0'`. */
  readonly httpVersion: string;
  /** The number of its connection, from 1. */
  readonly connection: number;

  /** @internal */
  constructor(parts: {
    readonly method: string;
    readonly target: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    readonly httpVersion: string;
    readonly connection: number;
  }) {
    const { pathname, searchParams } = new URL(parts.target, 'http://localhost');
    this.method = parts.method;
    this.path = pathname;
    this.query = searchParams;
    this.headers = parts.headers;
    this.body = parts.body;
    this.httpVersion = parts.httpVersion;
    this.connection = parts.connection;
  }

  /** The body as text, by the charset of its content type. */
  text(): string {
    return decodeText([this.body], this.headers['content-type']);
  }

  /** The body as JSON. Nothing checks that it is a `T`. */
  json<T = unknown>(): T {
    return decodeJson([this.body], () => ({ contentType: this.headers['content-type'] })) as T;
  }
}

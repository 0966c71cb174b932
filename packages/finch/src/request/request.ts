/**
 * A request that was built: checked, complete and immutable.
 */
import { describeValue } from '@linnet/otp/options';
import { InvalidRequestError } from '../errors/input-errors.ts';
import type { TrailersInput } from '../options/headers-input.ts';
import type { Origin, PoolIdentity, Scheme } from '../identity/index.ts';
import type { RequestBody } from './body.ts';

/** Survives two copies of the package. */
const brand: unique symbol = Symbol.for('@linnet/finch/request') as never;

/** Data of the caller's that travels with a request and is never sent. */
export type PrivateData = Readonly<Record<string | symbol, unknown>>;

const noPrivate: PrivateData = Object.freeze(Object.create(null) as PrivateData);

/** What a {@link Request} is made of, beside its origin and the caller's data. */
export type RequestParts = Omit<
  Request,
  'scheme' | 'host' | 'port' | 'private' | 'poolTag' | 'unixSocket'
>;

/**
 * A request, made by `Finch.build`. It can be sent any number of times, as long
 * as its body can be read more than once.
 *
 * Mirrors `Finch.Request`.
 */
export class Request {
  readonly method: string;
  readonly scheme: Scheme;
  readonly host: string;
  readonly port: number;
  /** The path, at least `/`, as given. */
  readonly path: string;
  /** The query without `?`, as given; undefined when there is none. */
  readonly query: string | undefined;
  /** Path and query, as the request line has them. */
  readonly target: string;
  /** Flat: name, value, name, value…; names in lower case; complete but for framing. */
  readonly headers: readonly string[];
  readonly body: RequestBody;
  /** The length of the body in bytes; 0 without one; undefined when it is not known. */
  readonly contentLength: number | undefined;
  /** The fields that are sent after the body, or what makes them then. */
  readonly trailers: TrailersInput | undefined;
  /** Whether to wait for `100 Continue` before the body is sent. */
  readonly expectContinue: boolean;
  /** The pool that serves it. */
  readonly pool: PoolIdentity;
  /** The caller's own data, see {@link putPrivate}. */
  readonly private: PrivateData;

  /** @internal Takes checked parts; use `buildRequest`. */
  constructor(parts: RequestParts, origin: Origin, data: PrivateData = noPrivate) {
    this.method = parts.method;
    this.scheme = origin.scheme;
    this.host = origin.host;
    this.port = origin.port;
    this.path = parts.path;
    this.query = parts.query;
    this.target = parts.target;
    this.headers = parts.headers;
    this.body = parts.body;
    this.contentLength = parts.contentLength;
    this.trailers = parts.trailers;
    this.expectContinue = parts.expectContinue;
    this.pool = parts.pool;
    this.private = data;
    Object.freeze(this);
  }

  /** The tag of the pool that serves it. */
  get poolTag(): string {
    return this.pool.tag;
  }

  /** The Unix socket that it goes through, if any. */
  get unixSocket(): string | undefined {
    return this.pool.unixSocket;
  }
}

Object.defineProperty(Request.prototype, brand, { value: true });

/** Where a request goes on its origin. */
type Target = Pick<RequestParts, 'path' | 'query' | 'target'>;

/** The same request with other headers, which are checked already. */
export function withHeaders(request: Request, headers: readonly string[]): Request {
  return remade(request, request.method, request, headers);
}

/** The same request to another path of its origin, which is checked already. */
export function withTarget(request: Request, method: string, target: Target): Request {
  return remade(request, method, target, request.headers);
}

function remade(
  request: Request,
  method: string,
  { path, query, target }: Target,
  headers: readonly string[],
): Request {
  const { body, contentLength, trailers, expectContinue, pool } = request;
  const parts = {
    method,
    path,
    query,
    target,
    headers,
    body,
    contentLength,
    trailers,
    expectContinue,
    pool,
  };
  return new Request(parts, request, request.private);
}

/**
 * Tells whether a value is a built request, whichever copy of the package made it.
 *
 * @example
 * const targetOf = (input: unknown) => (isRequest(input) ? input.target : String(input));
 */
export function isRequest(value: unknown): value is Request {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * The same request with a piece of the caller's own data, which interceptors
 * and telemetry handlers can read in `request.private` and which is never sent.
 *
 * Mirrors `Finch.Request.put_private/3`.
 *
 * @throws InvalidRequestError when the key is neither a string nor a symbol.
 *
 * @example
 * const tagged = putPrivate(request, 'route', '/users/:id');
 * tagged.private.route; // '/users/:id'
 */
export function putPrivate(request: Request, key: string | symbol, value: unknown): Request {
  if (typeof key !== 'string' && typeof key !== 'symbol') {
    throw new InvalidRequestError({
      option: 'private',
      value: key,
      problem: `got unsupported private metadata key ${describeValue(key)}`,
      allowed: 'a string or a symbol as key',
    });
  }
  // Without a prototype, '__proto__' is a key like any other.
  const data = Object.assign(
    Object.create(null) as Record<string | symbol, unknown>,
    request.private,
  );
  data[key] = value;
  return new Request(request, request, Object.freeze(data));
}

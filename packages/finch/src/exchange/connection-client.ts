/** What can be sent on one certain connection, that of a lease or a shared one. */
import type { Connection } from '../connection/connection.ts';
import { ConnectionClosedError, InvalidRequestError } from '../errors/index.ts';
import type { HeadersInput, RequestOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import { buildRequest, isRequest, type Method, type Request } from '../request/index.ts';
import type { Response } from '../response/index.ts';
import { DirectStream, PushBody } from './duplex.ts';
import type { OpenResponse } from './open-response.ts';
import {
  collectResponse,
  foldResponse,
  foldWhile,
  openResponse,
  type FoldFunction,
  type PreparedRequest,
} from './prepared-request.ts';
import type { StreamFunction } from './sinks/fold.ts';
import type { ResponseReader } from './sinks/reader.ts';

export abstract class ConnectionClient {
  /** The pool that the connection belongs to. */
  abstract readonly pool: PoolIdentity;

  /** Checks a request, and says how it is begun. @throws InvalidRequestError, ConnectionClosedError */
  protected abstract prepare(
    input: Request | string | URL,
    options: RequestOptions | undefined,
  ): PreparedRequest;

  /**
   * Sends a request on this connection and collects the response. A path, or a
   * URL of this server, is a GET. Options and limits are those of
   * `finch.request`; `poolTimeout` and `connectTimeout` have no meaning here, and
   * nothing is sent again.
   *
   * Rejects as `finch.request`; with ConnectionClosedError when the connection
   * is gone; and with InvalidRequestError for a request to another server, and
   * when the connection can take no further request now.
   *
   * Mirrors `hackney_conn:request/5`.
   *
   * @example
   * const { status } = await lease.request(Finch.build('DELETE', 'https://api.example.com/users/1'));
   */
  request(input: Request | string | URL, options?: RequestOptions): Promise<Response> {
    return collectResponse(input, () => this.prepare(input, options));
  }

  /**
   * As `finch.stream`, on this connection. Rejects as `request`.
   *
   * @example
   * const bytes = await lease.stream('/export', 0, (part, sum) =>
   *   part.type === 'data' ? sum + part.data.length : sum,
   * );
   */
  stream<Acc>(
    input: Request | string | URL,
    acc: Acc,
    callback: FoldFunction<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    return foldResponse(input, () => this.prepare(input, options), acc, callback);
  }

  /**
   * As `finch.streamWhile`, on this connection. A halt before the response is
   * complete costs an HTTP/1 connection its life: what is sent after it rejects
   * with ConnectionClosedError. Rejects as `request`.
   *
   * @example
   * const status = await lease.streamWhile('/health', 0, (part, acc) =>
   *   part.type === 'status' ? { halt: part.status } : { cont: acc },
   * );
   */
  streamWhile<Acc>(
    input: Request | string | URL,
    acc: Acc,
    callback: StreamFunction<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    return foldWhile(input, () => this.prepare(input, options), acc, callback, callback);
  }

  /**
   * As `finch.open`, on this connection: an HTTP/1 one is taken until the body
   * has been read to its end. Rejects as `request`.
   *
   * @example
   * const { body } = await lease.open('/export');
   * for await (const chunk of body) process.stdout.write(chunk);
   * await lease.request('/next');
   */
  open(input: Request | string | URL, options?: RequestOptions): Promise<OpenResponse> {
    return openResponse(
      input,
      () => this.prepare(input, options),
      (reader) => this.reading(reader),
    );
  }

  /**
   * Begins a request whose body you write piece by piece, while you read the
   * response: on HTTP/2 and HTTP/3 in both directions at once. Use it for protocols of your
   * own over one stream, such as gRPC.
   *
   * `method` is in any case; `target` is a path or a URL of this server. Ends like
   * any request: by `receiveTimeout` when the server keeps the writer or the
   * reader waiting, and with the calling process.
   *
   * Mirrors `hackney_conn:h2_open`.
   *
   * @example
   * const stream = lease.openStream('POST', '/echo', { te: 'trailers' });
   * await stream.write('hello');
   * stream.end({ 'x-sum': '42' });
   * const { status, body } = await stream.response;
   */
  openStream(
    method: Method | (string & {}),
    target: string | URL,
    headers?: HeadersInput | null,
    options?: RequestOptions,
  ): DirectStream {
    const { key: pool, origin } = this.pool;
    const body = new PushBody({ pool, origin });
    const request = this.build(method, target, headers, body);
    let reader: ResponseReader | undefined;
    const response = openResponse(
      request,
      () => this.prepare(request, options),
      (opened) => {
        reader = opened;
        this.reading(opened);
      },
    );
    return new DirectStream(body, response, (reason) => reader?.discard(reason));
  }

  /** A response is about to be read. */
  protected reading(_reader: ResponseReader): void {}

  /** The request that is meant: as given, or a GET. @throws InvalidRequestError for another server. */
  protected requestFrom(input: Request | string | URL): Request {
    const request = isRequest(input) ? input : this.build('GET', input);
    const { origin } = this.pool;
    if (request.pool.origin === origin) return request;
    throw new InvalidRequestError({
      option: 'request',
      value: request.pool.origin,
      problem: 'The request is for another server',
      allowed: `one to ${origin}`,
    });
  }

  private build(
    method: string,
    target: string | URL,
    headers?: HeadersInput | null,
    body?: PushBody,
  ): Request {
    const { scheme, host, origin, unixSocket, tag } = this.pool;
    const server = unixSocket === undefined ? origin : `${scheme}://${host}`;
    const isUrl = typeof target !== 'string' || /^[a-z][a-z0-9+.-]*:\/\//i.test(target);
    const url = isUrl ? target : `${server}${target.startsWith('/') ? '' : '/'}${target}`;
    return buildRequest(method, url, headers, body, {
      poolTag: tag,
      ...(unixSocket === undefined ? undefined : { unixSocket }),
      ...(body === undefined ? undefined : { trailers: () => body.trailers }),
    });
  }
}

/** A shared connection carries as many requests as it may. */
export function noPlace({ owner, limit, reusable }: Connection): Error {
  const { key: pool, origin } = owner.pool;
  if (!reusable) return new ConnectionClosedError({ pool, origin, requestSent: false });
  return new InvalidRequestError({
    option: 'connection',
    value: pool,
    problem: `The connection carries as many requests as it may, ${limit}`,
    allowed: 'a request when another one is over, or one by the pool, which waits',
  });
}

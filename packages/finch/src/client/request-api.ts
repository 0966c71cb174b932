/** Requests whose response is collected. */
import { Exchange } from '../exchange/exchange.ts';
import { notBegun } from '../exchange/prepared-request.ts';
import { Collect } from '../exchange/sinks/collect.ts';
import {
  readRequestOptions,
  type BuildOptions,
  type HeadersInput,
  type RequestOptions,
} from '../options/index.ts';
import {
  buildRequest,
  isRequest,
  needsStreamWhile,
  StepBody,
  type BodyInput,
  type Request,
} from '../request/index.ts';
import type { Response } from '../response/index.ts';
import { InstanceHandle } from './instance-handle.ts';

/** What a request by method takes beside the options of `finch.request`. */
export interface SendOptions extends RequestOptions, BuildOptions {
  readonly headers?: HeadersInput;
  readonly body?: BodyInput;
}

export abstract class RequestApi extends InstanceHandle {
  /**
   * Sends a request and collects the response; a URL alone is a GET. Any status
   * is a response. Never throws outside of the promise.
   *
   * Limits: `poolTimeout` 5000 ms to get a connection, `receiveTimeout`
   * 15 000 ms of silence, `requestTimeout` for all of it (none).
   *
   * Rejects with PoolTimeoutError, QueueFullError, PoolDownError,
   * ConnectTimeoutError, ConnectError, TlsError, ReceiveTimeoutError,
   * RequestTimeoutError, RequestCancelledError, RequestBodyError, ProtocolError,
   * ConnectionClosedError, StreamResetError, ResponseTooLargeError,
   * InvalidRequestError, OptionsError or InstanceNotFoundError.
   *
   * Mirrors `Finch.request/3`.
   *
   * @example
   * const { status, headers, body } = await finch.request(
   *   Finch.build('GET', 'https://api.internal/users', { accept: 'application/json' }),
   *   { receiveTimeout: 2000 },
   * );
   */
  request(input: Request | string | URL, options?: RequestOptions): Promise<Response> {
    return new Promise((resolve, reject) => {
      try {
        const request = withoutSteps(requestFrom(input));
        const resolved = readRequestOptions(options);
        new Exchange(this.running(), request, resolved, new Collect(resolve, reject)).start();
      } catch (error) {
        throw notBegun(input, error);
      }
    });
  }

  /**
   * Sends a GET. `options` are those of `finch.request` and of `Finch.build`, and `headers`; it
   * rejects as `finch.request`. The other methods likewise.
   *
   * @example
   * const users = await finch.get('https://api.internal/users', { receiveTimeout: 2000 });
   */
  get(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('GET', url, undefined, options);
  }

  /**
   * Sends a HEAD: the response has headers, and an empty body. See `finch.get`.
   *
   * @example
   * const { headers } = await finch.head('https://api.example.com/export');
   * headers.get('content-length');
   */
  head(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('HEAD', url, undefined, options);
  }

  /**
   * Sends a DELETE. See `finch.get`.
   *
   * @example
   * await finch.delete('https://api.example.com/users/1');
   */
  delete(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('DELETE', url, undefined, options);
  }

  /**
   * Sends an OPTIONS. See `finch.get`.
   *
   * @example
   * const { headers } = await finch.options('https://api.example.com/users');
   * headers.get('allow');
   */
  options(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('OPTIONS', url, undefined, options);
  }

  /**
   * Sends a POST with a body, see `Finch.build` for what can be one. Once any
   * of it may have reached the server, it is not sent again.
   *
   * @example
   * await finch.post('https://api.example.com/users', JSON.stringify({ name: 'Ada' }), {
   *   headers: { 'content-type': 'application/json' },
   * });
   */
  post(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('POST', url, body, options);
  }

  /**
   * Sends a PUT with a body. See `finch.post`.
   *
   * @example
   * await finch.put('https://api.example.com/users/1', JSON.stringify({ name: 'Ada' }), {
   *   headers: { 'content-type': 'application/json' },
   * });
   */
  put(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('PUT', url, body, options);
  }

  /**
   * Sends a PATCH with a body. See `finch.post`.
   *
   * @example
   * await finch.patch('https://api.example.com/users/1', JSON.stringify({ name: 'Ada' }), {
   *   headers: { 'content-type': 'application/merge-patch+json' },
   * });
   */
  patch(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('PATCH', url, body, options);
  }

  #send(
    method: string,
    url: string | URL,
    body: BodyInput | undefined,
    options: SendOptions | undefined,
  ): Promise<Response> {
    if (options === undefined && body === undefined && method === 'GET') return this.request(url);
    return new Promise((resolve, reject) => {
      const { headers, body: given, poolTag, unixSocket, trailers, ...rest } = options ?? {};
      const theBody = body ?? given;
      try {
        const request = buildRequest(method, url, headers, theBody, {
          ...(poolTag === undefined ? undefined : { poolTag }),
          ...(unixSocket === undefined ? undefined : { unixSocket }),
          ...(trailers === undefined ? undefined : { trailers }),
        });
        const resolved = readRequestOptions(rest);
        new Exchange(this.running(), request, resolved, new Collect(resolve, reject)).start();
      } catch (error) {
        throw notBegun(theBody, error);
      }
    });
  }
}

/** The request that is meant: as given, or a GET of the URL. @throws InvalidRequestError */
export function requestFrom(input: Request | string | URL): Request {
  return isRequest(input) ? input : buildRequest('GET', input);
}

/** The request, unless its body needs an accumulator. @throws InvalidRequestError */
export function withoutSteps(request: Request): Request {
  if (request.body instanceof StepBody) throw needsStreamWhile(request.body);
  return request;
}

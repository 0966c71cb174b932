/** Requests whose response is collected. */
import { BufferedRequest } from '../operation/buffered-request.ts';
import { readRequestOptions, type BuildOptions, type RequestOptions } from '../options/index.ts';
import {
  buildRequest,
  isRequest,
  needsStreamWhile,
  StepBody,
  type BodyInput,
  type HeadersInput,
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
   * RequestTimeoutError, RequestCancelledError, ProtocolError,
   * ConnectionClosedError, InvalidRequestError, OptionsError or
   * InstanceNotFoundError.
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
      const request = requestFrom(input);
      if (request.body instanceof StepBody) throw needsStreamWhile(request.body);
      const resolved = readRequestOptions(options);
      new BufferedRequest(this.running(), request, resolved, resolve, reject).start();
    });
  }

  /** GET. The other methods likewise. */
  get(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('GET', url, undefined, options);
  }

  head(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('HEAD', url, undefined, options);
  }

  delete(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('DELETE', url, undefined, options);
  }

  options(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('OPTIONS', url, undefined, options);
  }

  post(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('POST', url, body, options);
  }

  put(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('PUT', url, body, options);
  }

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
      const { headers, body: given, poolTag, unixSocket, ...rest } = options ?? {};
      const request = buildRequest(method, url, headers, body ?? given, {
        ...(poolTag === undefined ? undefined : { poolTag }),
        ...(unixSocket === undefined ? undefined : { unixSocket }),
      });
      const resolved = readRequestOptions(rest);
      new BufferedRequest(this.running(), request, resolved, resolve, reject).start();
    });
  }
}

/** The request that is meant: as given, or a GET of the URL. @throws InvalidRequestError */
export function requestFrom(input: Request | string | URL): Request {
  return isRequest(input) ? input : buildRequest('GET', input);
}

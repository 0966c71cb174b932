/** What can be sent by an instance, over any connection of its pools. */
import { currentPid } from '@linnet/otp';
import { InvalidRequestError } from '../errors/index.ts';
import type { InstanceRef } from '../instance/instance-ref.ts';
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
import { Exchange } from './exchange.ts';
import { notBegun, type PreparedRequest, type SendInput } from './prepared-request.ts';
import { Collect } from './sinks/collect.ts';
import { cancelAsync, isRequestRef, Mailbox, type AsyncRequestRef } from './sinks/mailbox.ts';

/** What a request by method takes beside the options of `finch.request`. */
export interface SendOptions extends RequestOptions, BuildOptions {
  readonly headers?: HeadersInput;
  readonly body?: BodyInput;
}

/** Sends a request and resolves with the whole response. */
export function sendRequest(
  ref: InstanceRef,
  input: SendInput,
  options: RequestOptions | undefined,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    try {
      const request = withoutSteps(requestFrom(input));
      const resolved = readRequestOptions(options);
      new Exchange(ref.running(), request, resolved, new Collect(resolve, reject)).start();
    } catch (error) {
      throw notBegun(input, error);
    }
  });
}

/** Builds a request of what a method like `finch.post` is given, and sends it. */
export function sendBuilt(
  ref: InstanceRef,
  method: string,
  url: string | URL,
  options: SendOptions | undefined,
  body?: BodyInput,
): Promise<Response> {
  if (options === undefined && body === undefined && method === 'GET') {
    return sendRequest(ref, url, undefined);
  }
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
      new Exchange(ref.running(), request, resolved, new Collect(resolve, reject)).start();
    } catch (error) {
      throw notBegun(theBody, error);
    }
  });
}

/** What `stream` and `streamWhile` send. @throws InvalidRequestError, OptionsError, InstanceNotFoundError */
export function prepareRequest(
  ref: InstanceRef,
  input: SendInput,
  options: RequestOptions | undefined,
): PreparedRequest {
  return prepare(ref, requestFrom(input), options);
}

/** What `open` sends, which has no accumulator. @throws as {@link prepareRequest} */
export function prepareOpen(
  ref: InstanceRef,
  input: SendInput,
  options: RequestOptions | undefined,
): PreparedRequest {
  return prepare(ref, withoutSteps(requestFrom(input)), options);
}

/** Sends a request whose response comes as messages to the calling process. */
export function sendAsync(
  instance: InstanceRef,
  input: SendInput,
  options: RequestOptions | undefined,
): AsyncRequestRef {
  try {
    const request = withoutSteps(requestFrom(input));
    const resolved = readRequestOptions(options);
    const { exchange, ref } = new Mailbox(instance.running(), request, resolved);
    exchange.start();
    return ref;
  } catch (error) {
    throw notBegun(input, error);
  }
}

/** Cancels a request of {@link sendAsync}. @throws InvalidRequestError */
export function cancelRequest(ref: AsyncRequestRef): Promise<void> {
  if (isRequestRef(ref)) return cancelAsync(ref, currentPid());
  throw new InvalidRequestError({
    option: 'ref',
    value: ref,
    problem: 'This is no request that could be cancelled',
    allowed: 'what asyncRequest returned',
  });
}

function prepare(
  ref: InstanceRef,
  request: Request,
  options: RequestOptions | undefined,
): PreparedRequest {
  const resolved = readRequestOptions(options);
  return { instance: ref.running(), request, options: resolved, begin };
}

function begin(exchange: Exchange): void {
  exchange.start();
}

/** The request that is meant: as given, or a GET of the URL. @throws InvalidRequestError */
function requestFrom(input: SendInput): Request {
  return isRequest(input) ? input : buildRequest('GET', input);
}

/** The request, unless its body needs an accumulator. @throws InvalidRequestError */
function withoutSteps(request: Request): Request {
  if (request.body instanceof StepBody) throw needsStreamWhile(request.body);
  return request;
}

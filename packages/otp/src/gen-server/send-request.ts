/**
 * Requests whose answers come as messages: for a process that goes on with other messages meanwhile,
 * or waits for the first of many answers. To await one answer, use `call`.
 */
import { Call, sendCall } from '../process/messages/call.ts';
import type { CallError, CallSite } from '../process/messages/call-error.ts';
import { requireProcess } from '../process/context.ts';
import {
  BadArgumentError,
  checkTimeout,
  ReceiveTimeoutError,
  timeoutOf,
} from '../process/errors.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { Process } from '../process/process.ts';
import { receive } from '../process/messages/receive.ts';
import { resolveRef, type ServerRef } from '../process/names/server-ref.ts';
import { isRequest, type Request } from './messages.ts';

const site: CallSite = { module: 'GenServer', function: 'sendRequest' };

/** The answer to a request, or how it failed: a message in the mailbox of the process that has sent it. */
export type ResponseMessage<T = unknown, Label = unknown> = {
  readonly type: 'response';
  readonly request: RequestId<T, Label>;
} & (
  | { readonly outcome: 'reply'; readonly value: T }
  /** The server was not alive, or has ended before answering. */
  | { readonly outcome: 'error'; readonly reason: ExitReason }
);

/** Identifies a request of {@link sendRequest}; compare by identity. */
export class RequestId<T = unknown, Label = unknown> {
  readonly server: ServerRef;
  /** What the request was labelled with. */
  readonly label: Label;
  readonly #owner: Process;
  readonly #call: Call;

  /** @internal */
  constructor(server: ServerRef, message: unknown, label: Label, owner: Process) {
    this.server = server;
    this.label = label;
    this.#owner = owner;
    this.#call = new Call(site, server, message, 'infinity', owner);
    this.#call.settleWith(
      (value) => this.#deliver({ outcome: 'reply', value }),
      ({ why }: CallError) => this.#deliver({ outcome: 'error', reason: why }),
    );
  }

  /** @internal */
  send(): void {
    sendCall(this.#call, resolveRef(this.server), this.#owner);
  }

  /** Gives the request up: what is answered later is dropped, and an answer in the mailbox removed. */
  abandon(): void {
    if (this.#call.pending) this.#call.drop();
    else this.#owner.takeMatching((message) => this.isResponse(message));
  }

  /** Whether a message is the response to this request. */
  isResponse(message: unknown): message is ResponseMessage<T, Label> {
    return requestOf(message) === this;
  }

  #deliver(outcome: object): void {
    this.#owner.deliver({ type: 'response', request: this, ...outcome });
  }
}

/** The request that a message is the response to; undefined for any other message. */
function requestOf(message: unknown): unknown {
  if (typeof message !== 'object' || message === null) return undefined;
  try {
    const { type, request } = message as Partial<ResponseMessage>;
    return type === 'response' ? request : undefined;
  } catch {
    return undefined; // a revoked proxy or a getter that throws
  }
}

/**
 * Requests that are waited for together. A response that has been taken is out of the collection.
 *
 * Source: `gen_server:reqids_new/0`, `reqids_add/3`, `reqids_size/1`, `reqids_to_list/1`.
 * @example
 * const requests = new RequestCollection<number, string>();
 * for (const name of ['a', 'b']) requests.add(sendRequest<number, string>(name, 'value', name));
 * while (requests.size > 0) {
 *   const response = await receiveResponse(requests, { timeout: 1000 });
 *   if (response?.outcome === 'reply') console.log(response.request.label, response.value);
 * }
 */
export class RequestCollection<T = unknown, Label = unknown> {
  readonly #requests = new Set<unknown>();

  /** Adds a request; one that is there already is there once. */
  add(request: RequestId<T, Label>): this {
    this.#requests.add(request);
    return this;
  }

  /** Takes a request out. Returns whether it was there. */
  delete(request: RequestId<T, Label>): boolean {
    return this.#requests.delete(request);
  }

  /** How many there are. */
  get size(): number {
    return this.#requests.size;
  }

  /** Whether a message is the response to one of them. */
  isResponse(message: unknown): message is ResponseMessage<T, Label> {
    const request = requestOf(message);
    return request !== undefined && this.#requests.has(request);
  }

  [Symbol.iterator](): Iterator<RequestId<T, Label>> {
    return (this.#requests as Set<RequestId<T, Label>>).values();
  }
}

/** Options of {@link receiveResponse} and {@link waitResponse}. */
export interface ResponseOptions {
  /** Milliseconds to wait, `'infinity'` by default. */
  readonly timeout?: number | 'infinity';
}

/**
 * Sends a request to a server and goes on: the response comes to the mailbox of the current process, as
 * a {@link ResponseMessage}. Take it with {@link receiveResponse}, or in `handleInfo`, where
 * {@link checkResponse} knows it.
 *
 * Source: `gen_server:send_request/2,4`.
 * @throws {NoProcessError} outside any process: there, `call` gives a promise.
 * @throws {BadArgumentError} for what is not a request.
 * @example
 * const request = sendRequest<number>('counter', ['add', 2]);
 * const response = await receiveResponse(request, { timeout: 1000 });
 */
export function sendRequest<T = unknown, Label = undefined>(
  server: ServerRef,
  message: Request,
  ...[label]: undefined extends Label ? [label?: Label] : [label: Label]
): RequestId<T, Label> {
  if (!isRequest(message)) {
    throw new BadArgumentError(
      'request',
      message,
      'the name of a clause, or [clause, ...arguments]',
    );
  }
  return newRequest<T, Label>(server, message, label as Label, 'sendRequest()');
}

/** Sends a request of the current process, whatever its form. */
export function newRequest<T, Label>(
  server: ServerRef,
  message: unknown,
  label: Label,
  operation: string,
): RequestId<T, Label> {
  const request = new RequestId<T, Label>(server, message, label, requireProcess(operation));
  request.send();
  return request;
}

type Requests<T, Label> = RequestId<T, Label> | RequestCollection<T, Label>;

/**
 * Waits for the response to a request, or the first one to any of a collection, without limit by
 * default. After the timeout, undefined is given and the requests are abandoned: their responses never
 * come.
 *
 * Source: `gen_server:receive_response/2,3`.
 * @example
 * const response = await receiveResponse(sendRequest('counter', 'value'), { timeout: 100 });
 * if (response === undefined) console.log('too late');
 */
export async function receiveResponse<T, Label>(
  requests: Requests<T, Label>,
  options?: ResponseOptions,
): Promise<ResponseMessage<T, Label> | undefined> {
  const response = await waitResponse(requests, options);
  if (response !== undefined) return response;
  if (requests instanceof RequestId) requests.abandon();
  else {
    for (const request of requests) {
      request.abandon();
      requests.delete(request);
    }
  }
  return undefined;
}

/**
 * As {@link receiveResponse}, but after the timeout the requests may be waited for again.
 *
 * Source: `gen_server:wait_response/2,3`.
 * @example
 * const request = sendRequest('counter', 'value');
 * while ((await waitResponse(request, { timeout: 1000 })) === undefined) console.log('still waiting');
 */
export async function waitResponse<T, Label>(
  requests: Requests<T, Label>,
  options?: ResponseOptions,
): Promise<ResponseMessage<T, Label> | undefined> {
  const timeout = timeoutOf(options, 'infinity');
  checkTimeout('timeout', timeout);
  requireProcess('waitResponse()');
  if (requests instanceof RequestCollection && requests.size === 0) return undefined;
  try {
    const isResponse = (message: unknown): message is ResponseMessage<T, Label> =>
      requests.isResponse(message);
    const response = await receive(isResponse, { timeout });
    return checkResponse(response, requests);
  } catch (error) {
    if (error instanceof ReceiveTimeoutError) return undefined;
    throw error;
  }
}

/**
 * The response that a message is, if it is one to the request or to any of the collection, from which it
 * is taken out then; undefined for any other message. For `handleInfo`.
 *
 * Source: `gen_server:check_response/2,3`.
 * @example
 * const request = sendRequest('counter', 'value');
 * const response = checkResponse(await receive(), request);
 * if (response?.outcome === 'error') console.log(response.reason);
 */
export function checkResponse<T, Label>(
  message: unknown,
  requests: Requests<T, Label>,
): ResponseMessage<T, Label> | undefined {
  if (!requests.isResponse(message)) return undefined;
  if (requests instanceof RequestCollection) requests.delete(message.request);
  return message;
}

/** The step `retry`, of responses and of errors. */
import { isReplayable } from '../body/replayable.ts';
import { ReqOptionsError } from '../errors/index.ts';
import type { Again } from '../message/control.ts';
import type { ReqRequest, RequestInput } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';
import { backOff, retryAfter } from '../retry/delay.ts';
import { isSafe, isTransient, provesUnsent } from '../retry/transient.ts';

type Retry = Again<RequestInput> | undefined;

/** Sends a request again that was answered with a status of `retryStatuses`. */
export function retryResponse(request: ReqRequest, response: ReqResponse): Retry | Promise<Retry> {
  const { retry, retryStatuses } = request.options;
  if (typeof retry !== 'function' && !retryStatuses.includes(response.status)) return undefined;
  return retryAfterOutcome(request, response, undefined);
}

/** Sends a request again that failed by an error of the connection. */
export function retryError(request: ReqRequest, error: Error): Retry | Promise<Retry> {
  return retryAfterOutcome(request, undefined, error);
}

function retryAfterOutcome(
  request: ReqRequest,
  response: ReqResponse | undefined,
  error: Error | undefined,
): Retry | Promise<Retry> {
  const { options, call, method, url } = request;
  const { retry, maxRetries } = options;
  if (retry === false || call.retries >= maxRetries || call.signal?.aborted === true)
    return undefined;
  if (call.delivered || !isReplayable(options)) return undefined;
  if (typeof retry !== 'function') {
    return isWanted(request, error) ? sendAgain(request, response, true) : undefined;
  }
  const context = { method, url, attempt: call.attempt, response, error };
  return Promise.resolve(retry(context)).then((wanted) => sendAgain(request, response, wanted));
}

function isWanted({ options, method }: ReqRequest, error: Error | undefined): boolean {
  if (error === undefined) return options.retry === 'transient' || isSafe(method);
  if (!isTransient(error)) return false;
  return options.retry === 'transient' || isSafe(method) || provesUnsent(error);
}

/** @param wanted true for the usual delay, or the delay in ms */
async function sendAgain(
  request: ReqRequest,
  response: ReqResponse | undefined,
  wanted: boolean | number,
): Promise<Retry> {
  if (wanted === false) return undefined;
  const { call, options } = request;
  const longest =
    options.maxRetryDelay === 'infinity' ? Number.MAX_SAFE_INTEGER : options.maxRetryDelay;
  const asked = response === undefined ? undefined : retryAfter(response.headers);
  if (wanted === true && asked !== undefined && asked > longest) return undefined;
  if (call.budget?.take() === false) return undefined;
  // Its connection is of use to others meanwhile.
  response?.cancel('the request is sent again');
  const delay = typeof wanted === 'number' ? wanted : (asked ?? delayOf(request, longest));
  if (!(delay >= 0)) throw badDelay(typeof wanted === 'number' ? 'retry' : 'retryDelay', delay);
  call.retries += 1;
  await call.wait(delay);
  return request.again();
}

function delayOf({ call, options }: ReqRequest, longest: number): number {
  const { retryDelay } = options;
  if (typeof retryDelay === 'number') return retryDelay;
  return retryDelay === undefined
    ? backOff(call.retries, longest)
    : Math.min(longest, retryDelay(call.retries));
}

function badDelay(option: string, value: number): ReqOptionsError {
  return new ReqOptionsError({ option, value, allowed: 'a function that returns ms >= 0' });
}

/** `open`, `stream` and `streamWhile`, alike for an instance and for a lease. */
import { InvalidRequestError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedRequestOptions } from '../options/index.ts';
import type { Request } from '../request/index.ts';
import { isThenable } from './caller-context.ts';
import { notBegun } from './not-begun.ts';
import { OpenResponse } from './open-response.ts';
import { OpenedRequest, type OpenedHead } from './opened-request.ts';
import type { Operation } from './operation.ts';
import type { ResponsePart } from './response-part.ts';
import { StreamedRequest, type StreamFunction, type StreamStep } from './streamed-request.ts';

/** A request that is about to be sent, and what it is sent by. */
export interface Sending {
  readonly instance: Instance;
  readonly request: Request;
  readonly options: ResolvedRequestOptions;
  /** Starts it: on whatever connection becomes free, or on one in particular. */
  readonly begin: (operation: Operation) => void;
}

/** The function of `stream`. */
export type FoldFunction<Acc> = (part: ResponsePart, acc: Acc) => Acc | PromiseLike<Acc>;

/** What a caller asks for: a request that was built, or the URL of a GET. */
export type SendInput = Request | string | URL;

/** Resolves with the head. What `prepare` throws is a rejection, too. */
export function openResponse(input: SendInput, prepare: () => Sending): Promise<OpenResponse> {
  return new Promise((resolve, reject) => {
    try {
      const { instance, request, options, begin } = prepare();
      const opening = { resolve: (head: OpenedHead) => resolve(new OpenResponse(head)), reject };
      begin(new OpenedRequest(instance, request, options, opening));
    } catch (error) {
      throw notBegun(input, error);
    }
  });
}

/** Resolves with the last accumulator. */
export function foldResponse<Acc>(
  input: SendInput,
  prepare: () => Sending,
  acc: Acc,
  callback: FoldFunction<Acc>,
): Promise<Acc> {
  return foldWhile(input, prepare, acc, callback, (part, current) => {
    const next = callback(part, current);
    return isThenable(next) ? next.then(cont) : cont(next);
  });
}

/** The same with a function that can stop; `given` is what the caller gave as one. */
export function foldWhile<Acc>(
  input: SendInput,
  prepare: () => Sending,
  acc: Acc,
  given: unknown,
  callback: StreamFunction<Acc>,
): Promise<Acc> {
  return new Promise((resolve, reject) => {
    try {
      if (typeof given !== 'function') throw badCallback(given);
      const { instance, request, options, begin } = prepare();
      const outcome = { resolve, reject };
      begin(new StreamedRequest<Acc>(instance, request, acc, callback, options, outcome));
    } catch (error) {
      throw notBegun(input, error);
    }
  });
}

function cont<Acc>(acc: Acc): StreamStep<Acc> {
  return { cont: acc };
}

function badCallback(value: unknown): InvalidRequestError {
  return new InvalidRequestError({
    option: 'callback',
    value,
    problem: 'There is no function to hand the response to',
    allowed: 'a function of the part and the accumulator',
  });
}

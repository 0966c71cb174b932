/** `request`, `open`, `stream` and `streamWhile`, alike for an instance and for one connection. */
import { InvalidRequestError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedRequestOptions } from '../options/index.ts';
import { isRequest, type Request } from '../request/index.ts';
import { discardUnsent } from '../request/source.ts';
import type { Response } from '../response/index.ts';
import { isThenable } from './caller-context.ts';
import { Exchange } from './exchange.ts';
import { OpenResponse } from './open-response.ts';
import { Collect } from './sinks/collect.ts';
import { Fold, type StreamFunction, type StreamStep } from './sinks/fold.ts';
import { ResponseReader, type OpenedHead } from './sinks/reader.ts';
import type { ResponsePart } from './sinks/response-part.ts';

/** A request that is about to be sent, and how. */
export interface PreparedRequest {
  readonly instance: Instance;
  readonly request: Request;
  readonly options: ResolvedRequestOptions;
  /** Starts it: on any connection of its pool, or on a certain one. */
  readonly begin: (exchange: Exchange) => void;
}

/** The function of `stream`. */
export type FoldFunction<Acc> = (part: ResponsePart, acc: Acc) => Acc | PromiseLike<Acc>;

/** What a caller asks for: a request that was built, or the URL of a GET. */
export type SendInput = Request | string | URL;

/** Resolves with the whole response. What `prepare` throws is a rejection, too. */
export function collectResponse(
  input: SendInput,
  prepare: () => PreparedRequest,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    try {
      const { instance, request, options, begin } = prepare();
      begin(new Exchange(instance, request, options, new Collect(resolve, reject)));
    } catch (error) {
      throw notBegun(input, error);
    }
  });
}

/** Resolves with the head; `reading` is told who reads the response. */
export function openResponse(
  input: SendInput,
  prepare: () => PreparedRequest,
  reading?: (reader: ResponseReader) => void,
): Promise<OpenResponse> {
  return new Promise((resolve, reject) => {
    try {
      const { instance, request, options, begin } = prepare();
      const opening = { resolve: (head: OpenedHead) => resolve(new OpenResponse(head)), reject };
      const reader = new ResponseReader(instance, request, options, opening);
      reading?.(reader);
      begin(reader.exchange);
    } catch (error) {
      throw notBegun(input, error);
    }
  });
}

/** Resolves with the last accumulator. */
export function foldResponse<Acc>(
  input: SendInput,
  prepare: () => PreparedRequest,
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
  prepare: () => PreparedRequest,
  acc: Acc,
  given: unknown,
  callback: StreamFunction<Acc>,
): Promise<Acc> {
  return new Promise((resolve, reject) => {
    try {
      if (typeof given !== 'function') throw badCallback(given);
      const { instance, request, options, begin } = prepare();
      const outcome = { resolve, reject };
      begin(new Fold<Acc>(instance, request, acc, callback, options, outcome).exchange);
    } catch (error) {
      throw notBegun(input, error);
    }
  });
}

/**
 * The error of a request that could not be begun. Nothing will read its body, so
 * that is let go of: `input` is a built request, or a body.
 */
export function notBegun(input: unknown, error: unknown): unknown {
  discardUnsent(isRequest(input) ? input.body : input);
  return error;
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

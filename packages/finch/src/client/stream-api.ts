/** Requests whose response is handed on while it comes. */
import { InvalidRequestError } from '../errors/index.ts';
import { isThenable } from '../operation/caller-context.ts';
import type { ResponsePart } from '../operation/response-part.ts';
import {
  StreamedRequest,
  type StreamFunction,
  type StreamStep,
} from '../operation/streamed-request.ts';
import { readRequestOptions, type RequestOptions } from '../options/index.ts';
import type { Request } from '../request/index.ts';
import { RequestApi, requestFrom } from './request-api.ts';

export abstract class StreamApi extends RequestApi {
  /**
   * Folds a response, part by part, into an accumulator; resolves with the last
   * one. Use it for a body that is too large to be held, or of which only
   * something is to be computed.
   *
   * `callback` is called with each part ({@link ResponsePart}) and the
   * accumulator, and returns the next accumulator, or a promise of it: until that
   * is settled nothing more is read from the server. It runs in the async context
   * and as the process of whoever called `stream`. What it throws is what the
   * returned promise rejects with; the connection is closed then.
   *
   * Limits and errors are those of `finch.request`; an error of this package has
   * the accumulator so far as `error.acc`. `receiveTimeout` does not run while the
   * promise of `callback` holds the reading up.
   *
   * Mirrors `Finch.stream/5`.
   *
   * @example
   * const bytes = await finch.stream('https://api.example.com/export', 0, (part, sum) =>
   *   part.type === 'data' ? sum + part.data.length : sum,
   * );
   */
  stream<Acc>(
    input: Request | string | URL,
    acc: Acc,
    callback: (part: ResponsePart, acc: Acc) => Acc | PromiseLike<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    return this.#stream(
      input,
      acc,
      callback,
      (part, current) => {
        const next = callback(part, current);
        return isThenable(next) ? next.then(cont) : cont(next);
      },
      options,
    );
  }

  /**
   * As `stream`, with a callback that can stop: it returns `{ cont: acc }` to go
   * on or `{ halt: acc }` to resolve with this accumulator now. A response that
   * is not complete by then costs an HTTP/1 connection its life.
   *
   * The request's body may be a function of the accumulator, `{ stream }` (see
   * `BodySteps`), which is called until it returns `{ done: acc }`. The two
   * functions hand one accumulator on, and their calls never overlap.
   *
   * Rejects as `stream`, and with InvalidRequestError when a function returns
   * something else than a step.
   *
   * Mirrors `Finch.stream_while/5`.
   *
   * @example
   * const start = await finch.streamWhile('https://example.com/large', '', (part, text) => {
   *   if (part.type !== 'data') return { cont: text };
   *   const more = text + Buffer.from(part.data).toString();
   *   return more.length < 1000 ? { cont: more } : { halt: more };
   * });
   */
  streamWhile<Acc>(
    input: Request | string | URL,
    acc: Acc,
    callback: StreamFunction<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    return this.#stream(input, acc, callback, callback, options);
  }

  #stream<Acc>(
    input: Request | string | URL,
    acc: Acc,
    given: unknown,
    callback: StreamFunction<Acc>,
    options: RequestOptions | undefined,
  ): Promise<Acc> {
    return new Promise((resolve, reject) => {
      if (typeof given !== 'function') throw badCallback(given);
      const request = requestFrom(input);
      const resolved = readRequestOptions(options);
      const outcome = { resolve, reject };
      new StreamedRequest<Acc>(this.running(), request, acc, callback, resolved, outcome).start();
    });
  }
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

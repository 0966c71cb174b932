/** Requests whose response is handed on while it comes. */
import { currentPid } from '@linnet/otp';
import { InvalidRequestError } from '../errors/index.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { OpenResponse } from '../exchange/open-response.ts';
import {
  foldResponse,
  foldWhile,
  notBegun,
  openResponse,
  type FoldFunction,
  type PreparedRequest,
} from '../exchange/prepared-request.ts';
import type { StreamFunction } from '../exchange/sinks/fold.ts';
import {
  cancelAsync,
  isRequestRef,
  Mailbox,
  type AsyncRequestRef,
} from '../exchange/sinks/mailbox.ts';
import { readRequestOptions, type RequestOptions } from '../options/index.ts';
import type { Request } from '../request/index.ts';
import { RequestApi, requestFrom, withoutSteps } from './request-api.ts';

export abstract class StreamApi extends RequestApi {
  /**
   * Folds a response, part by part, into an accumulator; resolves with the last
   * one. Use it for a body that is too large to be held, or of which only
   * something is to be computed.
   *
   * `callback` is called with each part (`ResponsePart`) and the
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
    callback: FoldFunction<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    return foldResponse(input, () => this.#prepare(requestFrom(input), options), acc, callback);
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
    return foldWhile(
      input,
      () => this.#prepare(requestFrom(input), options),
      acc,
      callback,
      callback,
    );
  }

  /**
   * Sends a request and resolves when the head of the response has come; its body
   * is read as you ask for it. Use it to hand a body on, or to decide by status
   * and headers what to do with it.
   *
   * Limits and errors are those of `finch.request`, up to the end of the body.
   * `receiveTimeout` does not run while the reader is slow; but a body larger
   * than some 64 kB that nobody begins to read within `receiveTimeout` is given
   * up, and so is one whose response was garbage-collected.
   *
   * No counterpart in Finch; hackney's `stream_body/1`.
   *
   * @example
   * const response = await finch.open('https://api.example.com/export');
   * for await (const chunk of response.body) process.stdout.write(chunk);
   */
  open(input: Request | string | URL, options?: RequestOptions): Promise<OpenResponse> {
    return openResponse(input, () => this.#prepare(withoutSteps(requestFrom(input)), options));
  }

  /**
   * Sends a request whose response comes as messages to the calling process:
   * `{ type: 'finch', ref, part }`, with the parts of `stream` and a last one,
   * `{ type: 'done' }` or `{ type: 'error', error }`. Returns at once.
   *
   * Every request ends with one of the two, unless it is cancelled. The death of
   * the calling process cancels it. Messages are sent as fast as the server
   * sends: for a body that is larger than you want in a mailbox, use `open`.
   *
   * Limits are those of `finch.request`; what that rejects with is the `error`.
   *
   * Mirrors `Finch.async_request/3`; a failure never ends the caller.
   *
   * @throws NoProcessError outside any process.
   * @throws OptionsError, InvalidRequestError, InstanceNotFoundError
   *
   * @example
   * const ref = finch.asyncRequest('https://api.example.com/users');
   * const { part } = await receive((message) => ref.isMessage(message));
   */
  asyncRequest(input: Request | string | URL, options?: RequestOptions): AsyncRequestRef {
    try {
      const request = withoutSteps(requestFrom(input));
      const resolved = readRequestOptions(options);
      const { exchange, ref } = new Mailbox(this.running(), request, resolved);
      exchange.start();
      return ref;
    } catch (error) {
      throw notBegun(input, error);
    }
  }

  /**
   * Cancels a request of `asyncRequest`: none of its messages comes any more, and
   * those that the calling process has in its mailbox are taken out before the
   * promise resolves. Harmless when it is over. Called from another process than
   * the one that made the request, it leaves that one's mailbox alone.
   *
   * An HTTP/1 connection whose response was not complete is closed.
   *
   * Mirrors `Finch.cancel_async_request/1`.
   *
   * @example
   * await finch.cancelAsyncRequest(ref);
   */
  cancelAsyncRequest(ref: AsyncRequestRef): Promise<void> {
    if (!isRequestRef(ref)) throw badRef(ref);
    return cancelAsync(ref, currentPid());
  }

  #prepare(request: Request, options: RequestOptions | undefined): PreparedRequest {
    const resolved = readRequestOptions(options);
    return { instance: this.running(), request, options: resolved, begin };
  }
}

function begin(exchange: Exchange): void {
  exchange.start();
}

function badRef(value: unknown): InvalidRequestError {
  return new InvalidRequestError({
    option: 'ref',
    value,
    problem: 'This is no request that could be cancelled',
    allowed: 'what asyncRequest returned',
  });
}

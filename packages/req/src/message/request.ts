/** One attempt of a call, as steps see and change it. */
import type { BodyInput } from '@linnet/finch';
import type { HeaderList } from '../header-list.ts';
import { HeaderList as Headers } from '../header-list.ts';
import type { ResolvedOptions } from '../options/index.ts';
import { originOf } from '../origin.ts';
import { Again } from './control.ts';
import type { Call } from './call.ts';

/** What an attempt begins with. */
export interface RequestInput {
  readonly method: string;
  /** The URL as it was given: without `baseUrl` and parameters. */
  readonly url: string;
  readonly options: ResolvedOptions;
}

/**
 * A request on its way: request steps change it, then it is sent. A retry or a redirect begins a new
 * one, with which all request steps run again; `call` is shared by them.
 *
 * @example
 * const req = Req.new().appendRequestSteps({
 *   stamp: (request) => {
 *     request.headers.set('x-attempt', request.call.attempt);
 *   },
 * });
 */
export class ReqRequest {
  /** In capital letters. */
  method: string;
  /** Complete when the request steps have run. */
  url: string;
  readonly headers: HeaderList;
  body: BodyInput | undefined;
  /** All options of the call, with the defaults. */
  readonly options: ResolvedOptions;
  /** What the attempts of the call have in common. */
  readonly call: Call;
  readonly #input: RequestInput;
  #private: Map<string | symbol, unknown> | undefined;

  /** @internal Made for each attempt of a call. */
  constructor(input: RequestInput, call: Call) {
    const { method, url, options } = input;
    this.method = method;
    this.url = url;
    this.options = options;
    this.headers = options.headers?.clone() ?? new Headers();
    this.body = options.body;
    this.call = call;
    this.#input = input;
  }

  /** Data that steps leave for other steps of this attempt; never sent. */
  get private(): Map<string | symbol, unknown> {
    return (this.#private ??= new Map());
  }

  /** Aborts with the caller's signal and at the end of `timeout`. */
  get signal(): AbortSignal | undefined {
    return this.call.signal;
  }

  /** The scheme, host and port: `https://api.example.com`. */
  get origin(): string {
    return originOf(this.url);
  }

  /**
   * What a response or error step returns to begin another attempt: with the same input, or with
   * other parts of it.
   *
   * @example
   * const req = Req.new().prependResponseSteps({
   *   accepted: async (request, response) => {
   *     if (response.status !== 202) return undefined;
   *     await request.call.wait(500);
   *     return request.again();
   *   },
   * });
   */
  again(changes: Partial<RequestInput> = {}): Again<RequestInput> {
    return new Again({ ...this.#input, ...changes });
  }
}

/** What a step returns beside responses and errors: the end of the pipeline, or its beginning. */
import type { ReqResponse } from './response.ts';

/** Ends the call with a response or an error: no further step runs. */
export class Halt {
  readonly outcome: ReqResponse | Error;

  /** @internal See {@link halt}. */
  constructor(outcome: ReqResponse | Error) {
    this.outcome = outcome;
  }
}

/** Begins another attempt. */
export class Again<I> {
  readonly input: I;

  /** @internal See `request.again`. */
  constructor(input: I) {
    this.input = input;
  }
}

/**
 * What a step returns to end the call with a response, or with an error: no further step runs. A
 * request step that returns the response itself skips the sending only: response steps run.
 *
 * Mirrors `Req.Request.halt/2`.
 *
 * @example
 * const offline = Req.new().prependRequestSteps({
 *   offline: () => halt(new ReqResponse({ status: 503, body: 'offline' })),
 * });
 */
export function halt(outcome: ReqResponse | Error): Halt {
  return new Halt(outcome);
}

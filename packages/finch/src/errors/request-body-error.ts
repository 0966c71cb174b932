/**
 * Failures of the code of the caller's that makes a request's body.
 */
import { because, exchange, where } from './details.ts';
import type { ExchangeDetails, RequestPhase } from './details.ts';
import { FinchError, nameErrors } from './finch-error.ts';

/** What a {@link RequestBodyError} says. */
interface RequestBodyErrorOptions extends ExchangeDetails {
  /** What made trouble: the body, or the function that makes the fields after it. */
  readonly part?: 'body' | 'trailers' | undefined;
  /** What was thrown. */
  readonly cause: unknown;
}

/**
 * The request's body could not be read to its end: its stream, iterator or
 * function threw, or gave something that is neither text nor bytes; or the
 * function that makes the trailers threw. `cause` is what was thrown, and `part`
 * says by what.
 *
 * The request was given up: the server may have got a part of it. Where HTTP/2
 * is spoken the stream was reset, an HTTP/1 connection was closed.
 */
export class RequestBodyError extends FinchError {
  static override readonly code = 'ERR_FINCH_REQUEST_BODY';
  declare readonly code: 'ERR_FINCH_REQUEST_BODY';
  declare readonly part: 'body' | 'trailers';
  declare readonly phase: RequestPhase;
  declare readonly origin?: string;
  declare readonly pool?: string;
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(options: RequestBodyErrorOptions) {
    const part = options.part ?? 'body';
    const what = part === 'body' ? 'The request body' : "The function for the request's trailers";
    super(
      `${what} failed${because(options.cause)}. ` +
        `The request to ${where(options)} was given up${exchange(options)}; ` +
        'see the cause, which is what was thrown.',
      { ...options, part, phase: 'send' },
    );
  }

  static {
    nameErrors(this, 'RequestBodyError');
  }
}

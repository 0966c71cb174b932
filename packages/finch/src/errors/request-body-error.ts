/**
 * Failures of the caller's code that makes a request's body.
 */
import { because, exchange, where } from './details.ts';
import type { ExchangeDetails, RequestPhase } from './details.ts';
import { FinchError, nameErrors } from './finch-error.ts';

/** What a {@link RequestBodyError} says. */
interface RequestBodyErrorOptions extends ExchangeDetails {
  /** What failed: the body, or the function that makes the trailers. */
  readonly part?: 'body' | 'trailers' | undefined;
  /** Why: it failed (the default), or it was used up. */
  readonly reason?: 'failed' | 'used_up' | undefined;
  /** How the body was used up, for the message. */
  readonly detail?: string | undefined;
  /** What was thrown. */
  readonly cause?: unknown;
}

/**
 * The request's body could not be read to its end: its stream, iterator or
 * function threw, or gave something that is neither text nor bytes; or the
 * function that makes the trailers threw. `cause` is what was thrown, and `part`
 * says by what.
 *
 * Or `reason` is `'used_up'`: a stream or an iterator can be sent once, and not
 * after other code has read from it. Nothing was sent then.
 *
 * The request was given up at once, in whatever `phase` it was. The server may have
 * received a part of it (`requestSent`). On HTTP/2 the stream was reset; an HTTP/1
 * connection was closed.
 */
export class RequestBodyError extends FinchError {
  static override readonly code = 'ERR_FINCH_REQUEST_BODY';
  declare readonly code: 'ERR_FINCH_REQUEST_BODY';
  declare readonly part: 'body' | 'trailers';
  declare readonly reason: 'failed' | 'used_up';
  declare readonly phase: RequestPhase;
  declare readonly origin?: string;
  declare readonly pool?: string;
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(options: RequestBodyErrorOptions) {
    const { detail, ...fields } = options;
    const { part = 'body', reason = 'failed' } = options;
    // However much of a response came, what failed is the sending.
    const phase = options.phase === 'receive' ? 'send' : (options.phase ?? 'send');
    super(reason === 'failed' ? failed(part, options) : usedUp(detail, options), {
      ...fields,
      part,
      reason,
      phase,
    });
  }

  static {
    nameErrors(this, 'RequestBodyError');
  }
}

function failed(part: RequestBodyError['part'], options: RequestBodyErrorOptions): string {
  const what = part === 'body' ? 'The request body' : "The function for the request's trailers";
  return (
    `${what} failed${because(options.cause)}. ` +
    `The request to ${where(options)} was given up${exchange(options)}; ` +
    'see the cause, which is what was thrown.'
  );
}

function usedUp(detail: string | undefined, options: RequestBodyErrorOptions): string {
  return (
    `The request body is used up${detail === undefined ? '' : `: ${detail}`}. ` +
    `Nothing was sent to ${where(options)}. A stream or an iterator can be sent once: ` +
    'give a new one to each request, or a function that makes one.'
  );
}

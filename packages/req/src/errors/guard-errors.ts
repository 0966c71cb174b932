/** Refusals by this program's own guards: nothing was sent. */
import { nameErrors, ReqError } from './req-error.ts';

/**
 * The circuit breaker of an origin is open: too many of its calls failed just now. Nothing was sent;
 * `retryAfter` ms from now calls may try again, 0 when others are trying at this moment.
 */
export class CircuitOpenError extends ReqError {
  static override readonly code = 'ERR_REQ_CIRCUIT_OPEN';
  declare readonly code: 'ERR_REQ_CIRCUIT_OPEN';
  declare readonly origin: string;
  declare readonly retryAfter: number;

  constructor(details: { readonly origin: string; readonly retryAfter: number }) {
    const { origin, retryAfter } = details;
    const when = retryAfter === 0 ? 'other calls are trying it' : `for ${retryAfter} ms more`;
    super(`The circuit breaker of ${origin} is open, ${when}: its last calls failed.`, details);
  }

  static {
    nameErrors(this, 'CircuitOpenError');
  }
}

/**
 * More requests wait for the rate limit of an origin than its `maxQueue`, or its process ended
 * (`reason: 'down'`). Nothing was sent.
 */
export class RateLimitError extends ReqError {
  static override readonly code = 'ERR_REQ_RATE_LIMIT';
  declare readonly code: 'ERR_REQ_RATE_LIMIT';
  declare readonly origin: string;
  declare readonly reason: 'queue_full' | 'down';
  declare readonly queued: number;

  constructor(details: {
    readonly origin: string;
    readonly reason: 'queue_full' | 'down';
    readonly queued: number;
  }) {
    const { origin, reason, queued } = details;
    super(
      reason === 'down'
        ? `The rate limit of ${origin} was stopped while a request waited for it.`
        : `${queued} requests wait for the rate limit of ${origin} already. Send fewer, or raise rateLimit.maxQueue.`,
      details,
    );
  }

  static {
    nameErrors(this, 'RateLimitError');
  }
}

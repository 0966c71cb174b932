/** Failures of a call as a whole: its time, its cancellation, what it needs to run. */
import { because, nameErrors, ReqError, shownUrl, type ReqErrorOptions } from './req-error.ts';

/**
 * The call took longer than its `timeout`: all attempts, redirects and waits together. The limits of
 * one attempt are errors of @linnet/finch, such as `RequestTimeoutError`.
 */
export class ReqTimeoutError extends ReqError {
  static override readonly code = 'ERR_REQ_TIMEOUT';
  declare readonly code: 'ERR_REQ_TIMEOUT';
  declare readonly url: string;
  declare readonly timeout: number;
  declare readonly attempts: number;

  constructor(details: {
    readonly url: string;
    readonly timeout: number;
    readonly attempts: number;
  }) {
    const { timeout, attempts } = details;
    const url = shownUrl(details.url);
    const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
    super(
      `The call of ${url} took longer than its timeout of ${timeout} ms, in ${tries}. ` +
        'Raise timeout, or allow fewer or shorter retries.',
      { ...details, url },
    );
  }

  static {
    nameErrors(this, 'ReqTimeoutError');
  }
}

/** The `signal` of a call aborted while nothing was being sent: in a back-off, a step, a wait. */
export class ReqCancelledError extends ReqError {
  static override readonly code = 'ERR_REQ_CANCELLED';
  declare readonly code: 'ERR_REQ_CANCELLED';
  declare readonly reason: unknown;

  constructor(reason: unknown) {
    super(`The call was cancelled${because(reason)}.`, { cause: reason, reason });
  }

  static {
    nameErrors(this, 'ReqCancelledError');
  }
}

/** What a {@link NotRunningError} says. */
interface NotRunningDetails extends ReqErrorOptions {
  /** The name of what is missing: a Finch instance or a tree of Req. */
  readonly missing: string;
  /** What needs it: `a request`, `the option breaker`. */
  readonly neededBy: string;
  /** What to do. */
  readonly remedy: string;
}

/** A process that the call needs does not run: the Finch instance, or the tree of `Req.childSpec`. */
export class NotRunningError extends ReqError {
  static override readonly code = 'ERR_REQ_NOT_RUNNING';
  declare readonly code: 'ERR_REQ_NOT_RUNNING';
  declare readonly missing: string;

  constructor(details: NotRunningDetails) {
    const { missing, neededBy, remedy, cause } = details;
    super(`${JSON.stringify(missing)} does not run, which ${neededBy} needs. ${remedy}`, {
      missing,
      cause,
    });
  }

  static {
    nameErrors(this, 'NotRunningError');
  }
}

/** What an {@link AuthError} says. */
interface AuthDetails extends ReqErrorOptions {
  readonly reason: 'netrc' | 'function';
  /** What is wrong, as a sentence without its full stop. */
  readonly detail: string;
}

/** There are no credentials: the netrc file cannot be read, or a function of `auth` threw. */
export class AuthError extends ReqError {
  static override readonly code = 'ERR_REQ_AUTH';
  declare readonly code: 'ERR_REQ_AUTH';
  declare readonly reason: 'netrc' | 'function';

  constructor(details: AuthDetails) {
    const { reason, detail, cause } = details;
    super(`${detail}${because(cause)}.`, { reason, cause });
  }

  static {
    nameErrors(this, 'AuthError');
  }
}

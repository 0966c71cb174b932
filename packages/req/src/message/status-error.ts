/** The failure that is a response: its status is not one that the caller expects. */
import { nameErrors, ReqError, shownUrl } from '../errors/index.ts';
import type { ReqResponse } from './response.ts';

/**
 * The status of the response is not one that the caller expects: not 2xx with `httpErrors: 'raise'` or
 * with a schema as `decode`, or not one of `expect`. `response` is all of it, its body decoded.
 */
export class StatusError extends ReqError {
  static override readonly code = 'ERR_REQ_STATUS';
  declare readonly code: 'ERR_REQ_STATUS';
  declare readonly status: number;
  declare readonly url: string;
  /** The response; not enumerable, so that a logger does not print its body. */
  declare readonly response: ReqResponse;

  constructor(response: ReqResponse, method: string) {
    const url = shownUrl(response.url);
    super(
      `${method} ${url} was answered with status ${response.status}. ` +
        "The response is in error.response; with httpErrors: 'return' it is returned.",
      { status: response.status, url },
    );
    Object.defineProperty(this, 'response', { value: response, configurable: true });
  }

  static {
    nameErrors(this, 'StatusError');
  }
}

/** Whether a request that failed is sent again: where the server provably did not process it. */
import { ConnectionClosedError, InvalidRequestError, StreamResetError } from '../errors/index.ts';
import { isIdempotent, type Request } from '../request/index.ts';

/**
 * How it is sent again. `'fresh'`: on a connection that is new, since the server had left the one it
 * was given to; it counts as no attempt. `'http1'`: over HTTP/1.1, which the server wants.
 */
export type Retry = 'never' | 'again' | 'fresh' | 'http1';

/** For a request that was not answered, and whose body is there from its beginning. */
export function retryAfter(error: Error, request: Request): Retry {
  if (error instanceof StreamResetError) {
    // RFC 9113, 7 and RFC 9114, 8.1: these come before the request is processed.
    if (wantsHttp1(error)) return 'http1';
    // A stream that the server ended with another code is its answer to this very request.
    return error.requestSent === false ? 'again' : 'never';
  }
  // It switches no protocols on HTTP/2 or HTTP/3: nothing was sent.
  if (error instanceof InvalidRequestError && error.option === 'upgrade') return 'http1';
  if (!(error instanceof ConnectionClosedError)) return 'never';
  if (wantsHttp1(error)) return 'http1';
  if (error.requestSent === false) return error.reused === true ? 'fresh' : 'again';
  if (!isIdempotent(request.method)) return 'never';
  // The server closed an idle connection while the request was on its way.
  if (error.reused === true && error.bytesReceived === 0) return 'fresh';
  // A server that leaves PINGs unanswered has not begun to answer.
  return error.reason === 'ping_timeout' ? 'again' : 'never';
}

function wantsHttp1({
  http2Code,
  http3Code,
}: {
  readonly http2Code?: string;
  readonly http3Code?: string;
}): boolean {
  return http2Code === 'HTTP_1_1_REQUIRED' || http3Code === 'H3_VERSION_FALLBACK';
}

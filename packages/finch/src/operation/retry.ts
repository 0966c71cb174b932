/** Whether a request that failed is sent again: where the server provably did not process it. */
import { ConnectionClosedError, StreamResetError } from '../errors/index.ts';
import { isIdempotent, type Request } from '../request/index.ts';

/** `'once'`: again, but not if that ends in the same way, as the request may have arrived. */
export type Retry = 'never' | 'once' | 'always';

/** `answered`: the head of a response had come. `sendable`: the body is there, from its beginning. */
export function retryAfter(
  error: Error,
  request: Request,
  answered: boolean,
  sendable: boolean,
): Retry {
  const lost = error instanceof ConnectionClosedError || error instanceof StreamResetError;
  // Half of one response and all of another make none, whatever the server says of the first.
  if (!lost || answered || !sendable) return 'never';
  if (error.requestSent === false) return 'always';
  // A stream that the server ended with another code is its answer to this very request.
  if (error instanceof StreamResetError) return 'never';
  // The end of an idle connection crossed the request.
  const crossed = error.reused === true && error.bytesReceived === 0;
  // Likewise what a server that leaves PINGs unanswered has not begun to answer.
  const unanswered = error.reason === 'ping_timeout';
  return (crossed || unanswered) && isIdempotent(request.method) ? 'once' : 'never';
}

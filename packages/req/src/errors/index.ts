/** Every error that this package throws or rejects with. One class a failure, each with a `code`. */
export { isReqError, nameErrors, ReqError, shownUrl } from './req-error.ts';
export { EventStreamError, WebSocketError } from './stream-errors.ts';
export { CircuitOpenError, RateLimitError } from './guard-errors.ts';
export { ReqOptionsError } from './options-error.ts';
export { AuthError, NotRunningError, ReqCancelledError, ReqTimeoutError } from './call-errors.ts';
export {
  ChecksumError,
  DecodeError,
  DecompressError,
  RedirectError,
  type DecodeIssue,
} from './response-errors.ts';

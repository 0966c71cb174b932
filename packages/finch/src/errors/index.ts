/**
 * Every error that this package throws or rejects with. One class a failure,
 * each with a stable `code` and typed fields.
 */
export type { RequestPhase } from './details.ts';
export type { Figures } from './figures.ts';
export { FinchError, isFinchError, withAcc } from './finch-error.ts';
export {
  InstanceNotFoundError,
  PoolDownError,
  PoolNotFoundError,
  PoolTimeoutError,
  QueueFullError,
} from './pool-errors.ts';
export {
  ConnectError,
  ConnectionClosedError,
  ConnectTimeoutError,
  Http3UnavailableError,
  TlsError,
} from './connection-errors.ts';
export { ProxyError } from './proxy-error.ts';
export type { ProxyErrorReason } from './proxy-error.ts';
export { RequestBodyError } from './request-body-error.ts';
export {
  ProtocolError,
  ReceiveTimeoutError,
  RequestCancelledError,
  RequestTimeoutError,
} from './request-errors.ts';
export { InvalidRequestError, OptionsError } from './input-errors.ts';
export { InvalidJsonError, ResponseTooLargeError } from './response-errors.ts';
export { StreamResetError } from './stream-errors.ts';

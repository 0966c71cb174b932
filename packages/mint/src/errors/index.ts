/** Every error that this package throws or rejects with: one class a failure, each with a stable code. */
export {
  ConnectError,
  ConnectionClosedError,
  ConnectTimeoutError,
  ProxyError,
  QuicUnavailableError,
  TlsError,
} from './connection-errors.ts';
export type { ProxyErrorReason } from './connection-errors.ts';
export { errnoOf } from './details.ts';
export type { ExchangeFacts, Phase } from './details.ts';
export {
  InvalidRequestError,
  OptionsError,
  ProtocolError,
  RequestBodyError,
  ResponseTooLargeError,
  StreamResetError,
} from './exchange-errors.ts';
export { Fault, Truncation } from './fault.ts';
export { isMintError, MintError } from './mint-error.ts';

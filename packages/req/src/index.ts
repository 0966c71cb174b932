/** A batteries-included HTTP client over supervised pools. */
export { Req, type BodyOf, type CallOptions, type StepEdits, type StreamOptions } from './req.ts';
export type { EventSettings } from './events/event-stream.ts';
export type { ServerEvent } from './events/server-event.ts';
export type { PageSettings } from './streams/paginate.ts';
export type { WebSocketSettings } from './websocket/settings.ts';
export {
  ReqWebSocket,
  type WebSocketClose,
  type WebSocketMessage,
} from './websocket/web-socket.ts';
export type { TreeOptions } from './tree.ts';
export { HeaderList } from './header-list.ts';
export { ReqRequest, type RequestInput } from './message/request.ts';
export { ReqResponse, type ResponseParts } from './message/response.ts';
export type { Call } from './message/call.ts';
export { halt, type Again, type Halt } from './message/control.ts';
export type { Adapter } from './adapter/adapter.ts';
export type { ErrorStep, RequestStep, ResponseStep, StepResult } from './pipeline/step.ts';
export type { StepList, StepsByName } from './pipeline/step-list.ts';
export { cachedAuth, type LoadedAuth } from './auth/cached-auth.ts';
export { HttpCache, type HttpCacheOptions } from './cache/http-cache.ts';
export type {
  Auth,
  AuthContext,
  AuthFunction,
  BaseUrl,
  Coding,
  Credentials,
  Decode,
  Duration,
  Into,
  IntoFunction,
  MultipartInput,
  ParamsInput,
  ParamValue,
  PartInput,
  PartValue,
  PartWithDetails,
  Progress,
  ReqOptions,
  ResolvedOptions,
  ResponseHead,
  RetryContext,
  RetryFunction,
  RetryRule,
} from './options/index.ts';
export { StatusError } from './message/status-error.ts';
export {
  AuthError,
  ChecksumError,
  CircuitOpenError,
  DecodeError,
  DecompressError,
  EventStreamError,
  isReqError,
  NotRunningError,
  RateLimitError,
  RedirectError,
  ReqCancelledError,
  ReqError,
  ReqOptionsError,
  ReqTimeoutError,
  WebSocketError,
  type DecodeIssue,
} from './errors/index.ts';

export { Finch } from './finch.ts';
export type { SendOptions } from './exchange/instance-client.ts';
export type { FinchClient } from './finch-client.ts';
export { Pool } from './pool.ts';
export { Lease } from './exchange/lease.ts';
export type { LentSocket } from '@linnet/mint';
export { SharedConnection } from './exchange/shared-connection.ts';
export { DirectStream } from './exchange/duplex.ts';
export { AdapterError } from './adapters/adapter-error.ts';
export type { FinchAgents } from './adapters/node-http/agent.ts';
export type { AgentOptions } from './adapters/node-http/agent-options.ts';
export type { FinchDispatcher } from './adapters/undici/dispatcher.ts';
export type { DispatcherOptions } from './adapters/undici/dispatcher-options.ts';
export type { DispatchOptions } from './adapters/undici/dispatch-options.ts';
export type { DispatchFunction, Interceptor } from './adapters/undici/compose.ts';
export type {
  DispatchController,
  DispatchHandler,
  LegacyHandler,
  ResponseHandler,
} from './adapters/undici/handler.ts';
export type { ConnectionListing } from './instance/connections.ts';
export type { PoolListing, PoolMetrics } from './instance/pools.ts';
export type { HostStats, InstanceStats } from './instance/stats.ts';
export type { PoolIdentity, PoolLike, PoolParts } from './identity/index.ts';
export {
  isRequestRef,
  type AsyncPart,
  type AsyncRequestMessage,
  type AsyncRequestRef,
} from './exchange/sinks/mailbox.ts';
export { OpenResponse, type OpenBody } from './exchange/open-response.ts';
export type { NotSwitched, SwitchedProtocol, UpgradeResult } from './exchange/upgrade.ts';
export type { ResponsePart } from './exchange/sinks/response-part.ts';
export type { StreamFunction, StreamStep } from './exchange/sinks/fold.ts';
export { subscribeTelemetry, type TelemetrySubscription } from './telemetry/subscribe.ts';
export type { RequestPhases, TelemetryEventName, TelemetryEvents } from './telemetry/events.ts';
export {
  logSlowRequests,
  type SlowRequest,
  type SlowRequestOptions,
} from './monitoring/log-slow-requests.ts';
export { isRequest, putPrivate } from './request/index.ts';
export type {
  BodyChunk,
  BodyInput,
  BodySource,
  BodyStep,
  BodySteps,
  Method,
  PrivateData,
  Request,
  Scheme,
} from './request/index.ts';
export type {
  HeaderField,
  InformationalResponse,
  Response,
  ResponseBody,
  ResponseHeaders,
} from './response/index.ts';
export type {
  BuildOptions,
  CheckoutOptions,
  CheckServerIdentity,
  ConnectionOptions,
  Duration,
  EncryptedKey,
  HeadersInput,
  HeaderValue,
  HostLeaseSource,
  HostLeaseUser,
  HostLimiter,
  InstanceOptions,
  Limit,
  NewPoolOptions,
  Pem,
  PingOptions,
  PoolChildOptions,
  PoolOptions,
  PoolsOption,
  PoolStrategy,
  PoolStrategyFunction,
  ProxyOptions,
  ProxySettings,
  RequestOptions,
  ShardLoad,
  StopPoolOptions,
  TagRule,
  TlsOptions,
  TrailersInput,
} from './options/index.ts';
export {
  ConnectError,
  ConnectionClosedError,
  ConnectTimeoutError,
  FinchError,
  Http3UnavailableError,
  InstanceNotFoundError,
  InvalidJsonError,
  InvalidRequestError,
  isFinchError,
  OptionsError,
  PoolDownError,
  PoolNotFoundError,
  PoolTimeoutError,
  ProtocolError,
  ProxyError,
  QueueFullError,
  ReceiveTimeoutError,
  RequestBodyError,
  RequestCancelledError,
  RequestTimeoutError,
  ResponseTooLargeError,
  StreamResetError,
  TlsError,
} from './errors/index.ts';
export type { Figures, ProxyErrorReason, RequestPhase } from './errors/index.ts';

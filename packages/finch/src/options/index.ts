/**
 * All options: checked before a socket is opened, with their defaults, types and
 * documentation in one place.
 */
export type { Duration, Limit } from '@linnet/otp/options';
export type { HeadersInput, HeaderValue, TrailersInput } from './headers-input.ts';
export { parseNewPoolOptions, type NewPoolOptions } from './new-pool-options.ts';
export type { ConnectionOptions } from './connection-options.ts';
export { ProxySettings } from './proxy-options.ts';
export type { ProxyOptions } from './proxy-options.ts';
export type { CheckServerIdentity, EncryptedKey, Pem, TlsOptions } from './tls-options.ts';
export type { HostLeaseSource, HostLeaseUser, HostLimiter } from './host-limiter.ts';
export type { PoolStrategy, PoolStrategyFunction, ShardLoad } from './strategy.ts';
export { parsePoolOptions, poolSchema } from './pool-options.ts';
export type { PoolOptions, ResolvedPoolOptions } from './pool-options.ts';
export {
  checkPoolCount,
  checkPoolSize,
  instanceSchema,
  isDeclared,
  parseInstanceOptions,
  parsePoolChildOptions,
  parseStopPoolOptions,
  poolChildSchema,
  poolOptionsFor,
  stopPoolSchema,
} from './instance-options.ts';
export type {
  InstanceOptions,
  PoolChildOptions,
  PoolsOption,
  ResolvedInstanceOptions,
  StopPoolOptions,
} from './instance-options.ts';
export type { TagRule } from './pool-rules.ts';
export {
  buildSchema,
  checkoutSchema,
  pingSchema,
  readCheckoutOptions,
  readPingOptions,
  readRequestOptions,
  requestSchema,
} from './request-options.ts';
export type {
  BuildOptions,
  CheckoutOptions,
  PingOptions,
  RequestOptions,
  ResolvedCheckoutOptions,
  ResolvedPingOptions,
  ResolvedRequestOptions,
} from './request-options.ts';
export { checkIdleTime, checkMaxConnections, checkPrewarmCount } from './regulation-options.ts';

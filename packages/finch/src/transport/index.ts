/**
 * The transport: opens sockets and speaks HTTP over them. The lowest layer of
 * the client; it knows nothing of pools, queues, deadlines or processes.
 */
export { dial } from './dial.ts';
export type { DialOptions, DialTarget } from './dial.ts';
export type { Dial, Dialled, DialTimings } from './pending-dial.ts';
export { dialThrough } from './proxy/proxied-dial.ts';
export { createForwardWire } from './proxy/forward-wire.ts';
export { environmentProxy } from './proxy/environment.ts';
export type { Environment } from './proxy/environment.ts';
export type { ProxyServer } from './proxy/proxy-server.ts';
export { TlsIdentity } from './tls-identity.ts';
export type { TlsIdentityOptions } from './tls-identity.ts';
export { TlsSource } from './tls-source.ts';
export type { TlsSourceOptions } from './tls-source.ts';
export { createHttp1Wire } from './http1/http1-wire.ts';
export type { Http1WireOptions } from './http1/http1-wire.ts';
export { createHttp2Wire } from './http2/http2-wire.ts';
export type { Http2WireOptions } from './http2/http2-wire.ts';
export type {
  Exchange,
  RawHeaders,
  Wire,
  WireBody,
  WireBodySource,
  WireChunk,
  WireHandler,
  WireInfo,
  WireRequest,
  WireTlsInfo,
} from './wire.ts';

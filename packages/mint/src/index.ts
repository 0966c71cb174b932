/**
 * One HTTP connection: codecs for HTTP/1.1, HTTP/2 and HTTP/3 without I/O, the driver
 * that ties them to a socket, and dialling.
 */
export { connect, Connection } from './connect.ts';
export type { ConnectionOptions, ConnectionRequest } from './connect.ts';
export type { CollectedResponse } from './response.ts';
export type { ConnectOptions, Protocol } from './dial/connect-options.ts';
export type { WireOptions } from './wire-options.ts';

export {
  HpackDecoder,
  HpackEncoder,
  http2Event,
  Http2Connection,
  http3Event,
  Http3Connection,
  OutputBuffer,
  QpackDecoder,
  QpackEncoder,
  requestKind,
  responseEvent,
  ResponseParser,
} from './codecs.ts';
export type {
  Http2ConnectionEvent,
  FieldSink,
  Http2ConnectionOptions,
  Http2Stream,
  Http3ConnectionEvent,
  Http3ConnectionOptions,
  Http3Stream,
  ParserEvent,
  ParserOptions,
  RequestHead,
  RequestKind,
} from './codecs.ts';

export { Fields } from './fields.ts';
export { badValueIndex, isToken, withoutBlanks } from './syntax.ts';
export type {
  Exchange,
  LentSocket,
  Wire,
  WireBody,
  WireBodySource,
  WireChunk,
  WireHandler,
  WireInfo,
  WireRequest,
  WireTlsInfo,
} from './wire.ts';

export {
  ConnectError,
  ConnectionClosedError,
  ConnectTimeoutError,
  errnoOf,
  Fault,
  InvalidRequestError,
  isMintError,
  MintError,
  OptionsError,
  ProtocolError,
  ProxyError,
  QuicUnavailableError,
  RequestBodyError,
  ResponseTooLargeError,
  StreamResetError,
  TlsError,
  Truncation,
} from './errors/index.ts';
export type { ExchangeFacts, Phase, ProxyErrorReason } from './errors/index.ts';

export {
  basicAuthorization,
  dial,
  dialQuic,
  dialThrough,
  environmentProxy,
  isProxyHeaders,
  NoProxy,
  parseProxyUrl,
  quicUnsupported,
  TlsIdentity,
  TlsSource,
} from './dial/index.ts';
export type {
  Dial,
  Dialled,
  DialledQuic,
  DialLimits,
  DialOptions,
  DialTarget,
  DialTimings,
  Environment,
  Make,
  ProxiedTarget,
  ProxyAddress,
  ProxyProtocol,
  ProxyServer,
  QuicDialOptions,
  QuicTarget,
  ThroughProxy,
  TlsIdentityOptions,
  TlsSourceOptions,
  Tunnel,
} from './dial/index.ts';

export type { QuicEnd, QuicSession, QuicUser } from './driver/quic/session.ts';
export { quicAvailable } from './quic/load.ts';

export { systemClock } from './driver/clock.ts';
export type { Alarm, Clock } from './driver/clock.ts';
export { forwarding } from './driver/forwarding.ts';
export { createLentSocket } from './driver/http1/lent-socket.ts';
export { createHttp1Wire } from './driver/http1/http1-wire.ts';
export type { Http1WireOptions } from './driver/http1/http1-wire.ts';
export { createHttp2Wire } from './driver/http2/http2-wire.ts';
export type { Http2WireOptions } from './driver/http2/http2-wire.ts';
export { createHttp3Wire } from './driver/http3/http3-wire.ts';
export type { Http3WireOptions } from './driver/http3/http3-wire.ts';
export type { StreamWireOptions } from './driver/streams/stream-requests.ts';

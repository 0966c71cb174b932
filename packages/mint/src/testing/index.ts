/**
 * Scripted servers for tests of HTTP clients, with any test runner: they say
 * exactly what a test tells them to, over TCP, TLS or QUIC, on a free port of
 * the loopback interface.
 */
export { createAuthority, createSelfSigned } from './certificates.ts';
export type { Authority, Certificate, Validity } from './certificates.ts';
export { FrameDecoder } from './frame-decoder.ts';
export type { FrameSink } from './frame-decoder.ts';
export {
  encodeData,
  encodeFrame,
  encodeGoaway,
  encodeHeaders,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  Frame,
  frameFlag,
  frameTypes,
  settingIds,
} from './frames.ts';
export type { DataOptions, ErrorCode, FrameType, HeadersOptions, Settings } from './frames.ts';
export { encodeFields, encodeIndexed, encodeInserted, encodeTableSize } from './header-block.ts';
export type { FieldList } from './header-block.ts';
export type { Http1Request } from './http1-request.ts';
export { Http1Peer, response, startHttp1Server } from './http1-server.ts';
export { Http2Peer, startHttp2Server } from './http2-server.ts';
export type { FrameFilter } from './http2-server.ts';
export {
  encodeFieldSection,
  encodeHttp3Frame,
  encodeHttp3Settings,
  encodeVarint,
  http3FrameTypes,
  http3SettingIds,
} from './http3-frames.ts';
export type { Http3ErrorCode, Http3Frame, Http3FrameType, Http3Settings } from './http3-frames.ts';
export { Http3Peer } from './http3-peer.ts';
export type { Http3SendOptions } from './http3-peer.ts';
export { startHttp3Server } from './http3-server.ts';
export type { Http3Server, Http3ServerOptions } from './http3-server.ts';
export { Peer } from './peer.ts';
export type { ScriptedServer, ScriptedServerOptions } from './scripted-server.ts';
export type { Script } from './script-runs.ts';

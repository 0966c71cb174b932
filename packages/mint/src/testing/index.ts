/**
 * Scripted servers for tests of HTTP clients, with any test runner: they say
 * exactly what a test tells them to, over TCP or TLS, on a free port of the
 * loopback interface.
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
export { Peer } from './peer.ts';
export type { Script, ScriptedServer, ScriptedServerOptions } from './scripted-server.ts';

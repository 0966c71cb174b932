/**
 * Error codes of HTTP/2 (RFC 9113, 7), and what nghttp2 calls them.
 */

const names = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

export const noError = 0;
export const protocolError = 1;
export const refusedStream = 7;
export const cancel = 8;

/** What node:http2 calls an error that says no more than the stream's code. */
export const streamErrorCode = 'ERR_HTTP2_STREAM_ERROR';

/** What node:http2 says when the connection has carried as many requests as it can (2^30). */
export const outOfStreamsCode = 'ERR_HTTP2_OUT_OF_STREAMS';

/** The name of an error code; `UNKNOWN_17` for one that has none. */
export function codeName(code: number): string {
  return names[code] ?? `UNKNOWN_${code}`;
}

/** nghttp2's own errors that end a connection, as the codes that it sends for them. */
const libraryErrors: Readonly<Record<number, string>> = {
  [-505]: 'PROTOCOL_ERROR',
  [-510]: 'STREAM_CLOSED',
  [-522]: 'FRAME_SIZE_ERROR',
  [-523]: 'COMPRESSION_ERROR',
  [-524]: 'FLOW_CONTROL_ERROR',
  [-528]: 'PROTOCOL_ERROR',
  [-531]: 'PROTOCOL_ERROR',
  [-532]: 'PROTOCOL_ERROR',
  [-537]: 'ENHANCE_YOUR_CALM',
  [-904]: 'ENHANCE_YOUR_CALM',
  [-905]: 'ENHANCE_YOUR_CALM',
};

/** The name of the code behind an error number of nghttp2; `INTERNAL_ERROR` if it has none. */
export function libraryErrorName(errno: number): string {
  return libraryErrors[errno] ?? 'INTERNAL_ERROR';
}

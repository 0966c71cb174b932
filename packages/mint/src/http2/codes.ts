/**
 * Error codes of HTTP/2 (RFC 9113, 7).
 */

/** The names, by their numbers. */
export const errorNames = [
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

/** The name of an error code. */
export type ErrorName = (typeof errorNames)[number];

export const noError = 0;
export const protocolError = 1;
const internalError = 2;
export const flowControlError = 3;
export const streamClosed = 5;
export const frameSizeError = 6;
export const refusedStream = 7;
export const cancel = 8;

/** The name of an error code; `UNKNOWN_17` for one that has none. */
export function codeName(code: number): string {
  return errorNames[code] ?? `UNKNOWN_${code}`;
}

/** The code of a name; that of INTERNAL_ERROR if it has none. */
export function codeOf(name: string): number {
  const code = (errorNames as readonly string[]).indexOf(name);
  return code < 0 ? internalError : code;
}

/**
 * Error codes of HTTP/3 (RFC 9114, 8.1; RFC 9204, 6).
 */

/** The names, by their numbers. */
const names = {
  0x100: 'H3_NO_ERROR',
  0x101: 'H3_GENERAL_PROTOCOL_ERROR',
  0x102: 'H3_INTERNAL_ERROR',
  0x103: 'H3_STREAM_CREATION_ERROR',
  0x104: 'H3_CLOSED_CRITICAL_STREAM',
  0x105: 'H3_FRAME_UNEXPECTED',
  0x106: 'H3_FRAME_ERROR',
  0x107: 'H3_EXCESSIVE_LOAD',
  0x108: 'H3_ID_ERROR',
  0x109: 'H3_SETTINGS_ERROR',
  0x10a: 'H3_MISSING_SETTINGS',
  0x10b: 'H3_REQUEST_REJECTED',
  0x10c: 'H3_REQUEST_CANCELLED',
  0x10d: 'H3_REQUEST_INCOMPLETE',
  0x10e: 'H3_MESSAGE_ERROR',
  0x10f: 'H3_CONNECT_ERROR',
  0x110: 'H3_VERSION_FALLBACK',
  0x200: 'QPACK_DECOMPRESSION_FAILED',
  0x201: 'QPACK_ENCODER_STREAM_ERROR',
  0x202: 'QPACK_DECODER_STREAM_ERROR',
} as const;

/** The name of an error code. */
export type ErrorName = (typeof names)[keyof typeof names];

export const noError = 0x100;
const internalError = 0x102;
export const streamCreationError = 0x103;
export const requestRejected = 0x10b;
export const requestCancelled = 0x10c;
export const messageError = 0x10e;

const byNumber: ReadonlyMap<number, ErrorName> = new Map(
  Object.entries(names).map(([code, name]) => [Number(code), name]),
);

const byName: ReadonlyMap<string, number> = new Map(
  Array.from(byNumber, ([code, name]) => [name, code]),
);

/** The name of an error code; `UNKNOWN_0x21` for one that has none. */
export function codeName(code: number): string {
  return byNumber.get(code) ?? `UNKNOWN_0x${code.toString(16)}`;
}

/** The code of a name; that of H3_INTERNAL_ERROR if it has none. */
export function codeOf(name: string): number {
  return byName.get(name) ?? internalError;
}

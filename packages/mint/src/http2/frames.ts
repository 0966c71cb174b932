/**
 * Frames (RFC 9113, 4 and 6): their types, flags, sizes, and how their headers
 * are written.
 */

export const dataFrame = 0x0;
export const headersFrame = 0x1;
export const priorityFrame = 0x2;
export const resetFrame = 0x3;
export const settingsFrame = 0x4;
export const pushFrame = 0x5;
export const pingFrame = 0x6;
export const goawayFrame = 0x7;
export const windowFrame = 0x8;
export const continuationFrame = 0x9;

export const endStreamFlag = 0x1;
/** Of SETTINGS and PING. */
export const ackFlag = 0x1;
export const endHeadersFlag = 0x4;
export const paddedFlag = 0x8;
export const priorityFlag = 0x20;

/** How long the header of a frame is. */
export const headerSize = 9;

/** The largest payload that this side takes, and that any peer takes (RFC 9113, 4.2). */
export const minMaxFrameSize = 16_384;

/** The largest payload that a peer may allow. */
export const maxMaxFrameSize = 0xff_ffff;

/** The largest window (RFC 9113, 6.9.1). */
export const maxWindow = 0x7fff_ffff;

/** The window of each stream, and of the connection, before the peer's SETTINGS. */
export const defaultWindow = 65_535;

/** The largest identifier of a stream. */
export const maxStreamId = 0x7fff_ffff;

/** What every client sends first (RFC 9113, 3.4). */
export const clientPreface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** Writes the header of a frame; returns where its payload begins. */
export function writeFrameHeader(
  out: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  return writeUint32(out, at + 5, stream);
}

export function writeUint32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
  return at + 4;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0;
}

/** The lower 31 bits: the first one of an identifier or an increment is reserved. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) & 0x7fff_ffff;
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

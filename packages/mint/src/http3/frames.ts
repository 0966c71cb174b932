/**
 * Frames and unidirectional streams of HTTP/3 (RFC 9114, 6.2 and 7): their
 * types, and how a frame's header is written.
 */
import { varintSize, writeVarint } from './varint.ts';

export const dataFrame = 0x0;
export const headersFrame = 0x1;
export const cancelPushFrame = 0x3;
export const settingsFrame = 0x4;
export const pushPromiseFrame = 0x5;
export const goawayFrame = 0x7;
export const maxPushIdFrame = 0xd;

/** Unidirectional streams begin with one of these, or with a type that is unknown here. */
export const controlStream = 0x0;
export const pushStream = 0x1;
/** The peer's QPACK encoder speaks on it (RFC 9204, 4.2). */
export const encoderStream = 0x2;
/** The peer's QPACK decoder does. */
export const decoderStream = 0x3;

/** The most bytes that the header of a frame below 2^30 bytes takes, of the types above. */
export const maxHeaderSize = 5;

/** Whether a type is one of HTTP/2's, which no frame of HTTP/3 may have (RFC 9114, 7.2.8). */
export function isReservedType(type: number): boolean {
  return type === 0x2 || type === 0x6 || type === 0x8 || type === 0x9;
}

/** How many bytes the header of a frame takes. */
export function frameHeaderSize(type: number, length: number): number {
  return varintSize(type) + varintSize(length);
}

/** Writes the header of a frame; returns where its payload begins. */
export function writeFrameHeader(
  out: Uint8Array,
  at: number,
  type: number,
  length: number,
): number {
  return writeVarint(out, writeVarint(out, at, type), length);
}

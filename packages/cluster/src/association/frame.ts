/**
 * Frames: what a carrier carries from node to node.
 *
 * A header of 13 bytes: type u8, connection u32 (the receiver's number of it), seq u32, ack u32;
 * then a body. `seq` numbers the frames that carry signals, from 1; in other frames it is the number
 * of the last one that was sent, so that the loss of the last one is noticed too. `ack` is the number
 * of the last one that was received in order.
 */

/** The types of frames, by their number on the wire. */
export const frameType = {
  /** Opens a connection; the body is a greeting. */
  hello: 1,
  /** Answers a hello; the body is a greeting and the proof that the cookie is known. */
  helloAck: 2,
  /** Ends the handshake; the body is the opener's proof. */
  confirm: 3,
  /** Whole signals, each behind its length as u32. */
  data: 4,
  /** A part of a signal that is too long for one frame. */
  fragment: 5,
  /** Says that the sender lives, and carries its `seq` and `ack`. */
  tick: 6,
  /** A tick that is to be answered at once. */
  probe: 7,
  /** Frames after `ack` are missing. */
  nack: 8,
  /** The connection is over for the sender. */
  reset: 9,
  /** The node leaves in order. */
  bye: 10,
  /** A hello is refused; the body says why. */
  refuse: 11,
  /** Another run has taken over the name of the receiver. */
  fence: 12,
} as const;

/** The number of a type of frame. */
export type FrameType = (typeof frameType)[keyof typeof frameType];

/** A frame that has come in. */
export interface Frame {
  readonly type: FrameType;
  readonly connection: number;
  readonly seq: number;
  readonly ack: number;
  readonly body: Uint8Array;
}

/** Bytes before the body. */
export const headerLength = 13;

const types: ReadonlySet<number> = new Set(Object.values(frameType));
const isType = (value: number | undefined): value is FrameType =>
  value !== undefined && types.has(value);

/** Makes a frame around a body that is copied. */
export function encodeFrame(
  type: FrameType,
  connection: number,
  seq: number,
  ack: number,
  body?: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(headerLength + (body?.length ?? 0));
  writeHeader(bytes, type, connection, seq, ack);
  if (body !== undefined) bytes.set(body, headerLength);
  return bytes;
}

/** Writes the header of a frame whose body is there already. */
export function writeHeader(
  bytes: Uint8Array,
  type: FrameType,
  connection: number,
  seq: number,
  ack: number,
): void {
  bytes[0] = type;
  writeU32(bytes, 1, connection);
  writeU32(bytes, 5, seq);
  writeU32(bytes, 9, ack);
}

/** Reads a frame; undefined for what is none. The body is a view. */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  const type = bytes[0];
  if (bytes.length < headerLength || !isType(type)) return undefined;
  return {
    type,
    connection: readU32(bytes, 1),
    seq: readU32(bytes, 5),
    ack: readU32(bytes, 9),
    body: bytes.subarray(headerLength),
  };
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function readU32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16);
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}

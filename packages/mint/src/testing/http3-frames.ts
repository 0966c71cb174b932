/**
 * Frames of HTTP/3 (RFC 9114, 7) and field sections of QPACK (RFC 9204) for
 * tests: those that came, and bytes of those to be sent, right ones and wrong
 * ones alike. Nothing here checks what it is given to write.
 */
import { maxIntegerSize, writeInteger } from '../compression/integer.ts';
import { Fields } from '../fields.ts';
import type { ErrorName } from '../http3/codes.ts';
import { codeOf } from '../http3/codes.ts';
import { QpackDecoder } from '../http3/qpack/decoder.ts';
import { readVarint, varintSize, varintSizeOf, writeVarint } from '../http3/varint.ts';
import type { FieldList } from './header-block.ts';

/** Types of frames, with their codes. */
export const http3FrameTypes = {
  DATA: 0x0,
  HEADERS: 0x1,
  CANCEL_PUSH: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  GOAWAY: 0x7,
  MAX_PUSH_ID: 0xd,
} as const;

/** The type of a frame, by its name. */
export type Http3FrameType = keyof typeof http3FrameTypes;

/** An error code (RFC 9114, 8.1; RFC 9204, 6): its name, or any number. */
export type Http3ErrorCode = ErrorName | number;

/** The identifiers of settings (RFC 9114, 7.2.4.1; RFC 9204, 5; RFC 9220, 3). */
export const http3SettingIds = {
  qpackMaxTableCapacity: 1,
  maxFieldSectionSize: 6,
  qpackBlockedStreams: 7,
  enableConnectProtocol: 8,
} as const;

/** Settings by name, or by number where there is no name. */
export type Http3Settings = Readonly<
  Partial<Record<keyof typeof http3SettingIds | number, number>>
>;

/** A frame that came. */
export interface Http3Frame {
  readonly type: Http3FrameType | 'UNKNOWN';
  /** The code of the type. */
  readonly code: number;
  /** The identifier of the stream. */
  readonly stream: number;
  readonly payload: Buffer;
  /** The fields of HEADERS, pseudo-fields first. */
  readonly fields: Fields;
}

/**
 * An integer (RFC 9000, 16), in as few bytes as it takes, or in 1, 2, 4 or 8 of them.
 *
 * @example
 * const typeOfPushStream = encodeVarint(1);
 */
export function encodeVarint(value: number, size = varintSize(value)): Buffer {
  const bytes = Buffer.alloc(size);
  writeVarint(bytes, 0, value, size);
  return bytes;
}

/**
 * A frame of any type, whose length may be another one than that of its payload.
 *
 * @example
 * const cutOff = encodeHttp3Frame('DATA', Buffer.from('half of it'), 20);
 */
export function encodeHttp3Frame(
  type: Http3FrameType | number,
  payload: Uint8Array = Buffer.alloc(0),
  length = payload.length,
): Buffer {
  const code = typeof type === 'number' ? type : http3FrameTypes[type];
  return Buffer.concat([encodeVarint(code), encodeVarint(length), payload]);
}

/**
 * A field section of literals, which no table has a part in.
 *
 * @example
 * const twoStatuses = encodeFieldSection([[':status', '200'], [':status', '204']]);
 */
export function encodeFieldSection(list: FieldList): Buffer {
  const parts = list.flatMap(([name, value]) => [text(name, 3, 0x20), text(value, 7, 0)]);
  return Buffer.concat([Buffer.of(0, 0), ...parts]);
}

/**
 * A SETTINGS frame.
 *
 * @example
 * const limited = encodeHttp3Settings({ maxFieldSectionSize: 4096 });
 */
export function encodeHttp3Settings(settings: Http3Settings = {}): Buffer {
  const names: Readonly<Record<string, number>> = http3SettingIds;
  const parts = Object.entries(settings).flatMap(([name, value = 0]) => [
    encodeVarint(names[name] ?? Number(name)),
    encodeVarint(value),
  ]);
  return encodeHttp3Frame('SETTINGS', Buffer.concat(parts));
}

/** The number of an error code. */
export function http3CodeOf(code: Http3ErrorCode): number {
  return typeof code === 'number' ? code : codeOf(code);
}

/** Cuts one stream into frames. */
export class Http3FrameReader {
  private readonly stream: number;
  private rest = Buffer.alloc(0);

  constructor(stream: number) {
    this.stream = stream;
  }

  /** Whether a frame has begun and is not complete. */
  get isAmidFrame(): boolean {
    return this.rest.length > 0;
  }

  /** The frames that are complete with these bytes. @throws Fault for a field section that is none. */
  read(bytes: Buffer): Http3Frame[] {
    this.rest = Buffer.concat([this.rest, bytes]);
    const frames: Http3Frame[] = [];
    for (let frame = this.next(); frame !== undefined; frame = this.next()) frames.push(frame);
    return frames;
  }

  private next(): Http3Frame | undefined {
    const { rest, stream } = this;
    const lengthAt = endOfVarint(rest, 0);
    const from = endOfVarint(rest, lengthAt);
    if (from > rest.length) return undefined;
    const code = readVarint(rest, 0);
    const to = from + readVarint(rest, lengthAt);
    if (to > rest.length) return undefined;
    const payload = rest.subarray(from, to);
    this.rest = rest.subarray(to);
    const type = typeOf(code);
    const fields = type === 'HEADERS' ? decodeSection(payload) : Fields.none;
    return { type, code, stream, payload, fields };
  }
}

/** Where the integer at `at` ends; beyond the bytes when it is not complete. */
export function endOfVarint(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  return first === undefined ? Infinity : at + varintSizeOf(first);
}

function typeOf(code: number): Http3Frame['type'] {
  const names = Object.keys(http3FrameTypes) as Http3FrameType[];
  return names.find((name) => http3FrameTypes[name] === code) ?? 'UNKNOWN';
}

function decodeSection(section: Buffer): Fields {
  const list: string[] = [];
  const add = (name: string, value: string): void => void list.push(name, value);
  new QpackDecoder().decode(section, 0, section.length, { isFull: false, add });
  return Fields.of(list);
}

function text(value: string, prefix: number, pattern: number): Buffer {
  const length = Buffer.alloc(maxIntegerSize);
  const end = writeInteger(length, 0, value.length, prefix, pattern);
  return Buffer.concat([length.subarray(0, end), Buffer.from(value, 'latin1')]);
}

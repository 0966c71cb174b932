/**
 * Frames of HTTP/2 (RFC 9113, 4 and 6) for tests: those that came, and bytes of
 * those to be sent, right ones and wrong ones alike. Nothing here checks what it
 * is given to write.
 */
import { errorNames } from '../http2/codes.ts';
import type { ErrorName } from '../http2/codes.ts';
import { Fields } from '../fields.ts';
import {
  headerSize,
  readUint31,
  readUint32,
  writeFrameHeader,
  writeUint32,
} from '../http2/frames.ts';
import { encodeFields } from './header-block.ts';
import type { FieldList } from './header-block.ts';

/** Types of frames, by their codes. */
export const frameTypes = [
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'SETTINGS',
  'PUSH_PROMISE',
  'PING',
  'GOAWAY',
  'WINDOW_UPDATE',
  'CONTINUATION',
] as const;

/** The type of a frame, by its name. */
export type FrameType = (typeof frameTypes)[number];

/** An error code (RFC 9113, 7): its name, or any number. */
export type ErrorCode = ErrorName | number;

/** The flags of frames (RFC 9113, 6). `ACK` and `END_STREAM` are the same bit of different types. */
export const frameFlag = {
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** The identifiers of settings (RFC 9113, 6.5.2; RFC 8441, 3). */
export const settingIds = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
} as const;

/** Settings by name, or by number where there is no name. */
export type Settings = Readonly<Partial<Record<keyof typeof settingIds | number, number>>>;

/** How a header block is sent. */
export interface HeadersOptions {
  /** The stream ends with it. Default false. */
  readonly endStream?: boolean | undefined;
  /** The block ends with it. Default true; with `false` a CONTINUATION is due. */
  readonly endHeaders?: boolean | undefined;
  /** So many bytes of padding. Default: none, and no length of it. */
  readonly padding?: number | undefined;
  /** Says that the stream depends on this one. Default: no priority. */
  readonly dependsOn?: number | undefined;
  /** How many frames the block is cut into, all but the first CONTINUATION. Default 1. */
  readonly parts?: number | undefined;
}

/** How a piece of a body is sent. */
export interface DataOptions {
  /** The stream ends with it. Default false. */
  readonly endStream?: boolean | undefined;
  /** So many bytes of padding. Default: none, and no length of it. */
  readonly padding?: number | undefined;
}

const noBytes = Buffer.alloc(0);

/** A frame that came. */
export class Frame {
  readonly type: FrameType | 'UNKNOWN';
  readonly flags: number;
  /** The identifier of the stream; 0 for the connection. */
  readonly stream: number;
  /** The payload as it came, with padding and priority. */
  readonly payload: Buffer;
  /** The fields of a header block, pseudo-fields first: at the HEADERS that began it, once it is whole. */
  fields: Fields = Fields.none;

  constructor(code: number, flags: number, stream: number, payload: Buffer) {
    this.type = frameTypes[code] ?? 'UNKNOWN';
    this.flags = flags;
    this.stream = stream;
    this.payload = payload;
  }

  /** Whether a flag is set: `frame.has(frameFlag.PADDED)`. */
  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Whether the stream ends with it: of DATA and HEADERS. */
  get endStream(): boolean {
    return this.has(frameFlag.END_STREAM);
  }

  /** Whether it is an answer: of SETTINGS and PING. */
  get ack(): boolean {
    return this.has(frameFlag.ACK);
  }

  /** The error's name, or its number where it has none: of RST_STREAM and GOAWAY. */
  get error(): ErrorCode {
    const code = readUint32(this.payload, this.type === 'GOAWAY' ? 4 : 0);
    return errorNames[code] ?? code;
  }

  /** By how much a window grows: of WINDOW_UPDATE. */
  get increment(): number {
    return readUint31(this.payload, 0);
  }

  /** The payload without padding and priority: of DATA and HEADERS. */
  get content(): Buffer {
    const { type, payload } = this;
    if (type !== 'DATA' && type !== 'HEADERS') return payload;
    const isPadded = this.has(frameFlag.PADDED);
    const padding = isPadded ? (payload[0] ?? 0) : 0;
    const priority = type === 'HEADERS' && this.has(frameFlag.PRIORITY) ? 5 : 0;
    return payload.subarray((isPadded ? 1 : 0) + priority, payload.length - padding);
  }

  /** The values by their identifiers: of SETTINGS. */
  get settings(): ReadonlyMap<number, number> {
    const { payload } = this;
    const values = new Map<number, number>();
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      values.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    }
    return values;
  }
}

/**
 * The bytes of a frame of any type. `length` is what its header says of the payload; by default the
 * truth.
 *
 * @example
 * const windowUpdateOfZero = encodeFrame('WINDOW_UPDATE', 0, 1, Buffer.alloc(4));
 */
export function encodeFrame(
  type: FrameType | number,
  flags = 0,
  stream = 0,
  payload: Uint8Array = noBytes,
  length = payload.length,
): Buffer {
  const bytes = Buffer.alloc(headerSize + payload.length);
  const code = typeof type === 'number' ? type : frameTypes.indexOf(type);
  bytes.set(payload, writeFrameHeader(bytes, 0, length, code, flags, stream));
  return bytes;
}

/**
 * The bytes of SETTINGS.
 *
 * @example
 * const oneAtATime = encodeSettings({ maxConcurrentStreams: 1 });
 */
export function encodeSettings(settings: Settings = {}): Buffer {
  const entries = Object.entries(settings).map(([name, value = 0]) => {
    const entry = Buffer.alloc(6);
    entry.writeUInt16BE(settingIds[name as keyof typeof settingIds] ?? Number(name), 0);
    writeUint32(entry, 2, value);
    return entry;
  });
  return encodeFrame('SETTINGS', 0, 0, Buffer.concat(entries));
}

/**
 * The bytes of HEADERS, and of CONTINUATION where the block is cut into parts.
 *
 * @param block Fields, or the bytes of a header block, which may be garbage.
 * @example
 * const head = encodeHeaders(1, [[':status', '200']], { padding: 3 });
 */
export function encodeHeaders(
  stream: number,
  block: FieldList | Uint8Array,
  options: HeadersOptions = {},
): Buffer {
  const { endStream = false, endHeaders = true, padding, dependsOn, parts = 1 } = options;
  const bytes = block instanceof Uint8Array ? block : encodeFields(block);
  const size = Math.max(1, Math.ceil(bytes.length / parts));
  const cut = (index: number): Uint8Array => bytes.subarray(index * size, (index + 1) * size);
  const priority =
    dependsOn === undefined ? noBytes : Buffer.concat([uint32(dependsOn), Buffer.of(15)]);
  const flags =
    (endStream ? frameFlag.END_STREAM : 0) |
    (endHeaders && parts === 1 ? frameFlag.END_HEADERS : 0) |
    (padding === undefined ? 0 : frameFlag.PADDED) |
    (dependsOn === undefined ? 0 : frameFlag.PRIORITY);
  const first = padded(Buffer.concat([priority, cut(0)]), padding);
  const frames = [encodeFrame('HEADERS', flags, stream, first)];
  for (let index = 1; index < parts; index += 1) {
    const isLast = endHeaders && index === parts - 1;
    frames.push(
      encodeFrame('CONTINUATION', isLast ? frameFlag.END_HEADERS : 0, stream, cut(index)),
    );
  }
  return Buffer.concat(frames);
}

/**
 * The bytes of DATA.
 *
 * @example
 * const last = encodeData(1, 'bye', { endStream: true });
 */
export function encodeData(
  stream: number,
  bytes: Uint8Array | string,
  { endStream = false, padding }: DataOptions = {},
): Buffer {
  const flags =
    (endStream ? frameFlag.END_STREAM : 0) | (padding === undefined ? 0 : frameFlag.PADDED);
  const payload = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  return encodeFrame('DATA', flags, stream, padded(payload, padding));
}

/**
 * The bytes of RST_STREAM.
 *
 * @example
 * const refused = encodeReset(1, 'REFUSED_STREAM');
 */
export function encodeReset(stream: number, code: ErrorCode): Buffer {
  return encodeFrame('RST_STREAM', 0, stream, uint32(codeOf(code)));
}

/**
 * The bytes of WINDOW_UPDATE; of the connection's window with stream 0.
 *
 * @example
 * const larger = encodeWindowUpdate(0, 65_535);
 */
export function encodeWindowUpdate(stream: number, increment: number): Buffer {
  return encodeFrame('WINDOW_UPDATE', 0, stream, uint32(increment));
}

/**
 * The bytes of GOAWAY: no stream above `lastStream` was looked at.
 *
 * @example
 * const overloaded = encodeGoaway(5, 'ENHANCE_YOUR_CALM', 'too many requests');
 */
export function encodeGoaway(lastStream: number, code: ErrorCode = 'NO_ERROR', debug = ''): Buffer {
  const payload = [uint32(lastStream), uint32(codeOf(code)), Buffer.from(debug, 'latin1')];
  return encodeFrame('GOAWAY', 0, 0, Buffer.concat(payload));
}

/** The number of an error code. */
function codeOf(code: ErrorCode): number {
  return typeof code === 'number' ? code : errorNames.indexOf(code);
}

/** The four bytes of a number. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  writeUint32(bytes, 0, value);
  return bytes;
}

/** The payload with so many bytes of padding, and the length of that before it. */
function padded(payload: Uint8Array, padding: number | undefined): Uint8Array {
  if (padding === undefined) return payload;
  return Buffer.concat([Buffer.of(padding), payload, Buffer.alloc(padding)]);
}

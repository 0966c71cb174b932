/**
 * HTTP/2 frames (RFC 9113, 4 and 6) as bytes, right ones and wrong ones alike:
 * nothing here checks what it is given to write. It has nothing of the package,
 * whose codecs are tested and fuzzed with it.
 */

/** Types of frames, by their code. */
export const frameNames = [
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

export type FrameName = (typeof frameNames)[number];

/** Error codes, by their number (RFC 9113, 7). */
const errorNames = [
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

type ErrorName = (typeof errorNames)[number];

/** An error code by its name, or any number. */
type ErrorCode = ErrorName | number;

/** Flags (RFC 9113, 6). `ACK` and `END_STREAM` are the same bit of different frames. */
export const flag = {
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** Identifiers of settings (RFC 9113, 6.5.2; RFC 8441). */
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

/** What every HTTP/2 client sends first. */
export const clientPreface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** A frame that came. */
export class Frame {
  readonly type: FrameName | 'UNKNOWN';
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
  /** The fields of a header block, at the frame that began it. */
  headers: readonly (readonly [name: string, value: string])[] = [];

  constructor(code: number, flags: number, stream: number, payload: Buffer) {
    this.type = frameNames[code] ?? 'UNKNOWN';
    this.flags = flags;
    this.stream = stream;
    this.payload = payload;
  }

  has(bit: number): boolean {
    return (this.flags & bit) !== 0;
  }

  get endStream(): boolean {
    return this.has(flag.END_STREAM);
  }

  get ack(): boolean {
    return this.has(flag.ACK);
  }

  /** Of RST_STREAM and GOAWAY: the error's name, or its number where it has none. */
  get error(): ErrorCode {
    const code = this.payload.readUInt32BE(this.type === 'GOAWAY' ? 4 : 0);
    return errorNames[code] ?? code;
  }

  /** Of WINDOW_UPDATE. */
  get increment(): number {
    return this.payload.readUInt32BE(0);
  }

  /** The field of a header block of that name. */
  header(name: string): string | undefined {
    return this.headers.find(([other]) => other === name)?.[1];
  }

  /** The payload of DATA, HEADERS and CONTINUATION without padding and priority. */
  get content(): Buffer {
    if (this.type !== 'DATA' && this.type !== 'HEADERS') return this.payload;
    const padding = this.has(flag.PADDED) ? (this.payload[0] ?? 0) : 0;
    const priority = this.type === 'HEADERS' && this.has(flag.PRIORITY) ? 5 : 0;
    const start = (this.has(flag.PADDED) ? 1 : 0) + priority;
    return this.payload.subarray(start, this.payload.length - padding);
  }

  /** Of SETTINGS: values by identifier. */
  get settings(): ReadonlyMap<number, number> {
    const values = new Map<number, number>();
    for (let at = 0; at + 6 <= this.payload.length; at += 6) {
      values.set(this.payload.readUInt16BE(at), this.payload.readUInt32BE(at + 2));
    }
    return values;
  }
}

/** Bytes of a frame; `length` lies about the payload's length. */
export function frame(
  type: FrameName | number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
  length = payload.length,
): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(length, 0, 3);
  bytes[3] = typeof type === 'number' ? type : frameNames.indexOf(type);
  bytes[4] = flags;
  bytes.writeUInt32BE(stream >>> 0, 5);
  bytes.set(payload, 9);
  return bytes;
}

export function settingsFrame(settings: Settings): Buffer {
  const entries = Object.entries(settings).map(([name, value = 0]) => {
    const entry = Buffer.alloc(6);
    entry.writeUInt16BE(settingIds[name as keyof typeof settingIds] ?? Number(name), 0);
    entry.writeUInt32BE(value, 2);
    return entry;
  });
  return frame('SETTINGS', 0, 0, Buffer.concat(entries));
}

/** 32 bits, the first of which is reserved. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that these bytes complete. */
  *read(chunk: Buffer): Generator<Frame> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      const [type = 0, flags = 0] = this.#rest.subarray(3, 5);
      const stream = this.#rest.readUInt32BE(5) & 0x7fffffff;
      const payload = this.#rest.subarray(9, end);
      this.#rest = this.#rest.subarray(end);
      yield new Frame(type, flags, stream, payload);
    }
  }
}

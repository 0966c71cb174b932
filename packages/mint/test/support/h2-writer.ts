/**
 * The sending side of a scripted HTTP/2 peer: one method a frame. None of them
 * checks anything or waits for windows.
 */
import type { Socket } from 'node:net';
import { codeOf, flag, frame, padded, settingsFrame, uint32 } from './h2-frames.ts';
import type { ErrorCode, FrameName, Settings } from './h2-frames.ts';
import { literals, type HeaderList } from './h2-hpack.ts';

export interface HeadersOptions {
  readonly endStream?: boolean;
  /** Default true; with `false` a CONTINUATION is due. */
  readonly endHeaders?: boolean;
  /** So many bytes of padding. */
  readonly padding?: number;
  /** A priority: depends on this stream. */
  readonly dependsOn?: number;
  /** Send the block in so many parts, all but the first as CONTINUATION. */
  readonly parts?: number;
}

export interface DataOptions {
  readonly endStream?: boolean;
  readonly padding?: number;
}

export class H2Writer {
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Bytes as they are. */
  write(bytes: Uint8Array | string): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** Waits until the kernel has what was written, or the connection is gone. */
  written(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.socket.writable) return resolve();
      this.socket.once('close', resolve);
      this.socket.write(Buffer.alloc(0), () => {
        this.socket.off('close', resolve);
        resolve();
      });
    });
  }

  /** A frame of any type, with any payload. */
  frame(type: FrameName | number, flags = 0, stream = 0, payload?: Uint8Array): void {
    this.write(frame(type, flags, stream, payload));
  }

  settings(settings: Settings = {}): void {
    this.write(settingsFrame(settings));
  }

  ackTheirSettings(): void {
    this.frame('SETTINGS', flag.ACK);
  }

  /** A header block: a list of fields, or bytes that may be garbage. */
  headers(stream: number, block: HeaderList | Uint8Array, options: HeadersOptions = {}): void {
    const { endStream = false, endHeaders = true, padding, dependsOn, parts = 1 } = options;
    const bytes = block instanceof Uint8Array ? Buffer.from(block) : literals(block);
    const size = Math.max(1, Math.ceil(bytes.length / parts));
    const cut = (index: number): Buffer => bytes.subarray(index * size, (index + 1) * size);
    const priority =
      dependsOn === undefined
        ? Buffer.alloc(0)
        : Buffer.concat([uint32(dependsOn), Buffer.from([15])]);
    let flags = endStream ? flag.END_STREAM : 0;
    if (endHeaders && parts === 1) flags |= flag.END_HEADERS;
    if (padding !== undefined) flags |= flag.PADDED;
    if (dependsOn !== undefined) flags |= flag.PRIORITY;
    this.frame('HEADERS', flags, stream, padded(Buffer.concat([priority, cut(0)]), padding));
    for (let index = 1; index < parts; index += 1) {
      const last = endHeaders && index === parts - 1;
      this.frame('CONTINUATION', last ? flag.END_HEADERS : 0, stream, cut(index));
    }
  }

  /** The head of a response with that status. */
  respond(
    stream: number,
    status: number | string = 200,
    fields: HeaderList = [],
    options: HeadersOptions = {},
  ): void {
    this.headers(stream, [[':status', String(status)], ...fields], options);
  }

  /** A whole response. */
  answer(stream: number, body: Uint8Array | string = 'OK', fields: HeaderList = []): void {
    this.respond(stream, 200, fields);
    this.data(stream, body, { endStream: true });
  }

  data(stream: number, bytes: Uint8Array | string, options: DataOptions = {}): void {
    const { endStream = false, padding } = options;
    const flags = (endStream ? flag.END_STREAM : 0) | (padding === undefined ? 0 : flag.PADDED);
    const payload = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    this.frame('DATA', flags, stream, padded(payload, padding));
  }

  reset(stream: number, code: ErrorCode = 'CANCEL'): void {
    this.frame('RST_STREAM', 0, stream, uint32(codeOf(code)));
  }

  goaway(lastStream: number, code: ErrorCode = 'NO_ERROR', debug = ''): void {
    const payload = [uint32(lastStream), uint32(codeOf(code)), Buffer.from(debug, 'latin1')];
    this.frame('GOAWAY', 0, 0, Buffer.concat(payload));
  }

  windowUpdate(stream: number, increment: number): void {
    this.frame('WINDOW_UPDATE', 0, stream, uint32(increment));
  }

  ping(payload: Uint8Array = Buffer.alloc(8), ack = false): void {
    this.frame('PING', ack ? flag.ACK : 0, 0, payload);
  }

  pushPromise(stream: number, promised: number, fields: HeaderList): void {
    const payload = Buffer.concat([uint32(promised), literals(fields)]);
    this.frame('PUSH_PROMISE', flag.END_HEADERS, stream, payload);
  }

  continuation(stream: number, bytes: Uint8Array, endHeaders = false): void {
    this.frame('CONTINUATION', endHeaders ? flag.END_HEADERS : 0, stream, bytes);
  }

  /** Ends this side in order. */
  end(): void {
    this.socket.end();
  }

  /** Resets the connection: the other side gets ECONNRESET. */
  abort(): void {
    this.socket.resetAndDestroy();
  }
}

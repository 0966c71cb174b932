/** Servers that open a WebSocket and leave the frames to the test, over HTTP/1.1 and HTTP/2 (RFC 8441). */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { authority } from './web-socket-server.ts';

/** A frame of the client, unmasked. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** What a test does with an open stream; `first` is sent together with the answer to the handshake. */
export interface Script {
  readonly headers?: Readonly<Record<string, string>>;
  readonly first?: Buffer;
  onFrame?(frame: Frame, stream: Duplex): void;
}

export interface RawServer {
  readonly url: string;
  /** The streams that were opened. */
  readonly streams: readonly Duplex[];
  /** The frames of the client. */
  readonly frames: readonly Frame[];
}

export type Carrier = 'HTTP/1.1' | 'HTTP/2';

export function startRaw(carrier: Carrier, script: Script): Promise<RawServer> {
  return carrier === 'HTTP/1.1' ? startRaw1(script) : startRaw2(script);
}

async function startRaw1(script: Script): Promise<RawServer> {
  const server = createServer();
  const opened = new Opened(script);
  server.on('upgrade', ({ headers }, stream: Duplex) => {
    const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const fields = {
      upgrade: 'websocket',
      connection: 'upgrade',
      'sec-websocket-accept': createHash('sha1').update(key).digest('base64'),
      ...script.headers,
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
    stream.write(Buffer.concat([head, script.first ?? Buffer.alloc(0)]));
    opened.add(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    opened.destroy();
    server.close();
    server.closeAllConnections();
  });
  return opened.at(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const certificate = authority.issue(['127.0.0.1']);

async function startRaw2(script: Script): Promise<RawServer> {
  const server = createSecureServer({
    ...certificate,
    settings: { enableConnectProtocol: true },
  });
  const opened = new Opened(script);
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200, ...script.headers });
    if (script.first !== undefined) stream.write(script.first);
    opened.add(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    opened.destroy();
    server.close();
  });
  return opened.at(`wss://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

class Opened {
  readonly #script: Script;
  readonly streams: Duplex[] = [];
  readonly frames: Frame[] = [];

  constructor(script: Script) {
    this.#script = script;
  }

  at(url: string): RawServer {
    return { url, streams: this.streams, frames: this.frames };
  }

  add(stream: Duplex): void {
    this.streams.push(stream);
    let rest: Buffer = Buffer.alloc(0);
    // What has come since, of a frame that is not there yet as a whole: a long one is joined once.
    let chunks: Buffer[] = [];
    let missing = 0;
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      missing -= chunk.length;
      if (missing > 0) return;
      rest = Buffer.concat([rest, ...chunks]);
      chunks = [];
      for (let taken = takeFrame(rest); taken !== undefined; taken = takeFrame(rest)) {
        rest = taken.rest;
        this.frames.push(taken.frame);
        this.#script.onFrame?.(taken.frame, stream);
      }
      missing = sizeOf(rest) - rest.length;
    });
  }

  destroy(): void {
    for (const stream of this.streams) stream.destroy();
  }
}

/** Bytes of the head of a frame before its mask. */
const headLengthOf = (short: number): number => (short === 126 ? 4 : short === 127 ? 10 : 2);

/** Bytes of the first frame as a whole, or of as much of its head as tells that. */
function sizeOf(bytes: Buffer): number {
  if (bytes.length < 2) return 2;
  const short = bytes.readUInt8(1) & 0x7f;
  const start = headLengthOf(short) + 4;
  if (bytes.length < start) return start;
  if (short === 126) return start + bytes.readUInt16BE(2);
  if (short === 127) return start + Number(bytes.readBigUInt64BE(2));
  return start + short;
}

/** Takes a frame of a client, which is masked. */
function takeFrame(bytes: Buffer): { readonly frame: Frame; readonly rest: Buffer } | undefined {
  const size = sizeOf(bytes);
  if (bytes.length < size) return undefined;
  const start = headLengthOf(bytes.readUInt8(1) & 0x7f) + 4;
  const mask = bytes.readInt32BE(start - 4);
  const payload = Buffer.from(bytes.subarray(start, size));
  // Four bytes at a time: some frames are of a megabyte.
  const whole = payload.length & ~3;
  for (let at = 0; at < whole; at += 4) payload.writeInt32BE(payload.readInt32BE(at) ^ mask, at);
  for (let at = whole; at < payload.length; at++) {
    payload.writeUInt8(payload.readUInt8(at) ^ bytes.readUInt8(start - 4 + (at & 3)), at);
  }
  return { frame: { opcode: bytes.readUInt8(0) & 0x0f, payload }, rest: bytes.subarray(size) };
}

/** The first byte of a frame: FIN and the reserved bits. */
export const fin = 0x80;
export const rsv1 = 0x40;
export const rsv2 = 0x20;

/** A frame of a server. */
export function frameOf(first: number, payload: Uint8Array | string = ''): Buffer {
  const bytes = Buffer.from(payload);
  const { length } = bytes;
  const head =
    length < 126
      ? Buffer.from([first, length])
      : Buffer.from([first, 126, length >> 8, length & 0xff]);
  return Buffer.concat([head, bytes]);
}

/** A close frame with a code. */
export function closeOf(code: number, reason: Uint8Array | string = ''): Buffer {
  return frameOf(
    fin | 8,
    Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]),
  );
}

/**
 * An HTTP/2 server that answers each request with as many bytes as its path
 * says (`/1000`), keeps strictly to the windows that the client gives, and never
 * tires of resets: a client that loses a byte of credit stops getting anything.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { clientPreface, flag, frame, FrameReader, settingIds, settingsFrame } from './h2-frames.ts';
import type { Frame } from './h2-frames.ts';
import { HpackDecoder, literals } from './h2-hpack.ts';

export interface FlowServer extends AsyncDisposable {
  readonly port: number;
  /** How many streams were reset by the client. */
  readonly resets: number;
  /** How many bytes of bodies were sent. */
  readonly sent: number;
}

const maxFrame = 16_384;
const bytes = Buffer.alloc(maxFrame, 'x');
const head = literals([[':status', '200']]);

class FlowPeer {
  resets = 0;
  sent = 0;
  private readonly socket: Socket;
  private readonly reader = new FrameReader();
  private readonly decoder = new HpackDecoder();
  private readonly streams = new Map<number, { left: number; window: number }>();
  private window = 65_535;
  private initialWindow = 65_535;
  private preface = clientPreface.length;

  constructor(socket: Socket) {
    this.socket = socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('drain', () => this.pump());
    socket.on('data', (chunk: Buffer) => {
      const skipped = Math.min(this.preface, chunk.length);
      this.preface -= skipped;
      for (const each of this.reader.read(chunk.subarray(skipped))) this.accept(each);
      this.pump();
    });
    socket.write(settingsFrame({ maxConcurrentStreams: 1000 }));
  }

  private accept(each: Frame): void {
    const { socket, streams } = this;
    const stream = streams.get(each.stream);
    switch (each.type) {
      case 'SETTINGS':
        if (each.ack) return;
        this.initialWindow = each.settings.get(settingIds.initialWindowSize) ?? this.initialWindow;
        socket.write(frame('SETTINGS', flag.ACK, 0));
        return;
      case 'PING':
        if (!each.ack) socket.write(frame('PING', flag.ACK, 0, each.payload));
        return;
      case 'WINDOW_UPDATE':
        if (each.stream === 0) this.window += each.increment;
        else if (stream !== undefined) stream.window += each.increment;
        return;
      case 'RST_STREAM':
        this.resets += 1;
        streams.delete(each.stream);
        return;
      case 'HEADERS': {
        const list = this.decoder.decode(each.content);
        const path = list.find(([name]) => name === ':path')?.[1] ?? '/0';
        streams.set(each.stream, { left: Number(path.slice(1)), window: this.initialWindow });
        socket.write(frame('HEADERS', flag.END_HEADERS, each.stream, head));
        return;
      }
      default:
      // Bodies of requests, and what else there may be, interest nobody.
    }
  }

  private pump(): void {
    for (const [id, stream] of this.streams) {
      while (stream.left >= 0) {
        if (this.socket.writableNeedDrain) return;
        const length = Math.min(stream.left, stream.window, this.window, maxFrame);
        if (length <= 0 && stream.left > 0) break;
        stream.left -= length;
        stream.window -= length;
        this.window -= length;
        this.sent += length;
        const ends = stream.left === 0;
        this.socket.write(frame('DATA', ends ? flag.END_STREAM : 0, id, bytes.subarray(0, length)));
        if (!ends) continue;
        this.streams.delete(id);
        break;
      }
    }
  }
}

export async function startFlowServer(): Promise<FlowServer> {
  const peers: FlowPeer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    peers.push(new FlowPeer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get resets() {
      return peers.reduce((sum, peer) => sum + peer.resets, 0);
    },
    get sent() {
      return peers.reduce((sum, peer) => sum + peer.sent, 0);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * An HTTP/2 server that sends exactly the frames that a test tells it to, over
 * TCP (prior knowledge) or TLS: for peers that misbehave, and for what no
 * HTTP/2 library can be made to send. It answers nothing by itself but the
 * client's SETTINGS and PING, and these only as long as it is told to.
 */
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { H2Writer } from './h2-writer.ts';
import { clientPreface, flag, FrameReader } from './h2-frames.ts';
import type { Frame, FrameName, Settings } from './h2-frames.ts';
import { HpackDecoder } from './h2-hpack.ts';

/** What a peer waits for. */
export interface FrameFilter {
  readonly stream?: number;
  readonly ack?: boolean;
}

/** One accepted connection, as the script sees it. */
export class H2Peer extends H2Writer {
  /** All frames that came, in order. */
  readonly frames: Frame[] = [];
  /** Whether SETTINGS and PING of the client are answered as they come. */
  ackSettings = true;
  ackPings = true;
  /** Fulfilled when the connection is gone, however it went. */
  readonly closed: Promise<void>;
  /** How many bytes came. */
  bytesRead = 0;
  readonly #reader = new FrameReader();
  readonly #decoder = new HpackDecoder();
  readonly #taken = new Set<Frame>();
  #block: { readonly head: Frame; readonly parts: Buffer[] } | undefined;
  #preface: Buffer | undefined = Buffer.alloc(0);
  #greeted = false;
  readonly #unanswered: Frame[] = [];
  #waiters: (() => void)[] = [];

  constructor(socket: Socket) {
    super(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.bytesRead += chunk.length;
      const bytes = this.#withoutPreface(chunk);
      for (const frame of this.#reader.read(bytes)) this.#accept(frame);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
        this.#wake();
      });
    });
  }

  /** Waits for the client's preface and its SETTINGS, and sends SETTINGS, and what answers came due. */
  async handshake(settings: Settings = {}): Promise<this> {
    await this.next('SETTINGS', { ack: false });
    this.settings(settings);
    this.#greeted = true;
    for (const frame of this.#unanswered.splice(0)) this.#answer(frame);
    return this;
  }

  /** Takes the oldest frame of that type that was not taken yet, and waits for it if need be. */
  async next(type: FrameName, filter: FrameFilter = {}): Promise<Frame> {
    const found = (): Frame | undefined => this.came(type, filter)[0];
    await this.until(() => found() !== undefined, type);
    const frame = found() as Frame;
    this.#taken.add(frame);
    return frame;
  }

  /** The next request's HEADERS, whole. */
  async request(): Promise<Frame> {
    return this.next('HEADERS');
  }

  /** The frames of that type which came and were not taken. */
  came(type: FrameName, { stream, ack }: FrameFilter = {}): Frame[] {
    return this.frames.filter(
      (frame) =>
        frame.type === type &&
        !this.#taken.has(frame) &&
        (stream === undefined || frame.stream === stream) &&
        (ack === undefined || frame.ack === ack) &&
        frame !== this.#block?.head,
    );
  }

  /** How many bytes of DATA came on that stream, or on all. */
  dataLength(stream?: number): number {
    return this.frames
      .filter((frame) => frame.type === 'DATA' && (stream ?? frame.stream) === frame.stream)
      .reduce((sum, { content }) => sum + content.length, 0);
  }

  /** Sends a PING and waits for its answer: the client has dealt with all that was sent before. */
  async roundTrip(): Promise<void> {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE((this.#pings += 1), 4);
    this.ping(payload);
    const answer = (): Frame | undefined =>
      this.came('PING', { ack: true }).find((frame) => frame.payload.equals(payload));
    await this.until(() => answer() !== undefined, 'the answer to a PING');
    this.#taken.add(answer() as Frame);
  }
  #pings = 0;

  /** Waits until the condition holds; it is looked at whenever something comes. */
  async until(condition: () => boolean, what = 'more'): Promise<void> {
    while (!condition()) {
      if (this.socket.destroyed) throw new Error(`closed before ${what}; came: ${this.summary}`);
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  /** What came, in short. */
  get summary(): string {
    return this.frames.map(({ type, stream }) => `${type}/${stream}`).join(' ');
  }

  #withoutPreface(chunk: Buffer): Buffer {
    if (this.#preface === undefined) return chunk;
    const bytes = Buffer.concat([this.#preface, chunk]);
    if (bytes.length < clientPreface.length) {
      this.#preface = bytes;
      return Buffer.alloc(0);
    }
    this.#preface = undefined;
    const start = bytes.subarray(0, clientPreface.length);
    if (!start.equals(clientPreface))
      this.socket.destroy(new Error(`no preface: ${start.toString('latin1')}`));
    return bytes.subarray(clientPreface.length);
  }

  #accept(frame: Frame): void {
    this.frames.push(frame);
    this.#answer(frame);
    if (frame.type === 'HEADERS') this.#block = { head: frame, parts: [] };
    if (this.#block === undefined) return;
    if (frame.type !== 'HEADERS' && frame.type !== 'CONTINUATION') return;
    const { head, parts } = this.#block;
    parts.push(frame.content);
    if (!frame.has(flag.END_HEADERS)) return;
    head.headers = this.#decoder.decode(Buffer.concat(parts));
    this.#block = undefined;
  }

  #answer(frame: Frame): void {
    if (frame.ack || (frame.type !== 'SETTINGS' && frame.type !== 'PING')) return;
    // The first frame of a server must be its SETTINGS.
    if (!this.#greeted) this.#unanswered.push(frame);
    else if (frame.type === 'PING' && this.ackPings) this.ping(frame.payload, true);
    else if (frame.type === 'SETTINGS' && this.ackSettings) this.ackTheirSettings();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

/** What a connection's script is given: the peer, and its number, from 0. */
export type H2Script = (peer: H2Peer, index: number) => unknown;

export interface H2RawServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** The connections accepted so far. */
  readonly peers: readonly H2Peer[];
  /** Waits for the connection of this number. */
  peer(index?: number): Promise<H2Peer>;
  /** Destroys all connections and stops listening. Throws what a script threw before that. */
  close(): Promise<void>;
}

export interface H2RawServerOptions {
  /** Speak TLS, with ALPN `h2` unless this says otherwise. */
  readonly tls?: TlsOptions;
}

/** Starts a server that runs `script` for each connection. */
export async function startH2RawServer(
  script: H2Script = (peer) => peer.handshake(),
  { tls }: H2RawServerOptions = {},
): Promise<H2RawServer> {
  const peers: H2Peer[] = [];
  const failures: unknown[] = [];
  const sockets = new Set<Socket>();
  let closing = false;
  const accept = (socket: Socket): void => {
    socket.setNoDelay(true);
    const peer = new H2Peer(socket);
    peers.push(peer);
    server.emit('linnet:peer');
    void run(script, peer, peers.length - 1).catch((error: unknown) => {
      if (!closing) failures.push(error);
    });
  };
  const server: Server =
    tls === undefined
      ? createTcpServer(accept)
      : createTlsServer({ ALPNProtocols: ['h2'], ...tls }, accept);
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    closing = true;
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    if (failures.length > 0) throw failures[0];
  };
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    peers,
    peer: async (index = 0) => {
      while (peers[index] === undefined) await once(server, 'linnet:peer');
      return peers[index];
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function run(script: H2Script, peer: H2Peer, index: number): Promise<void> {
  await script(peer, index);
}

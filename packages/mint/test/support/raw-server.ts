/**
 * A server that says exactly what a test tells it to, byte by byte: for peers
 * that misbehave, and for what no HTTP server can be made to send.
 */
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, ListenOptions, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';

/** One accepted connection, as the script sees it. */
export class RawPeer {
  readonly socket: Socket;
  /** Fulfilled when the connection is gone, however it went. */
  readonly closed: Promise<void>;
  /** Fulfilled when the client ended its side. */
  readonly ended: Promise<void>;
  private text = '';
  private taken = 0;
  private waiters: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (chunk: string) => {
      this.text += chunk;
      this.wake();
    });
    this.ended = new Promise((resolve) => socket.once('end', resolve));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
        this.wake();
      });
    });
  }

  /** Everything that came so far, as latin1 text. */
  get received(): string {
    return this.text;
  }

  /** Waits for `mark` and returns what came up to and with it, from where the last reading ended. */
  async readUntil(mark: string): Promise<string> {
    await this.until(() => this.text.includes(mark, this.taken));
    return this.take(this.text.indexOf(mark, this.taken) + mark.length - this.taken);
  }

  /** Waits for that many characters. */
  async read(length: number): Promise<string> {
    await this.until(() => this.text.length - this.taken >= length);
    return this.take(length);
  }

  /** The next request: its head, and its body if `content-length` or chunks announce one. */
  async readRequest(): Promise<string> {
    const head = await this.readUntil('\r\n\r\n');
    if (/^transfer-encoding: chunked\r$/im.test(head)) {
      return head + (await this.readUntil('0\r\n\r\n'));
    }
    const length = /^content-length: (\d+)\r$/im.exec(head);
    return length === null ? head : head + (await this.read(Number(length[1])));
  }

  /** Writes latin1 text or bytes, and waits until the kernel has them. */
  write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
      this.socket.write(bytes, () => resolve());
    });
  }

  /** Ends this side in order. */
  end(): void {
    this.socket.end();
  }

  /** Resets the connection: the other side gets ECONNRESET. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  private take(length: number): string {
    this.taken += length;
    return this.text.slice(this.taken - length, this.taken);
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.socket.destroyed) throw new Error(`closed after ${JSON.stringify(this.text)}`);
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }

  private wake(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }
}

/** What a connection's script is given: the peer, and its number, from 0. */
export type RawScript = (peer: RawPeer, index: number) => unknown;

export interface RawServerOptions {
  /** Listen on this unix socket instead of a port. */
  readonly path?: string;
  /** Speak TLS. */
  readonly tls?: TlsOptions;
}

export interface RawServer extends AsyncDisposable {
  /** 0 on a unix socket. */
  readonly port: number;
  readonly server: Server;
  /** The connections accepted so far. */
  readonly peers: readonly RawPeer[];
  /** Waits for the connection of this number. */
  peer(index: number): Promise<RawPeer>;
  /** Destroys all connections and stops listening. Throws what a script threw. */
  close(): Promise<void>;
}

/** Starts a server that runs `script` for each connection. */
export async function startRawServer(
  script: RawScript = () => {},
  options: RawServerOptions = {},
): Promise<RawServer> {
  const peers: RawPeer[] = [];
  const failures: unknown[] = [];
  let closing = false;
  const accept = (socket: Socket): void => {
    const peer = new RawPeer(socket);
    peers.push(peer);
    server.emit('linnet:peer');
    void run(script, peer, peers.length - 1).catch((error: unknown) => {
      if (!closing) failures.push(error);
    });
  };
  const server: Server =
    options.tls === undefined ? createTcpServer(accept) : createTlsServer(options.tls, accept);
  server.on('tlsClientError', () => {});
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  const where: ListenOptions =
    options.path === undefined ? { port: 0, host: '127.0.0.1' } : { path: options.path };
  server.listen(where);
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    closing = true;
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    if (failures.length > 0) throw failures[0];
  };
  return {
    port: options.path === undefined ? (server.address() as AddressInfo).port : 0,
    server,
    peers,
    peer: async (index) => {
      while (peers[index] === undefined) await once(server, 'linnet:peer');
      return peers[index];
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function run(script: RawScript, peer: RawPeer, index: number): Promise<void> {
  await script(peer, index);
}

/** A complete response with a body and its length. */
export function response(body: string, headers: readonly string[] = [], status = '200 OK'): string {
  const lines = [`HTTP/1.1 ${status}`, ...headers, `content-length: ${body.length}`];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

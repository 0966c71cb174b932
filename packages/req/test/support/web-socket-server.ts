/** WebSocket servers of ws, over HTTP/1.1 and over HTTP/2 (RFC 8441), that echo what they get. */
import { once } from 'node:events';
import { createServer, IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createSecureServer, type Http2ServerRequest, type ServerHttp2Stream } from 'node:http2';
import { Socket, type AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { createAuthority } from '@linnet/mint/testing';
import { onTestFinished } from 'vitest';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';

export const authority = createAuthority('Linnet');

/** What issued the certificates of these servers. */
export const { ca } = authority;

export type OnSocket = (socket: WebSocket, request: IncomingMessage) => void;

const echo: OnSocket = (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
};

export interface EchoServer {
  /** `ws://127.0.0.1:1234`, or `wss://`. */
  readonly url: string;
  readonly sockets: readonly WebSocket[];
}

/** Answers 503 while it is busy, 401 to `/guarded` without credentials, a redirect to `/` at `/moved`. */
export async function startHttp1(
  onSocket = echo,
  options: ServerOptions = {},
  tls = false,
  isBusy: () => boolean = () => false,
): Promise<EchoServer> {
  const server = tls
    ? createTlsServer(authority.issue(['127.0.0.1', 'localhost']))
    : createServer();
  const sockets: WebSocket[] = [];
  const frames = new WebSocketServer({ noServer: true, ...options });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isBusy()) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
    } else if (request.url === '/guarded' && request.headers.authorization === undefined) {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno');
    } else if (request.url === '/moved') {
      socket.end('HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n');
    } else {
      frames.handleUpgrade(request, socket, head, (opened) => {
        sockets.push(opened);
        onSocket(opened, request);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `${tls ? 'wss' : 'ws'}://127.0.0.1:${port}`, sockets };
}

/** Over HTTP/2; with `allows: false` a server that has no WebSockets there, but on HTTP/1.1. */
export async function startHttp2(
  allows = true,
): Promise<EchoServer & { readonly streams: readonly string[] }> {
  const { key, cert } = authority.issue(['127.0.0.1', 'localhost']);
  const server = createSecureServer({
    key,
    cert,
    allowHTTP1: true,
    settings: { enableConnectProtocol: allows },
  });
  const sockets: WebSocket[] = [];
  const streams: string[] = [];
  const frames = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  const take = (request: IncomingMessage, socket: Duplex) => {
    frames.handleUpgrade(request, socket, Buffer.alloc(0), (opened) => {
      sockets.push(opened);
      echo(opened, request);
    });
  };
  server.on('upgrade', take);
  server.on('request', (request, response) => response.end(`HTTP ${request.httpVersion}`));
  server.on('connect', ({ stream, headers }: Http2ServerRequest) => {
    stream.on('error', () => {});
    streams.push(`${headers[':method']} ${headers[':protocol']} ${headers[':path']}`);
    const request = new IncomingMessage(new Socket());
    request.method = 'GET';
    for (const [name, value] of Object.entries(headers)) {
      if (!name.startsWith(':')) request.headers[name] = String(value);
    }
    request.headers.upgrade = 'websocket';
    request.headers['sec-websocket-key'] = Buffer.alloc(16).toString('base64');
    take(request, new Http2Socket(stream));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `wss://127.0.0.1:${port}`, sockets, streams };
}

/** Makes the answer of HTTP/1.1 that ws writes one of HTTP/2. */
class Http2Socket extends Duplex {
  readonly #stream: ServerHttp2Stream;
  #answered = false;

  constructor(stream: ServerHttp2Stream) {
    super();
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => this.push(chunk));
    stream.on('end', () => this.push(null));
    stream.on('close', () => this.destroy());
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#answered) {
      this.#stream.write(chunk, done);
      return;
    }
    this.#answered = true;
    const [, ...lines] = chunk.toString('latin1').trim().split('\r\n');
    const fields = lines.map((line) => line.split(': ') as [string, string]);
    const kept = fields.filter(([name]) => /^sec-websocket-(?!accept)/i.test(name));
    this.#stream.respond({ ':status': 200, ...Object.fromEntries(kept) });
    done();
  }

  override _final(done: () => void): void {
    this.#stream.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stream.close();
    done(error);
  }
}

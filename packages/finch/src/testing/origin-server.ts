/** The servers behind a fake origin: of node:http and node:http2, which tests compare with anyway. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSecureServer, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { createAuthority } from '@linnet/mint/testing';

/** How a fake origin speaks. */
export interface FakeOriginOptions {
  /** `'http2'` is HTTP/2 alone: with TLS by ALPN, without by prior knowledge. Default: `'http1'`. */
  readonly protocol?: 'http1' | 'http2';
  /** Whether it speaks TLS, with a certificate that `ca` of the origin is the authority of. Default: false. */
  readonly tls?: boolean;
  /** How many ms it waits before each answer. Default: 0. */
  readonly latency?: number;
}

/** The requests and answers of node:http2's compatibility API do what those of node:http do. */
type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that listens, with its connections. */
export class OriginServer {
  readonly url: string;
  /** The certificate of the authority that clients are to trust; undefined without TLS. */
  readonly ca: string | undefined;
  private readonly server: Server;
  private readonly sockets: Map<Socket, number>;

  private constructor(server: Server, sockets: Map<Socket, number>, ca: string | undefined) {
    const { port } = server.address() as AddressInfo;
    this.url = ca === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
    this.ca = ca;
    this.server = server;
    this.sockets = sockets;
  }

  static async listen(listener: Listener, options: FakeOriginOptions): Promise<OriginServer> {
    const authority = options.tls === true ? createAuthority() : undefined;
    const certificate = authority?.issue(['localhost', '127.0.0.1']);
    const server = newServer(listener, options.protocol ?? 'http1', certificate);
    const sockets = new Map<Socket, number>();
    let count = 0;
    server.on('connection', (socket: Socket) => {
      sockets.set(socket, ++count);
      socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OriginServer(server, sockets, authority?.ca);
  }

  /** How many connections are open. */
  get connections(): number {
    return this.sockets.size;
  }

  /** The number of a request's connection, by the port of the client. */
  numberOf(remotePort: number | undefined): number {
    for (const [socket, number] of this.sockets)
      if (socket.remotePort === remotePort) return number;
    return 0;
  }

  /** Resets the connection of a request. */
  drop(remotePort: number | undefined): void {
    for (const socket of this.sockets.keys()) {
      if (socket.remotePort === remotePort) socket.resetAndDestroy();
    }
  }

  /** Ends all connections, as when the process of a server dies: by a reset. */
  dropConnections(): void {
    for (const socket of this.sockets.keys()) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.keys()) socket.destroy();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }
}

function newServer(
  listener: Listener,
  protocol: 'http1' | 'http2',
  certificate: { readonly key: string; readonly cert: string } | undefined,
): Server {
  if (protocol === 'http1') {
    const server =
      certificate === undefined ? createServer(listener) : createHttpsServer(certificate, listener);
    // The client decides when an idle connection ends.
    server.keepAliveTimeout = 0;
    return server;
  }
  const answer = listener as unknown as Parameters<typeof createHttp2Server>[1];
  return (certificate === undefined
    ? createHttp2Server({}, answer)
    : createSecureServer(certificate, answer)) as unknown as Server;
}

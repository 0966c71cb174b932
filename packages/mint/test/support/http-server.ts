/**
 * node:http and node:https servers on a free port or a unix socket.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  createSecureServer as createSecureHttp2Server,
  createServer as createHttp2Server,
} from 'node:http2';
import type { Settings } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';

export interface HttpServerOptions {
  /** Listen on this unix socket instead of a port. */
  readonly path?: string;
  /** Listen on this port. Default: a free one. */
  readonly port?: number;
  /** Speak TLS. */
  readonly tls?: TlsOptions;
  /** Speak HTTP/2, too with TLS, alone without. */
  readonly http2?: Http2Options;
}

export interface Http2Options {
  /** What the server says of itself. */
  readonly settings?: Settings;
  /** HTTP/2 only, also with TLS. */
  readonly only?: boolean;
}

export interface HttpServer extends AsyncDisposable {
  /** 0 on a unix socket. */
  readonly port: number;
  /** `http://127.0.0.1:40001`, `https://localhost:40001`; on a unix socket `http://localhost`. */
  readonly url: string;
  readonly server: Server;
  /** How many connections were accepted so far. */
  readonly connections: number;
  /** Closes all connections and stops listening. */
  close(): Promise<void>;
}

/** What answers requests; may be async. */
export type Listener = (request: IncomingMessage, answer: ServerResponse) => unknown;

/** Starts a server. Idle connections stay open until the client or `close` ends them. */
export async function startHttpServer(
  listener: Listener,
  options: HttpServerOptions = {},
): Promise<HttpServer> {
  const server = createFor(listener, options);
  server.keepAliveTimeout = 0;
  let connections = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(
    options.path === undefined
      ? { port: options.port ?? 0, host: '127.0.0.1' }
      : { path: options.path },
  );
  await once(server, 'listening');
  const port = options.path === undefined ? (server.address() as AddressInfo).port : 0;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  return {
    port,
    url: urlOf(port, options),
    server,
    get connections() {
      return connections;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function urlOf(port: number, options: HttpServerOptions): string {
  const scheme = options.tls === undefined ? 'http' : 'https';
  if (options.path !== undefined) return `${scheme}://localhost`;
  return options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
}

function createFor(listener: Listener, { tls, http2 }: HttpServerOptions): Server {
  if (http2 === undefined) {
    return tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  }
  const { settings = {}, only = false } = http2;
  // The requests and answers of the compatibility API do what those of node:http do.
  const answer = listener as unknown as Parameters<typeof createHttp2Server>[1];
  return (tls === undefined
    ? createHttp2Server({ settings }, answer)
    : createSecureHttp2Server(
        { ...tls, settings, allowHTTP1: !only },
        answer,
      )) as unknown as Server;
}

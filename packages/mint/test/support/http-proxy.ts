/**
 * A real HTTP proxy: forwards requests in absolute form, and opens tunnels for
 * CONNECT. It looks names up in a table of its own, so that a test can use names
 * that exist here only.
 */
import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { TlsOptions } from 'node:tls';

export interface HttpProxyOptions {
  /** Speak TLS with clients. */
  readonly tls?: TlsOptions;
  /** The `proxy-authorization` that it wants. */
  readonly authorization?: string;
  /** The addresses of names; default: all lead to 127.0.0.1. */
  readonly hosts?: Readonly<Record<string, string>>;
}

/** What a client asked the proxy for. */
export interface Asked {
  readonly method: string;
  /** The request target as it came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

export interface HttpProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:40001`, `https://localhost:40001`. */
  readonly url: string;
  readonly server: Server;
  readonly asked: readonly Asked[];
  /** How many connections were accepted so far. */
  readonly connections: number;
  /** How many are open, those to servers included. */
  readonly open: number;
  /** Breaks all connections. */
  kill(): void;
  close(): Promise<void>;
}

/** The proxy's URL with user and password in it. */
export const withUser = (url: string, userinfo: string): string =>
  url.replace('://', `://${userinfo}@`);

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** What one of them says reaches the other one, and so does its end. */
export function joinSockets(one: Socket, other: Socket): void {
  one.pipe(other).once('close', () => one.destroy());
  other.pipe(one).once('close', () => other.destroy());
}

export async function startHttpProxy(options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const { authorization, hosts, tls } = options;
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const track = <S extends Socket>(socket: S): S => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    return socket;
  };
  const addressOf = (host: string): string | undefined =>
    hosts === undefined ? '127.0.0.1' : hosts[host];
  const admits = ({ method = '', url: target = '', headers }: IncomingMessage): boolean => {
    asked.push({ method, target, headers });
    return authorization === undefined || headers['proxy-authorization'] === authorization;
  };

  const forward = (request: IncomingMessage, answer: ServerResponse): void => {
    if (!admits(request)) {
      answer.writeHead(407, { 'proxy-authenticate': 'Basic realm="test"' }).end('who are you?');
      return;
    }
    const { hostname, port, pathname, search } = new URL(request.url ?? '');
    const host = addressOf(hostname);
    if (host === undefined) {
      answer.writeHead(502).end('no such host');
      return;
    }
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const path = pathname + search;
    const onward = sendRequest(
      { host, port, path, method: request.method, headers, agent: false },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.rawHeaders);
        pipeline(response, answer, () => {});
      },
    );
    onward.on('socket', track).on('error', () => answer.destroy());
    pipeline(request, onward, () => {});
  };

  const tunnel = (request: IncomingMessage, client: Socket): void => {
    track(client);
    if (!admits(request)) {
      client.end('HTTP/1.1 407 Who\r\nproxy-authenticate: Basic realm="test"\r\n\r\n');
      return;
    }
    const [, name = '', port = ''] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(request.url ?? '') ?? [];
    const host = addressOf(name);
    if (host === undefined) {
      client.end('HTTP/1.1 502 No such host\r\ncontent-length: 4\r\n\r\nno!\n');
      return;
    }
    const server = track(connect(Number(port), host));
    server.on('error', () => client.end('HTTP/1.1 503 Unreachable\r\n\r\n'));
    server.on('connect', () => {
      // The length is meaningless here, and proxies send it all the same.
      client.write('HTTP/1.1 200 Connection established\r\ncontent-length: 0\r\n\r\n');
      joinSockets(client, server);
    });
  };

  const server: Server =
    tls === undefined ? createServer(forward) : createSecureServer(tls, forward);
  server.keepAliveTimeout = 0;
  server.on('connect', tunnel).on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    connections += 1;
    track(socket);
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kill = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const close = async (): Promise<void> => {
    kill();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  return {
    port,
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    server,
    asked,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    kill,
    close,
    [Symbol.asyncDispose]: close,
  };
}

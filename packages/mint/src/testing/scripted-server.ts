/**
 * A server on a free port of the loopback interface that runs a script for each
 * connection.
 */
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import type { Peer } from './peer.ts';
import { ScriptRuns } from './script-runs.ts';
import type { Script } from './script-runs.ts';

/** Where a scripted server listens, and whether it speaks TLS. */
export interface ScriptedServerOptions {
  /** Speak TLS: key and certificate ({@link createAuthority} makes them), `ALPNProtocols`, and all else of node:tls. */
  readonly tls?: TlsOptions | undefined;
  /** Listen on a unix socket of this path in place of a port. */
  readonly path?: string | undefined;
}

/** A server that does what its script says, and nothing else. */
export interface ScriptedServer<P> extends AsyncDisposable {
  /** The port on 127.0.0.1; 0 on a unix socket. */
  readonly port: number;
  /** `http://127.0.0.1:40001`; with TLS `https://localhost:40001`. */
  readonly url: string;
  /** The server underneath, of node:net or node:tls. */
  readonly server: Server;
  /** The connections accepted so far; with TLS, after their handshake. */
  readonly peers: readonly P[];
  /** Waits for the connection of this number. Default 0, the first one. Rejects when the server is closed before. */
  peer(index?: number): Promise<P>;
  /**
   * Breaks all connections and stops listening.
   *
   * Rejects with what a script threw while the server was open, so that a wrong expectation in a
   * script fails the test.
   */
  close(): Promise<void>;
}

/** Starts a server whose connections are made into peers. */
export async function startServer<P extends Peer>(
  makePeer: (socket: Socket) => P,
  script: Script<P>,
  { tls, path }: ScriptedServerOptions,
): Promise<ScriptedServer<P>> {
  const runs = new ScriptRuns(script);
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    socket.setNoDelay(true);
    runs.add(makePeer(socket));
  };
  const server: Server = tls === undefined ? createTcpServer(accept) : createTlsServer(tls, accept);
  // The client sees the handshake fail; here nothing waits for it.
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path });
  await once(server, 'listening');
  const port = path === undefined ? (server.address() as AddressInfo).port : 0;
  const close = async (): Promise<void> => {
    runs.begin(({ socket }) => !socket.destroyed);
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    runs.finish();
  };
  return {
    port,
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    server,
    peers: runs.peers,
    peer: (index = 0) => runs.peer(index),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * An HTTP/3 server that sends exactly what a test tells it to, over QUIC in the
 * server's role: for servers that misbehave, and for what no HTTP/3 library can
 * be made to send. It needs the optional package with QUIC.
 */
import type { QuicDriver } from '../driver/quic/quic-driver.ts';
import type { QuicUser } from '../driver/quic/session.ts';
import { loadQuic } from '../quic/load.ts';
import { Http3Peer } from './http3-peer.ts';
import { QuicListener } from './quic-listener.ts';
import { ScriptRuns } from './script-runs.ts';
import type { Script } from './script-runs.ts';

/** Where an HTTP/3 server listens, and the limits that it sets for its clients. */
export interface Http3ServerOptions {
  /** Its key and certificate, in PEM: `createAuthority` makes them. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** The authority of whose certificates clients must have one, in PEM. Default: they need none. */
  readonly clientCa?: string | undefined;
  /** The address to listen on, IPv4 or IPv6. Default `'127.0.0.1'`. */
  readonly host?: string | undefined;
  /** What it speaks, for ALPN. Default `['h3']`. */
  readonly alpn?: readonly string[] | undefined;
  /** How many requests a client may have under way. Default 100. */
  readonly streams?: number | undefined;
  /** How many bytes of one request, and of all, may come before they are read. Default 1 MiB each. */
  readonly streamWindow?: number | undefined;
  readonly connectionWindow?: number | undefined;
  /** After how many ms of silence a connection ends. Default 30000. */
  readonly idleTimeout?: number | undefined;
  /** Refuse every connection with this code of QUIC; 2 is CONNECTION_REFUSED. Default: take them. */
  readonly refuse?: number | undefined;
}

/** A server that does what its script says, and nothing else. */
export interface Http3Server extends AsyncDisposable {
  /** The UDP port. */
  readonly port: number;
  /** `https://localhost:40001`. */
  readonly url: string;
  /** The connections whose handshake is complete, so far. */
  readonly peers: readonly Http3Peer[];
  /** Waits for the connection of this number. Default 0, the first one. Rejects when the server is closed before. */
  peer(index?: number): Promise<Http3Peer>;
  /** Ends as a process does that is killed: clients are told nothing, and then nothing listens there. */
  kill(): Promise<void>;
  /**
   * Closes all connections (H3_NO_ERROR) and stops listening.
   *
   * Rejects with what a script threw while the server was open, so that a wrong expectation in a
   * script fails the test.
   */
  close(): Promise<void>;
}

/** Closes a connection as soon as the client's first datagram is known. */
class Refusal implements QuicUser {
  private readonly driver: QuicDriver;
  private readonly code: number;

  constructor(driver: QuicDriver, code: number) {
    this.driver = driver;
    this.code = code;
  }

  onTurn(): void {
    this.driver.closeWith(false, this.code, '');
  }

  onReadable(): void {}

  onWritable(): void {}

  onCapacity(): void {}

  onClose(): void {}
}

/**
 * Starts an HTTP/3 server on a free UDP port that runs `script` for each connection. Without a script
 * it does the handshake.
 *
 * Rejects when it cannot listen, and with `QuicUnavailableError` without the optional package.
 *
 * @example
 * import { connect } from '@linnet/mint';
 *
 * const authority = createAuthority();
 * const tls = authority.issue(['localhost']);
 * await using server = await startHttp3Server(async (peer) => {
 *   await peer.handshake();
 *   const { stream } = await peer.readRequest();
 *   peer.respond(stream, 200);
 *   peer.data(stream, 'half of it');
 *   peer.reset(stream, 'H3_INTERNAL_ERROR');
 * }, { tls });
 * const connection = await connect(server.url, { protocols: ['http3'], tls: { ca: authority.ca } });
 * // Rejects with StreamResetError: [H3_INTERNAL_ERROR].
 * await connection.request({ method: 'GET', target: '/' });
 */
export async function startHttp3Server(
  script: Script<Http3Peer> = (peer) => peer.handshake(),
  options: Http3ServerOptions,
): Promise<Http3Server> {
  const { tls, clientCa, host = '127.0.0.1' } = options;
  const backend = await loadQuic();
  const config = backend.configure({
    ...tls,
    verifyPeer: clientCa !== undefined,
    ca: clientCa,
    alpn: options.alpn ?? ['h3'],
    streams: options.streams ?? 100,
    streamWindow: options.streamWindow ?? 1024 * 1024,
    connectionWindow: options.connectionWindow ?? 1024 * 1024,
    idleTimeout: options.idleTimeout ?? 30_000,
  });
  const runs = new ScriptRuns(script);
  const accept = async (driver: QuicDriver): Promise<void> => {
    const peer = new Http3Peer(driver);
    try {
      await peer.established();
      runs.add(peer);
    } catch {
      // The client sees the handshake fail; here nothing waits for it.
    }
  };
  const { refuse } = options;
  const listener = await QuicListener.open(host, config, (driver) => {
    if (refuse === undefined) void accept(driver);
    else driver.user = new Refusal(driver, refuse);
  });
  const stop = async (): Promise<void> => {
    runs.begin(({ isClosed }) => !isClosed);
    await listener.close();
    runs.finish();
  };
  const close = (): Promise<void> => {
    runs.begin(({ isClosed }) => !isClosed);
    for (const peer of runs.peers) peer.close();
    return stop();
  };
  return {
    port: listener.port,
    url: `https://localhost:${listener.port}`,
    peers: runs.peers,
    peer: (index = 0) => runs.peer(index),
    kill: stop,
    close,
    [Symbol.asyncDispose]: close,
  };
}

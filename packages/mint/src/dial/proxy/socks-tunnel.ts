/**
 * A tunnel through a SOCKS proxy (RFC 1928, 1929), by the package `socks`, which
 * is loaded with the first such tunnel.
 */
import { lookup as lookUp } from 'node:dns';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { ConnectError, ProxyError } from '../../errors/index.ts';
import type { Step } from '../attempt.ts';
import type { SocketOptions } from '../dial-target.ts';
import { namesOf, surplus } from './proxy-failure.ts';
import type { ProxiedTarget, ProxyServer } from './proxy-server.ts';

/** The protocol has one byte for the length of a name. */
const longestName = 255;

/** The client's own limit, in ms; of no effect, since that of the dial comes first or is off. */
const noTimeout = 2 ** 31 - 1;

/**
 * Asks a proxy, over an open connection to it, for a tunnel to a server. The
 * proxy looks the server's name up; with `socks5` this side does. The result is
 * the socket. It rejects with a `ProxyError` when there is no tunnel, with a
 * `ConnectError` when this side looks the name up and finds nothing.
 */
export class SocksTunnel implements Step<Socket> {
  readonly result: Promise<Socket>;
  private readonly socket: Socket;
  private readonly proxy: ProxyServer;
  private readonly target: ProxiedTarget;
  private readonly options: SocketOptions;
  private abandoned: { readonly error: unknown } | undefined;

  constructor(socket: Socket, proxy: ProxyServer, target: ProxiedTarget, options: SocketOptions) {
    this.socket = socket;
    this.proxy = proxy;
    this.target = target;
    this.options = options;
    this.result = this.open();
  }

  abandon(error: unknown): void {
    this.abandoned ??= { error };
    this.socket.destroy();
  }

  private async open(): Promise<Socket> {
    const { socket, proxy, target } = this;
    const names = namesOf(proxy, target);
    const host = proxy.protocol === 'socks5' ? await this.address() : target.address.host;
    if (Buffer.byteLength(host) > longestName) {
      const detail = `SOCKS has no room for a name of more than ${longestName} bytes`;
      throw new ProxyError({ ...names, reason: 'refused', detail });
    }
    await this.negotiate(host);
    if ((await readAhead(socket)) && target.tls !== undefined) throw surplus(names);
    return socket;
  }

  private async negotiate(host: string): Promise<void> {
    const { socket, proxy, target } = this;
    const { SocksClient } = await import('socks');
    // The client would wait for the end of a socket that has ended already.
    if (socket.destroyed) throw this.refused('Socket closed');
    const { username: userId, password, port: proxyPort } = proxy;
    try {
      await SocksClient.createConnection({
        command: 'connect',
        proxy: { type: 5, host: proxy.host, port: proxyPort, userId, password },
        destination: { host, port: target.address.port },
        existing_socket: socket,
        timeout: noTimeout,
      });
    } catch (error) {
      // The client's error is not handed on: it holds the credentials.
      throw this.refused((error as Error).message);
    }
  }

  private refused(message: string): unknown {
    if (this.abandoned !== undefined) return this.abandoned.error;
    return refusalOf(message, this.proxy, this.target);
  }

  /** The server's address, looked up by this side. */
  private address(): Promise<string> {
    const { address, origin } = this.target;
    const { host } = address;
    if (isIP(host) !== 0) return Promise.resolve(host);
    const { family = 0, lookup = lookUp } = this.options;
    return new Promise((resolve, reject) => {
      const failed = (error: Error | null): void => {
        const reason = error === null ? 'ENOTFOUND' : undefined;
        reject(
          this.abandoned?.error ?? new ConnectError({ origin, cause: error ?? undefined, reason }),
        );
      };
      try {
        lookup(host, { family }, (error, found) => {
          const first = Array.isArray(found) ? found[0]?.address : found;
          if (error === null && first !== undefined) resolve(first);
          else failed(error);
        });
      } catch (error) {
        failed(error as Error);
      }
    });
  }
}

/**
 * Waits until the client has let go of the socket: one turn after its answer it
 * emits what it had read beyond it, and lets the socket flow. Says whether there
 * was anything; it is read from the socket first.
 */
function readAhead(socket: Socket): Promise<boolean> {
  const chunks: Buffer[] = [];
  const keep = (chunk: Buffer): void => void chunks.push(chunk);
  socket.on('data', keep);
  return new Promise((resolve) => {
    // After that of the client, which came first.
    setImmediate(() => {
      socket.pause().off('data', keep);
      if (chunks.length > 0 && !socket.destroyed) socket.unshift(Buffer.concat(chunks));
      // The pause has stopped a socket that reads into a buffer of ours (direct-reads.ts).
      socket.read(0);
      resolve(chunks.length > 0);
    });
  });
}

/** Told apart by the message, since errors of `socks` hold nothing else; its version is pinned. */
function refusalOf(message: string, proxy: ProxyServer, target: ProxiedTarget): ProxyError {
  const { username, password } = proxy;
  const names = namesOf(proxy, target);
  if (/no accepted authentication/i.test(message)) {
    const reason =
      username === '' && password === '' ? 'authentication_required' : 'authentication_failed';
    return new ProxyError({ ...names, reason });
  }
  if (/authentication failed/i.test(message)) {
    return new ProxyError({ ...names, reason: 'authentication_failed' });
  }
  const [, reply] = /rejected connection - (\w+)$/i.exec(message) ?? [];
  if (reply !== undefined && reply !== 'undefined') {
    return new ProxyError({ ...names, reason: 'refused', detail: reply });
  }
  const isAnswer = /version|authentication type|rejected|internal error/i.test(message);
  const reason = isAnswer ? 'bad_answer' : 'closed';
  return new ProxyError({ ...names, reason, detail: message });
}

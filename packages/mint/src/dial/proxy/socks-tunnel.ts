/**
 * A tunnel through a SOCKS5 proxy (RFC 1928, 1929): the handshake over a socket.
 */
import { lookup as lookUp } from 'node:dns';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { ConnectError, ProxyError } from '../../errors/index.ts';
import type { Step } from '../attempt.ts';
import type { SocketOptions } from '../dial-target.ts';
import { namesOf, surplus } from './proxy-failure.ts';
import type { ProxiedTarget, ProxyServer } from './proxy-server.ts';
import { SocksHandshake } from './socks-handshake.ts';

/** The protocol has one byte for the length of a name. */
const longestName = 255;

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
    const { username, password } = proxy;
    const { port } = target.address;
    await this.negotiate(new SocksHandshake({ host, port, username, password }));
    // Only the proxy can have sent it: over TLS it is the client who speaks first.
    if (target.tls !== undefined && socket.readableLength > 0) throw surplus(names);
    return socket;
  }

  /** Fulfilled when the tunnel is open: what the socket gives from then on is the server's. */
  private negotiate(handshake: SocksHandshake): Promise<void> {
    const { socket } = this;
    const names = namesOf(this.proxy, this.target);
    return new Promise((resolve, reject) => {
      let cause: Error | undefined;
      const ended = (settle: () => void): void => {
        socket.off('readable', onReadable).off('error', onError).off('close', onClose);
        settle();
      };
      const fail = (error: unknown): void => ended(() => reject(this.abandoned?.error ?? error));
      const onReadable = (): void => {
        // No byte beyond the answer is read.
        let answer = socket.read(handshake.needs) as Buffer | null;
        // The rest of a socket that has ended may be shorter.
        while (answer?.length === handshake.needs) {
          const next = handshake.take(answer);
          const { failure } = handshake;
          if (failure !== undefined) return fail(new ProxyError({ ...names, ...failure }));
          if (handshake.isOpen) return ended(resolve);
          if (next !== undefined) socket.write(next);
          answer = socket.read(handshake.needs) as Buffer | null;
        }
      };
      const onError = (error: Error): void => {
        cause = error;
      };
      const onClose = (): void => fail(new ProxyError({ ...names, reason: 'closed', cause }));
      // Closed during the lookup: no event is to come.
      if (socket.destroyed) return onClose();
      socket.on('readable', onReadable).on('error', onError).on('close', onClose);
      socket.write(handshake.greeting());
    });
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

/**
 * Opens a TCP, TLS or unix-socket connection. What node:net and node:tls do
 * (name lookup, Happy Eyeballs, handshake, verification) is left to them; this
 * adds session resumption, timings and typed errors.
 *
 * (undici's connector was not enough: its time-out is coarse, its session cache
 * is weak and lost with the next collection, and ALPN is on or off.)
 */
import { connect as connectTcp, isIP } from 'node:net';
import type { LookupFunction, NetConnectOpts, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { ignoreSocketError, inCleanContext } from './clean-context.ts';
import { directReads } from './direct-reads.ts';
import { dialError } from './dial-error.ts';
import type { DialProgress } from './dial-error.ts';
import { PendingDial } from './pending-dial.ts';
import type { Dial, DialLimits } from './pending-dial.ts';
import type { TlsIdentity } from './tls-identity.ts';

/** An open way to a server through a proxy. */
export interface Tunnel {
  /** It belongs to the dial: whatever fails, it is closed. */
  readonly socket: Socket;
  /** The proxy: sessions that were resumed through it are not resumed through another one. */
  readonly proxy: string;
}

/** What to connect to. */
export interface DialTarget {
  /** The server, for messages: `https://api.example.com:443`. */
  readonly origin: string;
  /**
   * The host name or address (IPv6 without brackets) and port, with the tunnel
   * through which TLS is to be spoken, if any; or the path of a unix socket.
   */
  readonly address:
    | { readonly host: string; readonly port: number; readonly tunnel?: Tunnel | undefined }
    | { readonly path: string };
  /** The proxy that the address is of, when the connection is one to a proxy; for messages. */
  readonly proxy?: string | undefined;
  /** Speak TLS, as this identity. */
  readonly tls?: TlsIdentity | undefined;
  /**
   * The name that is sent as SNI and that the certificate must be for. Default:
   * the host; of an address nothing is sent (RFC 6066, 3) and the certificate
   * must be for that address; on a unix socket `localhost`.
   */
  readonly servername?: string | undefined;
}

/** How to connect. */
export interface DialOptions extends DialLimits {
  /** The protocols offered by ALPN, the preferred first. Default: none. */
  readonly alpnProtocols?: readonly string[] | undefined;
  /** The local address to connect from. */
  readonly localAddress?: string | undefined;
  /** 4 or 6: use addresses of that family only. Default: both. */
  readonly family?: 4 | 6 | undefined;
  /** Try the addresses of a name in turn, both families interleaved (RFC 8305). Default: Node's, which is true. */
  readonly autoSelectFamily?: boolean | undefined;
  /** How long one address is tried before the next one, in ms. Default: Node's, which is 250. */
  readonly autoSelectFamilyAttemptTimeout?: number | undefined;
  /** Replaces `dns.lookup`. */
  readonly lookup?: LookupFunction | undefined;
  /** Send small writes at once (TCP_NODELAY). Default true. */
  readonly noDelay?: boolean | undefined;
  /** After how many ms of silence TCP keep-alive probes begin; `false` for none. Default 60000. */
  readonly keepAlive?: number | false | undefined;
}

/**
 * Starts to open a connection.
 *
 * @example
 * const dialling = dial({
 *   origin: 'https://api.example.com:443',
 *   address: { host: 'api.example.com', port: 443 },
 *   tls: new TlsIdentity(),
 * }, { connectTimeout: 1000 });
 * const { socket } = await dialling.result;
 */
export function dial(target: DialTarget, options: DialOptions = {}): Dial {
  return inCleanContext(() => new DirectDial(target, options).start());
}

class DirectDial extends PendingDial {
  private readonly target: DialTarget;
  private readonly options: DialOptions;
  private readonly servername: string | undefined;
  private lookedUpAt = this.startedAt;
  private connectedAt = 0;
  private socket: Socket | TLSSocket | undefined;

  constructor(target: DialTarget, options: DialOptions) {
    super({ origin: target.origin, proxy: target.proxy }, options);
    this.target = target;
    this.options = options;
    this.servername = target.tls === undefined ? undefined : servernameOf(target);
  }

  protected override open(): void {
    try {
      this.socket = this.connect();
    } catch (error) {
      // What node:net rejects at once, such as a local address of the wrong family.
      this.onError(error as Error);
    }
  }

  private connect(): Socket | TLSSocket {
    const { tls } = this.target;
    const { noDelay = true, keepAlive = 60_000 } = this.options;
    const where = { ...this.where(), onread: directReads(() => socket) };
    const socket: Socket | TLSSocket =
      tls === undefined ? connectTcp(where) : this.openTls(where, tls);
    socket.on('error', ignoreSocketError);
    socket.setNoDelay(noDelay);
    if (keepAlive !== false) socket.setKeepAlive(true, keepAlive);
    return socket
      .on('lookup', this.onLookup)
      .on('error', this.onError)
      .on('close', this.onClose)
      .on('connect', this.onConnect)
      .on('secureConnect', this.onSecure);
  }

  /** The address, as node:net and node:tls take it. */
  private where(): NetConnectOpts {
    const { address } = this.target;
    const { autoSelectFamily, autoSelectFamilyAttemptTimeout, family } = this.options;
    const { localAddress, lookup } = this.options;
    if ('tunnel' in address && address.tunnel !== undefined) {
      this.lookedUpAt = performance.now();
      this.connectedAt = this.lookedUpAt;
      // The host is what the certificate must be for, when it is an address.
      const { socket } = address.tunnel;
      return { socket, host: address.host, port: address.port } as NetConnectOpts;
    }
    return {
      ...('path' in address ? { path: address.path } : { host: address.host, port: address.port }),
      ...(family === undefined ? {} : { family }),
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(lookup === undefined ? {} : { lookup }),
      ...(autoSelectFamily === undefined ? {} : { autoSelectFamily }),
      ...(autoSelectFamilyAttemptTimeout === undefined ? {} : { autoSelectFamilyAttemptTimeout }),
    };
  }

  private openTls(where: object, tls: TlsIdentity): TLSSocket {
    const { alpnProtocols } = this.options;
    const { servername } = this;
    const server = this.sessionKey();
    const session = tls.session(server);
    const socket = connectTls({
      ...where,
      secureContext: tls.secureContext,
      rejectUnauthorized: tls.rejectUnauthorized,
      ...(tls.checkServerIdentity === undefined
        ? {}
        : { checkServerIdentity: tls.checkServerIdentity }),
      ...(servername === undefined ? {} : { servername }),
      ...(alpnProtocols === undefined ? {} : { ALPNProtocols: [...alpnProtocols] }),
      ...(session === undefined ? {} : { session }),
    });
    tls.watch(socket, server);
    return socket;
  }

  /** All that the verification of a resumed session rests on. */
  private sessionKey(): string {
    const { address } = this.target;
    const where = 'path' in address ? address.path : `${address.host}:${address.port}`;
    const proxy = 'tunnel' in address ? address.tunnel?.proxy : undefined;
    return `${where} ${proxy ?? ''} ${this.servername ?? ''} ${this.options.alpnProtocols?.join() ?? ''}`;
  }

  private readonly onLookup = (): void => {
    this.lookedUpAt = performance.now();
  };

  private readonly onConnect = (): void => {
    this.connectedAt = performance.now();
    if (this.target.tls === undefined) this.connected();
  };

  private readonly onSecure = (): void => {
    this.connected();
  };

  private readonly onError = (error: Error): void => {
    this.fail(dialError(error, this.progress()));
  };

  private readonly onClose = (): void => {
    this.onError(new Error('the socket was closed'));
  };

  private connected(): void {
    const { socket, startedAt, lookedUpAt, connectedAt } = this;
    if (socket === undefined || this.settled) return;
    this.ignore(socket);
    const now = performance.now();
    this.succeed({
      socket,
      alpnProtocol: alpnOf(socket),
      timings: {
        lookup: lookedUpAt - startedAt,
        connect: connectedAt - lookedUpAt,
        tls: now - connectedAt,
        total: now - startedAt,
      },
    });
  }

  protected override abandon(): void {
    const { socket } = this;
    const { tls } = this.target;
    if (tls !== undefined && this.connectedAt > 0) tls.forgetSession(this.sessionKey());
    if (socket === undefined) return;
    this.ignore(socket);
    socket.destroy();
  }

  private ignore(socket: Socket | TLSSocket): void {
    socket
      .off('lookup', this.onLookup)
      .off('error', this.onError)
      .off('close', this.onClose)
      .off('connect', this.onConnect)
      .off('secureConnect', this.onSecure);
  }

  private progress(): DialProgress {
    return {
      origin: this.target.origin,
      proxy: this.target.proxy,
      waited: this.waited,
      securing: this.target.tls !== undefined && this.connectedAt > 0,
      servername: this.servername,
    };
  }
}

/** The name for SNI and verification, or nothing for an address. */
function servernameOf(target: DialTarget): string | undefined {
  const name = target.servername ?? ('host' in target.address ? target.address.host : 'localhost');
  if (isIP(name) !== 0) return undefined;
  // RFC 6066, 3: without the trailing dot.
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function alpnOf(socket: Socket | TLSSocket): string | undefined {
  const alpn = 'alpnProtocol' in socket ? socket.alpnProtocol : undefined;
  return typeof alpn === 'string' ? alpn : undefined;
}

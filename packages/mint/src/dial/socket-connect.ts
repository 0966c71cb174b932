/**
 * The step that opens a socket: TCP or a unix socket, and TLS over either or
 * over a tunnel. What node:net and node:tls do (name lookup, Happy Eyeballs,
 * handshake, verification) is left to them; this adds session resumption,
 * timings and typed errors.
 */
import { connect as connectTcp } from 'node:net';
import type { NetConnectOpts, Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { ignoreSocketError } from '../driver/clean-context.ts';
import { DirectReads } from '../driver/socket/direct-reads.ts';
import type { Dialled, Step } from './attempt.ts';
import { alpnError, dialError } from './dial-error.ts';
import type { DialProgress } from './dial-error.ts';
import type { DialTarget, SocketOptions } from './dial-target.ts';
import { serverNameOf } from './server-name.ts';
import type { ServerName } from './server-name.ts';
import type { TlsIdentity } from './tls-identity.ts';

/** Tells how long a dial has taken. */
export interface Elapsed {
  /** In ms. */
  readonly waited: number;
}

/** Opens one socket. Begins when it is made. */
export class SocketConnect implements Step<Dialled> {
  readonly result: Promise<Dialled>;
  private readonly target: DialTarget;
  private readonly options: SocketOptions;
  private readonly elapsed: Elapsed;
  private readonly name: ServerName | undefined;
  private readonly begunAt: number;
  private lookedUpAt: number;
  /** Set once TLS, if any, can begin. */
  private connectedAt: number | undefined;
  private socket: Socket | TLSSocket | undefined;
  private resolve!: (dialled: Dialled) => void;
  private reject!: (error: unknown) => void;

  /** Times are those of the dial that it is a step of. Call it in a clean async context. */
  constructor(target: DialTarget, options: SocketOptions, elapsed: Elapsed) {
    this.target = target;
    this.options = options;
    this.elapsed = elapsed;
    this.name = target.tls === undefined ? undefined : serverNameOf(wantedName(target));
    this.begunAt = elapsed.waited;
    this.lookedUpAt = this.begunAt;
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    try {
      this.connect();
    } catch (error) {
      // What node:net rejects at once, such as a port out of range.
      this.fail(dialError(error as Error, this.progress()));
    }
  }

  abandon(error: unknown): void {
    this.fail(error);
  }

  private connect(): void {
    const { tls } = this.target;
    const { noDelay = true, keepAlive = 60_000 } = this.options;
    const reads = DirectReads.create();
    const where = { ...this.where(), ...(reads === undefined ? {} : { onread: reads.onread }) };
    const socket = tls === undefined ? connectTcp(where) : this.connectTls(where, tls);
    this.socket = socket;
    reads?.attach(socket);
    socket
      .on('error', ignoreSocketError)
      .on('lookup', this.onLookup)
      .on('error', this.onError)
      .on('close', this.onClose)
      .on('connect', this.onConnect)
      .on('secureConnect', this.onOpen);
    socket.setNoDelay(noDelay);
    if (keepAlive !== false) socket.setKeepAlive(true, keepAlive);
  }

  /** The address, as node:net and node:tls take it. */
  private where(): NetConnectOpts {
    const { address } = this.target;
    if ('path' in address) return { path: address.path };
    const { host, port, tunnel } = address;
    if (tunnel !== undefined) {
      this.connectedAt = this.begunAt;
      return { socket: tunnel.socket } as unknown as NetConnectOpts;
    }
    const { autoSelectFamily, autoSelectFamilyAttemptTimeout, family } = this.options;
    const { localAddress, lookup } = this.options;
    return {
      host,
      port,
      ...(family === undefined ? {} : { family }),
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(lookup === undefined ? {} : { lookup }),
      ...(autoSelectFamily === undefined ? {} : { autoSelectFamily }),
      ...(autoSelectFamilyAttemptTimeout === undefined ? {} : { autoSelectFamilyAttemptTimeout }),
    };
  }

  private connectTls(where: object, tls: TlsIdentity): TLSSocket {
    const { alpnProtocols } = this.options;
    const { sni, verified } = this.name as ServerName;
    const check = tls.checkServerIdentity ?? checkServerIdentity;
    const key = this.sessionKey();
    const session = tls.session(key);
    const socket = connectTls({
      ...where,
      secureContext: tls.secureContext,
      rejectUnauthorized: tls.rejectUnauthorized,
      // Without SNI node:tls would check the host that is connected to.
      checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
        check(verified, certificate),
      ...(sni === undefined ? {} : { servername: sni }),
      ...(alpnProtocols === undefined ? {} : { ALPNProtocols: [...alpnProtocols] }),
      ...(session === undefined ? {} : { session }),
    });
    tls.watch(socket, key);
    return socket;
  }

  /** All that the verification of a resumed session rests on: node:tls does not check its name again. */
  private sessionKey(): string {
    const { address } = this.target;
    const { alpnProtocols = [] } = this.options;
    const verified = this.name?.verified;
    return JSON.stringify(
      'path' in address
        ? [address.path, verified, alpnProtocols]
        : [address.host, address.port, address.tunnel?.proxy, verified, alpnProtocols],
    );
  }

  // From the socket ---------------------------------------------------------------

  private readonly onLookup = (): void => {
    this.lookedUpAt = this.elapsed.waited;
  };

  private readonly onConnect = (): void => {
    this.connectedAt = this.elapsed.waited;
    if (this.target.tls === undefined) this.onOpen();
  };

  private readonly onError = (error: Error): void => {
    this.fail(dialError(error, this.progress()));
  };

  private readonly onClose = (): void => {
    this.onError(new Error('the socket was closed'));
  };

  private readonly onOpen = (): void => {
    const { socket, begunAt, lookedUpAt, connectedAt = lookedUpAt } = this;
    if (socket === undefined) return;
    const alpnProtocol = alpnOf(socket);
    if (!this.suits(alpnProtocol)) {
      this.fail(alpnError(this.options.alpnProtocols ?? [], this.progress()));
      return;
    }
    this.ignore(socket);
    const now = this.elapsed.waited;
    const timings = {
      lookup: lookedUpAt - begunAt,
      connect: connectedAt - lookedUpAt,
      tls: now - connectedAt,
      total: now - begunAt,
    };
    this.resolve({ socket, alpnProtocol, timings });
  };

  /** Whether ALPN selected what it had to, if anything. */
  private suits(alpnProtocol: string | undefined): boolean {
    const { alpnProtocols = [], requireAlpn = false } = this.options;
    if (!requireAlpn || this.target.tls === undefined) return true;
    return alpnProtocol !== undefined && alpnProtocols.includes(alpnProtocol);
  }

  private fail(error: unknown): void {
    const { socket, target } = this;
    const { address, tls } = target;
    // The session may be what the server did not like.
    if (tls !== undefined && this.connectedAt !== undefined) tls.forgetSession(this.sessionKey());
    if (socket !== undefined) this.ignore(socket);
    socket?.destroy();
    if ('host' in address) address.tunnel?.socket.destroy();
    this.reject(error);
  }

  private ignore(socket: Socket | TLSSocket): void {
    socket
      .off('lookup', this.onLookup)
      .off('error', this.onError)
      .off('close', this.onClose)
      .off('connect', this.onConnect)
      .off('secureConnect', this.onOpen);
  }

  private progress(): DialProgress {
    return {
      origin: this.target.origin,
      proxy: this.target.proxy,
      waited: this.elapsed.waited,
      securing: this.name !== undefined && this.connectedAt !== undefined,
      servername: this.name?.verified,
    };
  }
}

function wantedName({ servername, address }: DialTarget): string {
  return servername ?? ('host' in address ? address.host : 'localhost');
}

function alpnOf(socket: Socket | TLSSocket): string | undefined {
  const alpn = 'alpnProtocol' in socket ? socket.alpnProtocol : undefined;
  return typeof alpn === 'string' ? alpn : undefined;
}

/**
 * A tunnel by `CONNECT` (RFC 9110, 9.3.6), asked for and answered over the wire
 * that serves all of HTTP/1.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ignoreSocketError } from '../../driver/clean-context.ts';
import { createHttp1Wire } from '../../driver/http1/http1-wire.ts';
import {
  ConnectionClosedError,
  InvalidRequestError,
  ProxyError,
  TlsError,
} from '../../errors/index.ts';
import type { Fields } from '../../fields.ts';
import type { Wire, WireHandler } from '../../wire.ts';
import type { Step } from '../attempt.ts';
import { namesOf, surplus } from './proxy-failure.ts';
import type { ProxyNames } from './proxy-failure.ts';
import { authorityOf } from '../authority.ts';
import type { ProxiedTarget, ProxyServer } from './proxy-server.ts';

/** A head that answers CONNECT has no need for more. */
const maxHeaderSize = 65_536;

/**
 * Asks a proxy, over an open connection to it, for a tunnel to a server. The
 * proxy looks the server's name up. The result is the socket, through which the
 * server is reached from then on. It rejects with a `ProxyError` when there is
 * no tunnel.
 */
export class ConnectTunnel implements Step<Socket>, WireHandler {
  readonly result: Promise<Socket>;
  private readonly socket: Socket;
  private readonly proxy: ProxyServer;
  private readonly target: ProxiedTarget;
  private wire: Wire | undefined;
  /** The result is there, or the step is abandoned. */
  private over = false;
  private resolve!: (socket: Socket) => void;
  private reject!: (error: unknown) => void;

  constructor(socket: Socket, proxy: ProxyServer, target: ProxiedTarget) {
    this.socket = socket;
    this.proxy = proxy;
    this.target = target;
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    const authority = authorityOf(target.address);
    try {
      this.wire = createHttp1Wire(socket, { origin: proxy.origin, authority, maxHeaderSize });
      this.wire.send({ method: 'CONNECT', target: authority, headers: proxy.headers }, this);
    } catch (error) {
      // The proxy closed the connection before it was used.
      this.onError(error as Error);
    }
  }

  abandon(error: unknown): void {
    this.fail(error);
    this.wire?.destroy(error instanceof Error ? error : undefined);
    // The wire has let go of the socket of an open tunnel.
    this.socket.destroy();
  }

  // The response ------------------------------------------------------------------

  onInformational(): void {}

  /** Any final status but 2xx, which is an upgrade. Its body is not waited for. */
  onHeaders(status: number): void {
    this.abandon(refused(this.proxy, this.target, status));
  }

  onData(): boolean {
    return true;
  }

  onEnd(): void {}

  onError(error: Error): void {
    if (this.over) return;
    // It is no answer of the proxy's when a field for it cannot be sent.
    const isOurs = error instanceof InvalidRequestError;
    this.fail(isOurs ? error : brokenOff(error, namesOf(this.proxy, this.target)));
  }

  onUpgrade(_status: number, _fields: Fields, stream: Duplex): void {
    stream.on('error', ignoreSocketError);
    // Only the proxy can have sent it: over TLS it is the client who speaks first.
    if (this.target.tls !== undefined && stream.readableLength > 0) {
      this.abandon(surplus(namesOf(this.proxy, this.target)));
    } else {
      this.over = true;
      this.resolve(this.socket);
    }
  }

  private fail(error: unknown): void {
    this.over = true;
    this.reject(error);
  }
}

function refused(proxy: ProxyServer, target: ProxiedTarget, status: number): ProxyError {
  const names = { ...namesOf(proxy, target), status };
  if (status !== 407) return new ProxyError({ ...names, reason: 'refused' });
  const hasCredentials = proxy.headers.some(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'proxy-authorization',
  );
  const reason = hasCredentials ? 'authentication_failed' : 'authentication_required';
  return new ProxyError({ ...names, reason });
}

function brokenOff(error: Error, names: ProxyNames): ProxyError | TlsError {
  // With TLS 1.3 a proxy refuses the client's certificate, or its lack, after the handshake.
  if (error instanceof TlsError) return new TlsError({ ...names, cause: error.cause });
  const reason = error instanceof ConnectionClosedError ? 'closed' : 'bad_answer';
  return new ProxyError({ ...names, reason, cause: error });
}

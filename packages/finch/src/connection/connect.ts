/**
 * From a pool's options to a connection that can take requests: name lookup,
 * TCP, proxy, TLS, and the first SETTINGS of an HTTP/2 server, all under one
 * deadline, the pool's `connectTimeout`.
 */
import { arm, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import { createHttp1Wire, createHttp2Wire, dial, dialThrough, forwarding } from '@linnet/mint';
import type { Dial, Dialled, DialOptions, Wire } from '@linnet/mint';
import { fromMint } from '../errors/from-mint.ts';
import { ConnectionClosedError, ConnectTimeoutError } from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { toNumber } from '../options/limit.ts';
import { hostHeader, type PoolIdentity } from '../identity/index.ts';
import { runtimeClock } from './clock.ts';
import { alpnOffer, protocolOf } from './protocol.ts';
import { isForwarded, proxyOf } from './route.ts';
import { tlsSourceOf } from './tls.ts';

/** What is needed to open a connection of a pool. */
export interface ConnectTarget {
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  /** Whether HTTP/2 is not to be offered. */
  readonly http1Only: boolean;
}

/** What asked for a connection; called once, and never inside of `new Connect`. */
export interface ConnectUser {
  /** It is open. Its wire has no handlers yet: set them before this returns. */
  connected(wire: Wire): void;
  /** It could not be opened, and nothing of it is left. */
  connectFailed(error: Error): void;
}

/** The opening of one connection. */
export class Connect implements TimeoutTarget {
  private readonly target: ConnectTarget;
  private readonly user: ConnectUser;
  private readonly limit: number;
  private readonly startedAt = now();
  private readonly dialling: Dial<Wire>;
  /** The wire whose server has not sent its SETTINGS yet. */
  private unsettled: Wire | undefined = undefined;
  private timer: Timer | undefined = undefined;
  private over = false;

  constructor(target: ConnectTarget, user: ConnectUser) {
    this.target = target;
    this.user = user;
    this.limit = toNumber(target.options.connOpts.connectTimeout);
    this.dialling = dialWire(target, this.limit);
    this.dialling.result.then(
      (wire) => this.dialled(wire),
      (error: unknown) => this.fail(fromMint(error)),
    );
  }

  /** The connection is not wanted any more: nothing of it is left, and the user is not called. */
  cancel(error: Error): void {
    if (this.over) return;
    this.end();
    this.dialling.cancel(error);
    this.unsettled?.destroy();
  }

  /** The server has not sent its SETTINGS in time. */
  onTimeout(): void {
    const { limit, target } = this;
    const { origin } = target.pool;
    this.fail(new ConnectTimeoutError({ origin, waited: now() - this.startedAt, limit }));
  }

  private dialled(wire: Wire): void {
    if (this.over) wire.destroy();
    else if (wire.settled || !this.target.options.http2.waitForServerSettings) this.succeed(wire);
    else this.awaitSettings(wire);
  }

  /** The server is to say how many requests it takes, in what is left of the time. */
  private awaitSettings(wire: Wire): void {
    this.unsettled = wire;
    if (this.limit !== Number.POSITIVE_INFINITY) {
      const left = this.startedAt + this.limit - now();
      this.timer = arm(this, Math.max(1, Math.ceil(left)));
    }
    wire.onChange = () => {
      if (wire.settled) this.succeed(wire);
    };
    wire.onClosed = (cause) => {
      const { origin } = this.target.pool;
      const details = { origin, phase: 'connect', requestSent: false } as const;
      this.fail(new ConnectionClosedError({ ...details, cause: cause && fromMint(cause) }));
    };
  }

  private succeed(wire: Wire): void {
    this.end();
    this.user.connected(wire);
  }

  private fail(error: Error): void {
    if (this.over) return;
    this.end();
    this.unsettled?.destroy();
    this.user.connectFailed(error);
  }

  private end(): void {
    this.over = true;
    this.timer?.cancel();
    const { unsettled } = this;
    if (unsettled !== undefined) unsettled.onChange = unsettled.onClosed = () => {};
  }
}

/** Starts to open the socket of a connection and makes a wire of it; a failure closes the socket. */
function dialWire(target: ConnectTarget, connectTimeout: number): Dial<Wire> {
  const { pool, options, http1Only } = target;
  const { connOpts } = options;
  const secure = pool.scheme === 'https';
  const dialOptions: DialOptions = {
    connectTimeout,
    alpnProtocols: secure ? alpnOffer(pool, options, http1Only) : undefined,
    localAddress: connOpts.localAddress,
    family: connOpts.family,
    lookup: connOpts.lookup,
    autoSelectFamily: connOpts.autoSelectFamily,
    autoSelectFamilyAttemptTimeout: connOpts.autoSelectFamilyAttemptTimeout,
    noDelay: connOpts.noDelay,
    keepAlive: connOpts.keepAlive && connOpts.keepAliveInitialDelay,
    clock: runtimeClock,
  };
  const server = {
    origin: pool.origin,
    tls: secure ? tlsSourceOf(options).refresh() : undefined,
    servername: connOpts.tls.servername ?? pool.host,
  };
  const wire = (dialled: Dialled): Wire => wireOver(target, dialled);
  if (pool.unixSocket !== undefined) {
    return dial({ ...server, address: { path: pool.unixSocket } }, dialOptions, wire);
  }
  const address = { host: pool.host, port: pool.port };
  const proxy = proxyOf(options);
  if (proxy === undefined) return dial({ ...server, address }, dialOptions, wire);
  const way = { proxy, target: { ...server, address }, forward: isForwarded(pool, options) };
  return dialThrough(way, dialOptions, wire);
}

/**
 * The wire over an open socket.
 *
 * @throws TlsError when the server settled for no protocol that may be spoken.
 */
function wireOver({ pool, options }: ConnectTarget, { socket, alpnProtocol }: Dialled): Wire {
  const { maxHeaderSize, maxResponseSize, http1, http2 } = options;
  const authority = hostHeader(pool);
  const common = {
    origin: pool.origin,
    authority,
    maxHeaderSize,
    maxResponseSize: maxResponseSize === 'infinity' ? undefined : maxResponseSize,
    clock: runtimeClock,
  };
  if (protocolOf(pool, options, alpnProtocol) === 'http1') {
    const proxyHeaders = isForwarded(pool, options) ? proxyOf(options)?.headers : undefined;
    const rewrite = proxyHeaders && forwarding(authority, proxyHeaders);
    return createHttp1Wire(socket, { ...common, ...http1, rewrite });
  }
  const { streamWindowSize, connectionWindowSize } = http2;
  const { scheme } = pool;
  return createHttp2Wire(socket, { ...common, scheme, streamWindowSize, connectionWindowSize });
}

/** From a pool's options to an open connection. */
import { createHttp1Wire, createHttp2Wire, dial, dialThrough, forwarding } from '@linnet/mint';
import type { Dial, Dialled, DialOptions, Wire } from '@linnet/mint';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import { runtimeClock } from './clock.ts';
import { alpnOffer, protocolOf } from './protocol.ts';
import { isForwarded, proxyOf } from './route.ts';
import { tlsSourceOf } from './tls.ts';

/** What is needed to open a connection of a pool. */
export interface Origin {
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
}

/** The limit on opening a connection: the caller's, or the pool's. */
export function connectTimeoutOf(
  { connOpts }: ResolvedPoolOptions,
  connectTimeout: number | 'infinity' | undefined,
): number | 'infinity' {
  return connectTimeout ?? connOpts.connectTimeout;
}

/**
 * Starts to open a connection of a pool: to what can be sent requests. Whatever
 * fails on the way closes the socket.
 */
export function openWire(
  origin: Origin & { readonly http1Only: boolean },
  connectTimeout: number | 'infinity' | undefined,
): Dial<Wire> {
  const { pool, options } = origin;
  const { connOpts } = options;
  const limit = connectTimeoutOf(options, connectTimeout);
  const secure = pool.scheme === 'https';
  const dialOptions: DialOptions = {
    connectTimeout: limit === 'infinity' ? Number.POSITIVE_INFINITY : limit,
    alpnProtocols: secure ? alpnOffer(pool, options, origin.http1Only) : undefined,
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
  const wire = (dialled: Dialled): Wire => wireOver(origin, dialled);
  if (pool.unixSocket !== undefined) {
    return dial({ ...server, address: { path: pool.unixSocket } }, dialOptions, wire);
  }
  const target = { ...server, address: { host: pool.host, port: pool.port } };
  const proxy = proxyOf(options);
  if (proxy === undefined) return dial(target, dialOptions, wire);
  const way = { proxy, target, forward: isForwarded(pool, options) };
  return dialThrough(way, dialOptions, wire);
}

/**
 * The wire over an open socket.
 *
 * @throws TlsError when the server settled for no protocol that may be spoken.
 */
function wireOver({ pool, options }: Origin, { socket, alpnProtocol }: Dialled): Wire {
  const { maxHeaderSize, maxResponseSize, http1, http2 } = options;
  const authority = authorityOf(pool);
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

/** The `host` of requests that bring none: the port only where it is not the scheme's own. */
function authorityOf({ scheme, host, port }: PoolIdentity): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === 0 || port === (scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`;
}

/** From a pool's options to an open socket, and from that to a wire. */
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import {
  createForwardWire,
  createHttp1Wire,
  createHttp2Wire,
  dial,
  dialThrough,
  TlsSource,
} from '../transport/index.ts';
import type { Dial, Dialled, DialOptions, TlsIdentity, Wire } from '../transport/index.ts';
import { alpnOffer, protocolOf } from './protocol.ts';
import { isForwarded, proxyOf } from './route.ts';

/** What is needed to open a connection of a pool. */
export interface Origin {
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
}

/** One source of TLS identities for each set of options, which pools share by reference. */
const sources = new WeakMap<ResolvedPoolOptions, TlsSource>();

/**
 * Where the TLS identity of a pool comes from.
 *
 * @throws OptionsError if a file, key, certificate or cipher list cannot be used.
 */
export function tlsSourceOf(options: ResolvedPoolOptions): TlsSource {
  let source = sources.get(options);
  if (source === undefined) {
    const { servername: _, alpn: __, ...tls } = options.connOpts.tls;
    source = new TlsSource({
      ...(tls as ConstructorParameters<typeof TlsSource>[0]),
      keyLogFile: options.connOpts.keyLogFile ?? process.env['SSLKEYLOGFILE'],
    });
    sources.set(options, source);
  }
  return source;
}

/** The TLS identity with which a connection of a pool was begun to be opened just now. */
export function tlsIdentityOf({ pool, options }: Origin): TlsIdentity | undefined {
  return pool.scheme === 'https' ? tlsSourceOf(options).identity : undefined;
}

/** The limit on opening a connection: the caller's, or the pool's. */
export function connectTimeoutOf(
  { connOpts }: ResolvedPoolOptions,
  connectTimeout: number | 'infinity' | undefined,
): number | 'infinity' {
  return connectTimeout ?? connOpts.connectTimeout;
}

/** Starts to open a connection. */
export function dialFor(
  { pool, options }: Origin,
  connectTimeout: number | 'infinity' | undefined,
): Dial {
  const { connOpts } = options;
  const limit = connectTimeoutOf(options, connectTimeout);
  const secure = pool.scheme === 'https';
  const dialOptions: DialOptions = {
    connectTimeout: limit === 'infinity' ? Number.POSITIVE_INFINITY : limit,
    alpnProtocols: secure ? alpnOffer(pool, options) : undefined,
    localAddress: connOpts.localAddress,
    family: connOpts.family,
    lookup: connOpts.lookup,
    autoSelectFamily: connOpts.autoSelectFamily,
    autoSelectFamilyAttemptTimeout: connOpts.autoSelectFamilyAttemptTimeout,
    noDelay: connOpts.noDelay,
    keepAlive: connOpts.keepAlive && connOpts.keepAliveInitialDelay,
  };
  const server = {
    origin: pool.origin,
    tls: secure ? tlsSourceOf(options).refresh() : undefined,
    servername: connOpts.tls.servername ?? pool.host,
  };
  if (pool.unixSocket !== undefined) {
    return dial({ ...server, address: { path: pool.unixSocket } }, dialOptions);
  }
  const target = { ...server, address: { host: pool.host, port: pool.port } };
  const proxy = proxyOf(options);
  if (proxy === undefined) return dial(target, dialOptions);
  return dialThrough({ proxy, target, forward: isForwarded(pool, options) }, dialOptions);
}

/**
 * The wire over an open socket.
 *
 * @throws TlsError when the server settled for no protocol that may be spoken.
 */
export function wireOver({ pool, options }: Origin, { socket, alpnProtocol }: Dialled): Wire {
  const { maxHeaderSize, maxResponseSize, http2 } = options;
  const common = {
    origin: pool.origin,
    authority: authorityOf(pool),
    maxHeaderSize,
    maxResponseSize: maxResponseSize === 'infinity' ? undefined : maxResponseSize,
  };
  if (protocolOf(pool, options, alpnProtocol) === 'http1') {
    const proxyHeaders = isForwarded(pool, options) ? proxyOf(options)?.headers : undefined;
    if (proxyHeaders === undefined) return createHttp1Wire(socket, common);
    return createForwardWire(socket, { ...common, proxyHeaders });
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

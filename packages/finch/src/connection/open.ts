/** From a pool's options to an open socket, and from that to a wire. */
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import { createHttp1Wire, dial, TlsIdentity } from '../transport/index.ts';
import type { Dial, Dialled, Wire } from '../transport/index.ts';

/** What is needed to open a connection of a pool. */
export interface Origin {
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
}

/** One TLS identity for each set of options, which pools share by reference. */
const identities = new WeakMap<ResolvedPoolOptions, TlsIdentity>();

/**
 * The TLS identity of a pool.
 *
 * @throws OptionsError if a key, certificate or cipher list cannot be used.
 */
export function tlsIdentityOf(options: ResolvedPoolOptions): TlsIdentity {
  let identity = identities.get(options);
  if (identity === undefined) {
    const { servername: _, alpn: __, ...tls } = options.connOpts.tls;
    identity = new TlsIdentity({
      ...(tls as ConstructorParameters<typeof TlsIdentity>[0]),
      keyLogFile: options.connOpts.keyLogFile ?? process.env['SSLKEYLOGFILE'],
    });
    identities.set(options, identity);
  }
  return identity;
}

/** Starts to open a connection. */
export function dialFor(
  { pool, options }: Origin,
  connectTimeout: number | 'infinity' | undefined,
): Dial {
  const { connOpts } = options;
  const limit = connectTimeout ?? connOpts.connectTimeout;
  const secure = pool.scheme === 'https';
  return dial(
    {
      origin: pool.origin,
      address:
        pool.unixSocket === undefined
          ? { host: pool.host, port: pool.port }
          : { path: pool.unixSocket },
      tls: secure ? tlsIdentityOf(options) : undefined,
      servername: connOpts.tls.servername ?? pool.host,
    },
    {
      connectTimeout: limit === 'infinity' ? Number.POSITIVE_INFINITY : limit,
      alpnProtocols: secure ? (connOpts.tls.alpn ?? ['http/1.1']) : undefined,
      localAddress: connOpts.localAddress,
      family: connOpts.family,
      lookup: connOpts.lookup,
      autoSelectFamily: connOpts.autoSelectFamily,
      autoSelectFamilyAttemptTimeout: connOpts.autoSelectFamilyAttemptTimeout,
      noDelay: connOpts.noDelay,
      keepAlive: connOpts.keepAlive && connOpts.keepAliveInitialDelay,
    },
  );
}

/** The wire over an open socket. */
export function wireOver({ pool, options }: Origin, connected: Dialled): Wire {
  const { maxHeaderSize, maxResponseSize } = options;
  return createHttp1Wire(connected.socket, {
    origin: pool.origin,
    authority: authorityOf(pool),
    maxHeaderSize,
    maxResponseSize: maxResponseSize === 'infinity' ? undefined : maxResponseSize,
  });
}

/** The `host` of requests that bring none: the port only where it is not the scheme's own. */
function authorityOf({ scheme, host, port }: PoolIdentity): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === 0 || port === (scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`;
}

/** Which protocol a connection of a pool speaks: what may be, what is offered by TLS on TCP, what was selected. */
import { Discovery } from '../alt-svc/discovery.ts';
import type { AlternativeServices } from '../alt-svc/store.ts';
import { TlsError } from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import { http3Use } from './http3-use.ts';

type Protocol = 'http1' | 'http2';

const alpnNames = { http1: 'http/1.1', http2: 'h2' } as const;

/** Whether connections of a pool may turn out to carry several requests at once. */
export function mayShare(pool: PoolIdentity, options: ResolvedPoolOptions): boolean {
  return protocolsOf(pool, options).includes('http2') || http3Use(pool, options) !== 'never';
}

/** What a pool hears and uses of the alternatives of its server; undefined where it does not. */
export function discoveryOf(
  alternatives: AlternativeServices | undefined,
  pool: PoolIdentity,
  options: ResolvedPoolOptions,
): Discovery | undefined {
  if (alternatives === undefined || http3Use(pool, options) !== 'announced') return undefined;
  return new Discovery(alternatives, pool);
}

/** Whether HTTP/1.1 may be spoken. */
export function mayBeHttp1(pool: PoolIdentity, options: ResolvedPoolOptions): boolean {
  return protocolsOf(pool, options).includes('http1');
}

/** What ALPN offers, the preferred first; HTTP/1.1 alone where the server wants that. */
export function alpnOffer(
  pool: PoolIdentity,
  options: ResolvedPoolOptions,
  http1Only: boolean,
): readonly string[] {
  if (http1Only) return [alpnNames.http1];
  const { alpn } = options.connOpts.tls;
  return alpn ?? protocolsOf(pool, options).map((protocol) => alpnNames[protocol]);
}

/**
 * What a connection speaks on which ALPN selected `alpn`, if there was ALPN.
 *
 * @throws TlsError when the server selected nothing that may be spoken.
 */
export function protocolOf(
  pool: PoolIdentity,
  options: ResolvedPoolOptions,
  alpn: string | undefined,
): Protocol {
  if (alpn === 'h2') return 'http2';
  const allowed = protocolsOf(pool, options);
  // A server without ALPN speaks HTTP/1.1; without TLS, the owner of the pool knows what it speaks.
  if (allowed.includes('http1')) return 'http1';
  if (pool.scheme === 'http') return 'http2';
  throw new TlsError({
    origin: pool.origin,
    reason: 'NO_APPLICATION_PROTOCOL',
    cause: new Error(`the server does not speak ${allowed.join(' or ')}`),
  });
}

/** What may be spoken, the preferred first. Only TLS can select it: without, HTTP/1.1 comes first. */
function protocolsOf(
  { scheme }: PoolIdentity,
  { protocols }: ResolvedPoolOptions,
): readonly Protocol[] {
  const spoken = protocols.filter((protocol) => protocol !== 'http3');
  return scheme === 'http' && spoken.includes('http1') ? ['http1'] : spoken;
}

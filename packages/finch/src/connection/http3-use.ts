/** Whether the connections of a pool speak HTTP/3: what stands against it, and what is done then. */
import { quicUnsupported } from '@linnet/mint';
import { OptionsError } from '../errors/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { tlsSourceOf } from './tls.ts';

/** `'only'`: HTTP/3 and nothing else. `'announced'`: once the server has announced it. */
export type Http3Use = 'never' | 'only' | 'announced';

export function http3Use(pool: PoolIdentity, options: ResolvedPoolOptions): Http3Use {
  const { protocols, http3 } = options;
  if (!protocols.includes('http3')) return 'never';
  if (protocols.length === 1) return 'only';
  return http3.altSvc && obstacle(pool, options) === undefined ? 'announced' : 'never';
}

/**
 * Whether pools can be run whose only protocol is HTTP/3.
 *
 * @throws OptionsError that says what stands against it.
 */
export function checkHttp3(pool: PoolIdentity | undefined, options: ResolvedPoolOptions): void {
  if (options.protocols.length > 1 || options.protocols[0] !== 'http3') return;
  const found = obstacle(pool, options);
  if (found === undefined) return;
  throw new OptionsError({
    option: 'protocols',
    value: options.protocols,
    scope: 'pool options',
    detail: found.why,
    allowed: `a list with 'http1' or 'http2'; for HTTP/3 alone ${found.allowed}`,
  });
}

/** Sets of options of which it was said that HTTP/3 is not used with them. */
const saidOf = new WeakSet<ResolvedPoolOptions>();

/** Says once, as a warning of the process, that TLS options keep a pool from HTTP/3 that is asked for beside others. */
export function warnOfTls(pool: PoolIdentity, options: ResolvedPoolOptions): void {
  const { protocols, http3 } = options;
  if (!http3.altSvc || protocols.length === 1 || !protocols.includes('http3')) return;
  if (pool.scheme === 'http' || saidOf.has(options)) return;
  const option = unsupportedTls(options);
  if (option === undefined) return;
  saidOf.add(options);
  process.emitWarning(
    `The pool ${pool.key} does not use HTTP/3: QUIC cannot honour connOpts.tls.${option}. It goes on with the other protocols.`,
    { type: 'LinnetFinchWarning', code: 'LINNET_FINCH_HTTP3_TLS' },
  );
}

interface Obstacle {
  /** What stands against HTTP/3, as a part of a sentence. */
  readonly why: string;
  /** What does not. */
  readonly allowed: string;
}

function obstacle(
  pool: PoolIdentity | undefined,
  options: ResolvedPoolOptions,
): Obstacle | undefined {
  if (pool?.unixSocket !== undefined) {
    return { why: 'HTTP/3 needs UDP, not a Unix socket', allowed: 'a server by host and port' };
  }
  if (pool?.scheme === 'http') {
    return { why: 'HTTP/3 is always encrypted', allowed: 'an https URL' };
  }
  if (options.connOpts.proxy?.address !== undefined) {
    return { why: 'HTTP/3 goes through no proxy', allowed: 'no connOpts.proxy' };
  }
  const option = unsupportedTls(options);
  if (option === undefined) return undefined;
  return { why: `QUIC cannot honour connOpts.tls.${option}`, allowed: `no connOpts.tls.${option}` };
}

/** The first of the TLS options that QUIC cannot honour. */
function unsupportedTls(options: ResolvedPoolOptions): string | undefined {
  if (options.connOpts.tls.alpn !== undefined) return 'alpn';
  return quicUnsupported(tlsSourceOf(options).identity);
}

/** The TLS identity of a pool, and the authorities that it trusts. */
import { TlsSource } from '@linnet/mint';
import type { TlsIdentity } from '@linnet/mint';
import { fromMint } from '../errors/from-mint.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';

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
    const keyLogFile = options.connOpts.keyLogFile ?? process.env['SSLKEYLOGFILE'];
    source = openTlsSource({ ...tls, keyLogFile }, 'connOpts.tls');
    sources.set(options, source);
  }
  return source;
}

/**
 * Where a TLS identity comes from; `option` is where its options are found among a pool's.
 *
 * @throws OptionsError if a file, key, certificate or cipher list cannot be used.
 */
export function openTlsSource(options: object, option: string): TlsSource {
  try {
    return new TlsSource(options, option, warnOfReload);
  } catch (error) {
    throw fromMint(error);
  }
}

function warnOfReload(error: Error): void {
  process.emitWarning(`${fromMint(error).message} The identity of before stays in use.`, {
    type: 'LinnetFinchWarning',
    code: 'LINNET_FINCH_TLS_RELOAD',
  });
}

/** The TLS identity with which a connection of a pool was begun to be opened just now. */
export function tlsIdentityOf({
  pool,
  options,
}: {
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
}): TlsIdentity | undefined {
  return pool.scheme === 'https' ? tlsSourceOf(options).identity : undefined;
}

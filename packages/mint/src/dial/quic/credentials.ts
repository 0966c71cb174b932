/**
 * A TLS identity over QUIC: its certificates and key as PEM, and what of it
 * QUIC's implementation cannot do.
 */
import { closeSync, openSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type { QuicBackend, QuicConfig } from '../../quic/backend.ts';
import { warnOfKeyLog } from '../tls-identity.ts';
import type { TlsIdentity, TlsIdentityOptions } from '../tls-identity.ts';

/** The limits of a connection, which are a part of its handshake. */
export interface QuicLimits {
  readonly idleTimeout: number;
  readonly streamWindow: number;
  readonly connectionWindow: number;
}

/** Options that mean the same over QUIC. `minVersion` does, as QUIC has TLS 1.3 only. */
const honoured: ReadonlySet<string> = new Set<keyof TlsIdentityOptions>([
  'ca',
  'cert',
  'key',
  'rejectUnauthorized',
  'checkServerIdentity',
  'maxCachedSessions',
  'keyLogFile',
  'minVersion',
]);

/** What the backend has parsed, by identity and limits. It parses the list of trusted certificates in 10 ms. */
const configs = new WeakMap<TlsIdentity, Map<string, QuicConfig>>();

/**
 * The first option of an identity that QUIC cannot honour, as it is called in `tls`; undefined when
 * there is none. A connection over QUIC is refused to such an identity.
 *
 * @example
 * quicUnsupported(new TlsIdentity({ ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' })); // 'ciphers'
 */
export function quicUnsupported({ options }: TlsIdentity): string | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || honoured.has(name)) continue;
    if (name !== 'maxVersion' || value !== 'TLSv1.3') return name;
  }
  if (pieces(options.cert).length > 1) return 'cert';
  const keys = pieces(options.key);
  return keys.length > 1 || keys.some(hasPassphrase) ? 'key' : undefined;
}

/**
 * The settings of connections with this identity.
 *
 * @throws Error for a certificate or key that the backend cannot use.
 */
export function quicConfigOf(
  backend: QuicBackend,
  identity: TlsIdentity,
  limits: QuicLimits,
): QuicConfig {
  const key = JSON.stringify(limits);
  let known = configs.get(identity);
  if (known === undefined) configs.set(identity, (known = new Map<string, QuicConfig>()));
  let config = known.get(key);
  if (config === undefined) known.set(key, (config = configure(backend, identity, limits)));
  return config;
}

function configure(backend: QuicBackend, identity: TlsIdentity, limits: QuicLimits): QuicConfig {
  const { ca, cert, key, keyLogFile } = identity.options;
  return backend.configure({
    ...limits,
    verifyPeer: identity.rejectUnauthorized,
    ca: pemOf(ca) ?? getCACertificates('default').join('\n'),
    cert: pemOf(cert),
    key: pemOf(key),
    alpn: ['h3'],
    // Requests come from this side only.
    streams: 0,
    logsKeys: keyLogFile !== undefined,
  });
}

/** The file to log keys into, which only its owner may read. */
export function keyLogFileOf({ options }: TlsIdentity): string | undefined {
  const { keyLogFile } = options;
  if (keyLogFile === undefined) return undefined;
  try {
    closeSync(openSync(keyLogFile, 'a', 0o600));
    return keyLogFile;
  } catch (error) {
    warnOfKeyLog(error as Error);
    return undefined;
  }
}

type Pem = TlsIdentityOptions['ca'] | TlsIdentityOptions['key'];

function pieces(given: Pem): readonly unknown[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given];
}

function pemOf(given: Pem): string | undefined {
  const texts = pieces(given).map(textOf);
  return texts.length === 0 ? undefined : texts.join('\n');
}

function textOf(piece: unknown): string {
  if (typeof piece === 'string') return piece;
  if (piece instanceof Uint8Array) return Buffer.from(piece).toString('latin1');
  return textOf((piece as { readonly pem: string | Buffer }).pem);
}

function hasPassphrase(piece: unknown): boolean {
  const { passphrase } = Object(piece) as { passphrase?: unknown };
  return passphrase !== undefined;
}

/**
 * The TLS options of a user: those of node:tls that mean something to a client,
 * and those of identities and files.
 */
import type { SecureVersion } from 'node:tls';
import {
  booleanRule,
  checkOptions,
  functionRule,
  invalidOption,
  isListOf,
  isText,
  numberRule,
  oneOfRule,
  textRule,
} from './option-rules.ts';
import type { OptionRule, OptionRules } from './option-rules.ts';
import { TlsIdentity } from './tls-identity.ts';
import type { TlsIdentityOptions } from './tls-identity.ts';
import { TlsSource } from './tls-source.ts';
import type { TlsSourceOptions } from './tls-source.ts';

/** PEM or DER of node:tls: text or bytes, or several of them. */
type Pem = TlsIdentityOptions['ca'];

/** How TLS is spoken. Files are read when the connection is opened. */
export interface TlsOptions {
  /** The certificates to trust, in place of those that Node ships. */
  readonly ca?: Pem;
  readonly caFile?: string | readonly string[] | undefined;
  /** The client certificate with its chain. */
  readonly cert?: Pem;
  readonly certFile?: string | undefined;
  /** The private key of the client certificate. */
  readonly key?: TlsIdentityOptions['key'];
  readonly keyFile?: string | undefined;
  /** Client certificate and key as PKCS #12, in place of `cert` and `key`. */
  readonly pfx?: TlsIdentityOptions['pfx'];
  readonly pfxFile?: string | undefined;
  /** The passphrase of `key` or `pfx`, or of their files. */
  readonly passphrase?: string | undefined;
  /** Certificates that are revoked. */
  readonly crl?: Pem;
  /** The lowest and the highest version. Default: `'TLSv1.2'` and `'TLSv1.3'`. */
  readonly minVersion?: SecureVersion | undefined;
  readonly maxVersion?: SecureVersion | undefined;
  /** Cipher suites, groups and signature algorithms, as OpenSSL writes them. Default: Node's. */
  readonly ciphers?: string | undefined;
  readonly ecdhCurve?: string | undefined;
  readonly sigalgs?: string | undefined;
  /** Whether the server's certificate must be valid. Default true; `false` gives up what TLS is for. */
  readonly rejectUnauthorized?: boolean | undefined;
  readonly checkServerIdentity?: TlsIdentityOptions['checkServerIdentity'];
  /** How many servers' sessions are kept for resumption. Default 100; 0 turns resumption off. */
  readonly maxCachedSessions?: number | undefined;
  /** A file that the keys of each session are appended to. It opens the traffic to its readers. */
  readonly keyLogFile?: string | undefined;
}

const pem: OptionRule = {
  allowed: 'text or bytes, or a list of them that is not empty',
  accepts: (value) => isBytes(value) || isListOf(value, isBytes),
};

const keys: OptionRule = {
  allowed: 'text or bytes, or a list of them, or of objects with a pem or buf and a passphrase',
  accepts: (value) => isBytes(value) || isListOf(value, isKey),
};

const files: OptionRule = {
  allowed: 'the path of a file, or a list of them that is not empty',
  accepts: (value) => isText(value) || isListOf(value, isText),
};

const file: OptionRule = { allowed: 'the path of a file', accepts: isText };

const version = oneOfRule('TLSv1.2', 'TLSv1.3');

const rules: OptionRules<TlsOptions> = {
  ca: pem,
  caFile: files,
  cert: pem,
  certFile: file,
  key: keys,
  keyFile: file,
  pfx: keys,
  pfxFile: file,
  passphrase: { allowed: 'a string', accepts: (value) => typeof value === 'string' },
  crl: pem,
  minVersion: version,
  maxVersion: version,
  ciphers: textRule,
  ecdhCurve: textRule,
  sigalgs: textRule,
  rejectUnauthorized: booleanRule,
  checkServerIdentity: functionRule('tls.checkServerIdentity'),
  maxCachedSessions: numberRule(
    'an integer from 0',
    (value) => Number.isSafeInteger(value) && value >= 0,
  ),
  keyLogFile: file,
};

/** What a file stands for must not be given, too. */
const inPlaceOf = { caFile: 'ca', certFile: 'cert', keyFile: 'key', pfxFile: 'pfx' } as const;

/**
 * The identity for a new connection. `option` is what the options are called
 * for the user.
 *
 * @throws OptionsError for an option that does not exist or cannot be used.
 */
export function identityOf(
  given: TlsOptions | TlsIdentity | TlsSource | undefined,
  option: string,
): TlsIdentity {
  if (given instanceof TlsIdentity) return given;
  if (given instanceof TlsSource) return given.refresh();
  if (given === undefined) return new TlsIdentity({}, option);
  checkOptions(given, rules, `${option}.`);
  for (const [fileOption, other] of Object.entries(inPlaceOf)) {
    const path = given[fileOption as keyof typeof inPlaceOf];
    if (path === undefined || given[other] === undefined) continue;
    const allowed = `${fileOption} or ${other}`;
    throw invalidOption(`${option}.${fileOption}`, path, allowed, `${other} is given, too`);
  }
  return new TlsSource(withoutUndefined(given), option).identity;
}

/** node:tls tells an option that is undefined from one that is absent. */
function withoutUndefined(given: TlsOptions): TlsSourceOptions {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function isBytes(value: unknown): boolean {
  return isText(value) || (value instanceof Uint8Array && value.length > 0);
}

function isKey(value: unknown): boolean {
  if (isBytes(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { pem: text, buf } = value as { pem?: unknown; buf?: unknown };
  return isBytes(text) || isBytes(buf);
}

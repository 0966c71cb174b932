/**
 * The TLS options of a pool: those of `tls.connect` that concern a client; all others
 * are refused.
 */
import {
  boolean,
  custom,
  type Field,
  type InputOf,
  invalid,
  oneOf,
  string,
} from '@linnet/otp/options';
import { OptionsError } from '../errors/input-errors.ts';
import { defineSchema } from './schema.ts';

/** PEM text or bytes, or several of them. */
export type Pem = string | Uint8Array | readonly (string | Uint8Array)[];

/** A private key that has a passphrase of its own. */
export interface EncryptedKey {
  readonly pem: string | Uint8Array;
  readonly passphrase?: string | undefined;
}

/** The TLS versions of node:tls that are still safe. */
const versions = ['TLSv1.2', 'TLSv1.3'] as const;

type TlsVersion = (typeof versions)[number];

function pem(spec: { doc: string; secret?: boolean; defaultText?: string }) {
  return custom<Pem>({
    ...spec,
    type: 'string, Uint8Array or a list of them',
    allowed: 'PEM text or bytes, or a list of them that is not empty',
    parse: (value) => (isPem(value) || isListOf(value, isPem) ? freezeList(value) : invalid),
  });
}

const key: Field<Pem | readonly EncryptedKey[], Pem | readonly EncryptedKey[] | undefined, false> =
  custom<Pem | readonly EncryptedKey[]>({
    doc: 'The private key of the client certificate.',
    secret: true,
    type: 'string, Uint8Array or a list of them or of { pem, passphrase }',
    allowed: 'PEM text or bytes, { pem, passphrase }, or a list of them that is not empty',
    parse: (value) =>
      isPem(value) || isListOf(value, isPem) || isListOf(value, isEncryptedKey)
        ? freezeList(value)
        : invalid,
  });

export const tlsSchema = defineSchema(
  'TLS options',
  {
    ca: pem({
      doc: 'The certificates to trust, in place of those that Node ships.',
      defaultText: "Node's",
    }),
    cert: pem({ doc: 'The client certificate with its chain.' }),
    key,
    pfx: custom<Uint8Array | string>({
      doc: 'Client certificate and key as PKCS #12, in place of `cert` and `key`.',
      secret: true,
      type: 'Uint8Array or string',
      allowed: 'PKCS #12 bytes',
      parse: (value) => (isPem(value) ? value : invalid),
    }),
    caFile: custom<string | readonly string[]>({
      doc: 'A file with the certificates to trust, in PEM, or a list of such files, in place of `ca`. Files are read again when they have changed: see `finch.reloadTls`.',
      type: 'string or list of strings',
      allowed: 'the path of a file, or a list of them that is not empty',
      parse: (value) => (isPath(value) || isListOf(value, isPath) ? freezeList(value) : invalid),
    }),
    certFile: file('The file of `cert`.'),
    keyFile: file('The file of `key`.'),
    pfxFile: file('The file of `pfx`.'),
    passphrase: string({
      doc: 'The passphrase of `key` or `pfx`, or of their files.',
      secret: true,
    }),
    servername: string({
      doc: 'The name that is sent (SNI) and that the certificate must be for.',
      defaultText: "the URL's host",
    }),
    rejectUnauthorized: boolean({
      default: true,
      doc: 'Whether an unverified certificate ends the connection. With `false` TLS protects against no attacker on the way.',
    }),
    checkServerIdentity: custom<CheckServerIdentity>({
      doc: 'Checks the certificate against the name, as in `tls.connect`: returns an error, or undefined.',
      defaultText: "Node's",
      type: 'function',
      allowed: 'a function of (servername, certificate)',
      parse: (value) => (typeof value === 'function' ? (value as CheckServerIdentity) : invalid),
    }),
    minVersion: oneOf(versions, { default: 'TLSv1.2', doc: 'The lowest version to accept.' }),
    maxVersion: oneOf(versions, { default: 'TLSv1.3', doc: 'The highest version to offer.' }),
    ciphers: string({ doc: 'The cipher suites, as OpenSSL writes them.', defaultText: "Node's" }),
    ecdhCurve: string({ doc: 'The key exchange groups.', defaultText: "Node's" }),
    sigalgs: string({ doc: 'The signature algorithms.', defaultText: "Node's" }),
    alpn: custom<readonly string[]>({
      doc: 'The protocols to offer in ALPN.',
      defaultText: 'from `protocols`',
      type: 'list of strings',
      allowed: 'a list of protocol names of 1 to 255 bytes that is not empty',
      parse: (value) => (isListOf(value, isProtocolName) ? Object.freeze([...value]) : invalid),
    }),
  },
  checkTls,
);

/** A file and the option that it replaces exclude each other. */
const inPlaceOf = { caFile: 'ca', certFile: 'cert', keyFile: 'key', pfxFile: 'pfx' } as const;

type Sources = Partial<Record<'ca' | 'cert' | 'key' | 'pfx' | keyof typeof inPlaceOf, unknown>>;

/** @throws OptionsError when no version is allowed, or a file and the option it replaces are both given. */
export function checkTls(
  tls: Sources & { readonly minVersion: TlsVersion; readonly maxVersion: TlsVersion },
  path: string,
): void {
  for (const [file, option] of Object.entries(inPlaceOf)) {
    if (tls[file as keyof Sources] === undefined || tls[option] === undefined) continue;
    throw new OptionsError({
      option: path + file,
      value: tls[file as keyof Sources],
      scope: 'TLS options',
      detail: `${option} is given, too`,
      allowed: `${file} or ${option}`,
    });
  }
  if (tls.minVersion === 'TLSv1.3' && tls.maxVersion === 'TLSv1.2') {
    throw new OptionsError({
      option: `${path}minVersion`,
      value: tls.minVersion,
      scope: 'TLS options',
      allowed: `a version that is not above maxVersion, ${tls.maxVersion}`,
    });
  }
}

/** What {@link TlsOptions.checkServerIdentity} is: as in `tls.connect`. */
export type CheckServerIdentity = (servername: string, certificate: object) => Error | undefined;

/** The TLS options that a caller gives. */
export type TlsOptions = InputOf<(typeof tlsSchema)['fields']>;

function isPem(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' ? value !== '' : value instanceof Uint8Array && value.length > 0;
}

function file(doc: string) {
  return string({ doc, allowed: 'the path of a file' });
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isEncryptedKey(value: unknown): value is EncryptedKey {
  if (typeof value !== 'object' || value === null || !('pem' in value)) return false;
  const { passphrase } = value as { passphrase?: unknown };
  return isPem(value.pem) && (passphrase === undefined || typeof passphrase === 'string');
}

function isProtocolName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 255;
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isItem(item));
}

/** A list is copied, so that a later change of it by the caller has no effect. */
function freezeList<T>(value: T): T {
  return Array.isArray(value) ? (Object.freeze([...(value as unknown[])]) as T) : value;
}

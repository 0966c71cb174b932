/**
 * Certificates for tests, made anew in each run: X.509 in DER is little more
 * than nested lists, so neither openssl nor fixtures that expire are needed.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** A private key and its certificate, in PEM: what node:tls takes as options. */
export interface Certificate {
  /** The private key. */
  readonly key: string;
  /** The certificate. */
  readonly cert: string;
}

/** A certificate authority, trusted only where its certificate is given as `ca`. */
export interface Authority {
  /** The authority's own certificate, in PEM: what clients trust. */
  readonly ca: string;
  /**
   * Issues a certificate for these host names and IP addresses (IPv6 without brackets). Default: valid
   * from yesterday until tomorrow.
   */
  issue(names: readonly string[], validity?: Validity): Certificate;
}

/** From when to when a certificate is valid. */
export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

const day = 24 * 60 * 60 * 1000;

/**
 * Makes a new certificate authority. Its keys are of the curve P-256.
 *
 * @example
 * import { connect } from '@linnet/mint';
 *
 * const authority = createAuthority();
 * await using server = await startHttp2Server(undefined, { tls: authority.issue(['localhost']) });
 * const connection = await connect(server.url, { tls: { ca: authority.ca } });
 */
export function createAuthority(name = 'Linnet test authority'): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ca = certificate({
    subject: name,
    issuer: name,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    extensions: [
      // basicConstraints: a CA; keyUsage: signs certificates.
      extension('2.5.29.19', true, sequence(boolean(true))),
      extension('2.5.29.15', true, der(0x03, Buffer.from([2, 0x04]))),
    ],
  });
  return {
    ca,
    issue: (names, validity) => {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return issue(names, own, { name, key: keys.privateKey }, validity);
    },
  };
}

/**
 * Makes a certificate for these names that is its own issuer, and is trusted nowhere.
 *
 * @example
 * const certificate = createSelfSigned(['localhost']);
 * await using server = await startHttp1Server(undefined, { tls: certificate });
 */
export function createSelfSigned(names: readonly string[]): Certificate {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return issue(names, own, { name: names[0] ?? 'nobody', key: own.privateKey });
}

function issue(
  names: readonly string[],
  own: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  issuer: { readonly name: string; readonly key: KeyObject },
  validity?: Validity,
): Certificate {
  return {
    key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: certificate({
      subject: names[0] ?? 'nobody',
      issuer: issuer.name,
      publicKey: own.publicKey,
      signingKey: issuer.key,
      validity,
      extensions: [extension('2.5.29.17', false, sequence(...names.map(alternativeName)))],
    }),
  };
}

interface CertificateParts {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly validity?: Validity | undefined;
  readonly extensions: readonly Buffer[];
}

function certificate(parts: CertificateParts): string {
  const now = Date.now();
  const { from, to } = parts.validity ?? { from: new Date(now - day), to: new Date(now + day) };
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const serial = randomBytes(8);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    commonName(parts.issuer),
    sequence(utcTime(from), utcTime(to)),
    commonName(parts.subject),
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...parts.extensions)),
  );
  const signature = sign('sha256', body, parts.signingKey);
  const whole = sequence(
    body,
    ecdsaWithSha256,
    der(0x03, Buffer.concat([Buffer.of(0), signature])),
  );
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function alternativeName(name: string): Buffer {
  if (isIP(name) === 4) return der(0x87, Buffer.from(name.split('.').map(Number)));
  if (isIP(name) === 6) return der(0x87, ipv6(name));
  return der(0x82, Buffer.from(name, 'latin1'));
}

/** The 16 bytes of an IPv6 address, in which `::` stands for groups of 0. */
function ipv6(address: string): Buffer {
  const [before = [], after = []] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), der(0x04, value));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
}

function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`, 'latin1'));
}

function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.from([value ? 0xff : 0]));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

function sequence(...items: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(items));
}

/** Tag, length, value. */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), value]);
  const bytes: number[] = [];
  for (let left = length; left > 0; left >>= 8) bytes.unshift(left & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), value]);
}

import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { quicUnsupported, TlsIdentity } from '../../../src/index.ts';
import { createAuthority } from '../../../src/testing/index.ts';

const authority = createAuthority();
const { key, cert } = authority.issue(['client']);

test.each([
  [{}],
  [
    {
      ca: [authority.ca],
      cert,
      key,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    },
  ],
  [{ key: [{ pem: key }], cert: [Buffer.from(cert)], minVersion: 'TLSv1.2' as const }],
  [{ maxVersion: 'TLSv1.3' as const, maxCachedSessions: 0, keyLogFile: 'keys.log' }],
  [{ ciphers: undefined }],
])('QUIC honours %o', (options) => {
  expect(quicUnsupported(new TlsIdentity(options))).toBeUndefined();
});

test.each([
  [{ ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }, 'ciphers'],
  [{ maxVersion: 'TLSv1.2' as const }, 'maxVersion'],
  [{ ecdhCurve: 'X25519' }, 'ecdhCurve'],
  [{ sigalgs: 'ECDSA+SHA256' }, 'sigalgs'],
  [{ passphrase: 'secret' }, 'passphrase'],
  [{ key: [{ pem: key, passphrase: 'secret' }], cert }, 'key'],
  [{ key: [key, key], cert: [cert, cert] }, 'cert'],
])('QUIC cannot honour %o, which is said by the name of the option', (options, name) => {
  expect(quicUnsupported(new TlsIdentity(options))).toBe(name);
});

test('an identity does not show its key', () => {
  const shown = inspect(new TlsIdentity({ key, cert }), { depth: 10, showHidden: true });
  expect(shown).not.toContain('PRIVATE KEY');
});

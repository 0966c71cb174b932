import { once } from 'node:events';
import type { TlsOptions } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { dial, TlsIdentity } from '../../src/index.ts';
import type { DialOptions, TlsIdentityOptions } from '../../src/index.ts';
import { tlsAlertOf } from '../../src/errors/tls-alert.ts';
import { createAuthority, startHttp1Server } from '../../src/testing/index.ts';

const authority = createAuthority();

/** The error of a handshake that fails, or the one that comes over the open socket. */
async function errorOf(
  server: TlsOptions,
  client: TlsIdentityOptions = {},
  options: DialOptions = {},
): Promise<unknown> {
  const tls = { ...authority.issue(['localhost']), ca: authority.ca, ...server };
  const raw = await startHttp1Server(() => {}, { tls });
  onTestFinished(() => raw.close());
  const { port } = raw;
  const target = {
    origin: `https://localhost:${port}`,
    address: { host: '127.0.0.1', port },
    servername: 'localhost',
    tls: new TlsIdentity({ ca: authority.ca, ...client }),
  };
  try {
    const { socket } = await dial(target, options).result;
    onTestFinished(() => void socket.destroy());
    socket.resume();
    const [error] = (await once(socket, 'error').catch((reason: unknown) => [reason])) as unknown[];
    return error;
  } catch (error) {
    return (error as Error).cause;
  }
}

test('[W13] knows the alert of a server of TLS 1.3 that requires a certificate, after the handshake', async () => {
  const error = await errorOf({ requestCert: true, rejectUnauthorized: true });
  expect(tlsAlertOf(error)).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
});

test.each<[string, TlsOptions, TlsIdentityOptions, DialOptions, string]>([
  [
    'has no version in common',
    { maxVersion: 'TLSv1.2' },
    { minVersion: 'TLSv1.3' },
    {},
    'ALERT_PROTOCOL_VERSION',
  ],
  [
    'has no cipher in common',
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
    { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
    {},
    'ALERT_HANDSHAKE_FAILURE',
  ],
  [
    'has no protocol in common',
    { ALPNProtocols: ['http/1.1'] },
    {},
    { alpnProtocols: ['h2'] },
    'ALERT_NO_APPLICATION_PROTOCOL',
  ],
])('knows the alert of a server that %s', async (_what, server, client, options, alert) => {
  expect(tlsAlertOf(await errorOf(server, client, options))).toContain(alert);
});

test.each([
  ['of a certificate that is not trusted', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }],
  ['of a peer that does not speak TLS', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }],
  ['of the network', { code: 'ECONNRESET' }],
  ['without a code', {}],
])('takes no error %s for an alert', (_what, fields) => {
  expect(tlsAlertOf(Object.assign(new Error('x'), fields))).toBeUndefined();
});

test.each([[undefined], [null], ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA']])(
  'takes %j for no alert',
  (value) => {
    expect(tlsAlertOf(value)).toBeUndefined();
  },
);

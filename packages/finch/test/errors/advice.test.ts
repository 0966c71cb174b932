/** Messages say what to change: of errors as they really come about. */
import { createAuthority, createSelfSigned } from '@linnet/mint/testing';
import { expect, test } from 'vitest';
import { Finch, type InstanceOptions, type PoolOptions } from '../../src/index.ts';
import { rejection } from '../support/app.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

const ok = (_request: unknown, answer: { end(text: string): unknown }) => answer.end('OK');
const day = 24 * 60 * 60 * 1000;

/** What a request says that fails with these TLS options of server and client. */
async function refusal(server: object, tls: NonNullable<PoolOptions['connOpts']>['tls'] = {}) {
  await using secure = await startHttpServer(ok, { tls: server });
  const finch = await startFinch({ pools: { default: { connOpts: { tls } } } });
  const { message } = await rejection(finch.get(secure.url));
  return message;
}

test('an authority that is not known: what to put into ca', async () => {
  const authority = createAuthority();
  expect(await refusal(authority.issue(['localhost']))).toContain('in connOpts.tls.ca.');
  expect(await refusal(createSelfSigned(['localhost']))).toContain('in connOpts.tls.ca.');
});

test('a certificate for other names: the name in the URL, or servername', async () => {
  const authority = createAuthority();
  const message = await refusal(authority.issue(['elsewhere.test']), { ca: authority.ca });
  expect(message).toContain('set connOpts.tls.servername');
});

test('a certificate that is too old: its dates', async () => {
  const authority = createAuthority();
  const validity = { from: new Date(Date.now() - 2 * day), to: new Date(Date.now() - day) };
  const message = await refusal(authority.issue(['localhost'], validity), { ca: authority.ca });
  expect(message).toContain('the dates of the certificate');
});

test('versions that do not meet: minVersion and maxVersion', async () => {
  const authority = createAuthority();
  const server = { ...authority.issue(['localhost']), minVersion: 'TLSv1.3' };
  const message = await refusal(server, { ca: authority.ca, maxVersion: 'TLSv1.2' });
  expect(message).toContain('minVersion, maxVersion');
  expect(message).not.toMatch(/\n|openssl\//);
});

test('TLS with a server that does not speak it: the scheme', async () => {
  await using plain = await startHttpServer(ok);
  const finch = await startFinch();
  const { message } = await rejection(finch.get(plain.url.replace('http:', 'https:')));
  expect(message).toContain('[ERR_SSL_WRONG_VERSION_NUMBER]: wrong version number. TLS is not');
});

test('no TLS with a server that speaks it: the scheme', async () => {
  await using secure = await startHttpServer(ok, { tls: createSelfSigned(['localhost']) });
  const finch = await startFinch();
  const { message } = await rejection(finch.get(secure.url.replace('https:', 'http:')));
  expect(message).toContain('whether scheme and port of the URL are right');
});

test('an option of pools among those of the instance: where it belongs', async () => {
  const options = { name: 'Misplaced', size: 10 } as InstanceOptions;
  const { message } = await rejection(Finch.startLink(options));
  expect(message).toContain('Did you mean pools.default.size?');
});

/** Messages say what to change: of errors as they really come about. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createAuthority, createSelfSigned } from '@linnet/mint/testing';
import { expect, onTestFinished, test } from 'vitest';
import {
  Finch,
  logSlowRequests,
  subscribeTelemetry,
  type InstanceOptions,
  type PoolOptions,
} from '../../src/index.ts';
import { instrument } from '../../src/opentelemetry/index.ts';
import { collectMetrics } from '../../src/prometheus/index.ts';
import { rejection } from '../support/rejection.ts';
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

test('a server that ends the connection in the handshake: whether it speaks TLS', async () => {
  const server = createServer((socket) => socket.destroy());
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const finch = await startFinch();
  const { message } = await rejection(finch.get(`https://127.0.0.1:${port}/`));
  expect(message).toContain('whether TLS is spoken on this port');
});

test('a body that is a promise: to await it', async () => {
  const finch = await startFinch();
  const promise = Promise.resolve('text');
  // @ts-expect-error -- what is tested
  const { message } = await rejection(finch.post('http://127.0.0.1:1/', promise));
  expect(message).toContain('The body is a promise: await it first.');
});

test('a slip in an option of a request: which was meant, and what belongs to the pool or the request', async () => {
  const finch = await startFinch();
  const refused = async (options: object) =>
    (await rejection(finch.get('http://127.0.0.1:1/', options))).message;
  expect(await refused({ timeout: 5 })).toContain('Did you mean requestTimeout?');
  expect(await refused({ pooltag: 'api' })).toContain('Did you mean poolTag? It belongs to');
  expect(await refused({ receive_timeout: 5 })).toContain('Did you mean receiveTimeout?');
});

test('a timeout of a request among the options of a pool: where it belongs', async () => {
  const pools = { default: { receiveTimeout: 5 } };
  // @ts-expect-error -- what is tested
  const { message } = await rejection(startFinch({ pools }));
  expect(message).toContain('It belongs to a request: give it to finch.get');
});

test('options that are no object: which options', async () => {
  // @ts-expect-error -- what is tested
  const { message } = await rejection(Finch.startLink());
  expect(message).toBe('Invalid Finch options: undefined. Allowed: an object of options.');
});

test('an event that does not exist, or no function for it: the names of the events', () => {
  // @ts-expect-error -- what is tested
  expect(() => subscribeTelemetry('request.stpo', () => {})).toThrow('did you mean request.stop?');
  // @ts-expect-error -- what is tested
  expect(() => subscribeTelemetry('request.stop')).toThrow('a function of the event');
});

test('a slip in an option of logSlowRequests: which was meant', () => {
  // @ts-expect-error -- what is tested
  expect(() => logSlowRequests({ slowerThen: 5 })).toThrow('Did you mean slowerThan?');
});

test.each([
  ['logSlowRequests', logSlowRequests],
  ['collectMetrics', collectMetrics],
  ['instrument', instrument],
])('%s is given something else than instances: what is allowed', (_name, watch) => {
  for (const finch of ['api', ['api'], [undefined]]) {
    // @ts-expect-error -- what is tested
    expect(() => watch({ finch })).toThrow(
      expect.objectContaining({ option: 'finch', allowed: 'a Finch, or an array of them' }),
    );
  }
});

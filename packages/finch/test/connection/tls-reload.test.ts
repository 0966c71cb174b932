/** Certificates that are replaced while their pools are at work. */
import type { TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '@linnet/mint/testing';
import { Supervisor } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  Finch,
  InstanceNotFoundError,
  OptionsError,
  Pool,
  PoolNotFoundError,
  type PoolOptions,
} from '../../src/index.ts';
import { openSocketsOf, expectNoConnections, startApp, type AppOptions } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { shardOf } from '../support/pool-app.ts';
import { createTlsFiles } from '../../../mint/test/support/tls-files.ts';

const authority = createAuthority();
const localhost = authority.issue(['localhost']);
const client = (name: string) => authority.issue([name]);

/**
 * A server that wants a certificate and answers with the name in it; on `/hold`
 * when it is let go. And an instance whose certificate is in files.
 */
async function start(pool: PoolOptions = {}, app: (url: string) => AppOptions = () => ({})) {
  const held: (() => void)[] = [];
  const server = await startHttpServer(
    (request, answer) => {
      request.resume();
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      const reply = (): void => void answer.end(String(subject.CN));
      if (request.url === '/hold') held.push(reply);
      else reply();
    },
    { tls: { ...localhost, ca: authority.ca, requestCert: true, rejectUnauthorized: true } },
  );
  onTestFinished(() => server.close());
  const files = createTlsFiles(authority.ca, client('first'));
  const options = { ...pool, connOpts: { tls: files.options } };
  const { finch } = await startApp({ pools: { default: options }, ...app(server.url) });
  const { url } = server;
  const who = async (path = '/'): Promise<string> => (await finch.get(url + path)).text();
  const holds = (count: number) => eventually(() => expect(held.length).toBe(count));
  const release = (): void => {
    for (const reply of held.splice(0)) reply();
  };
  return { finch, server, files, url, who, holds, release };
}

test('finch.reloadTls gives new connections the new identity, and closes idle ones of the old one', async () => {
  const { finch, files, url, who, server } = await start();
  expect(await who()).toBe('first');
  await finch.prewarm(url, 3);
  files.install(client('second'));
  expect(await who()).toBe('first');

  expect(await finch.reloadTls(url)).toEqual([url]);

  expect(finch.count(url)).toBe(0);
  await expectNoConnections(server.server);
  expect(await who()).toBe('second');
  expect(finch.count(url)).toBe(1);
});

test('what is in flight goes on, and its connection closes after it', async () => {
  const { finch, files, url, who, holds, release, server } = await start();
  const slow = who('/hold');
  const opened = await finch.checkout(url);
  await holds(1);
  files.install(client('second'));

  await finch.reloadTls();

  expect(shardOf(finch, url).figures).toMatchObject({ inUse: 2, idle: 0 });
  expect((await opened.request('/')).text()).toBe('first');
  expect((await opened.request('/')).text()).toBe('first');
  release();
  expect(await slow).toBe('first');
  opened.release();
  expect(shardOf(finch, url).figures).toMatchObject({ inUse: 0, idle: 0 });
  await expectNoConnections(server.server);
  expect(await who()).toBe('second');
});

test('without a call, the next connection that is opened has the files as they are then', async () => {
  const { finch, files, who, holds, release, url, server } = await start();
  expect(await who()).toBe('first');
  files.install(client('second'));
  expect(await who()).toBe('first');

  const [before, after] = [who('/hold'), who('/hold')];
  await holds(2);
  release();

  expect(await before).toBe('first');
  expect(await after).toBe('second');
  // The one of the old identity is not used again.
  const three = await Promise.all([who(), who(), who()]);
  expect(three).toEqual(['second', 'second', 'second']);
  await eventually(async () => {
    expect(await openSocketsOf(server.server)).toBe(finch.count(url));
  });
});

test('rotation under load loses no request', async () => {
  const { finch, files, who, url } = await start({ size: 4 });
  let rotating = true;
  let answers = 0;
  const seen: string[] = [];
  const work = async (): Promise<void> => {
    while (rotating) {
      const name = await who();
      if (!seen.includes(name)) seen.push(name);
      answers += 1;
    }
  };
  const workers = Array.from({ length: 8 }, work);
  await eventually(() => expect(seen).toEqual(['first']));
  const names = ['second', 'third', 'fourth', 'fifth', 'sixth'];

  for (const [round, name] of names.entries()) {
    files.install(client(name));
    // By a call, or by the end of some connection, as it happens.
    if (round % 2 === 0) await finch.reloadTls();
    else await finch.get(url, { headers: { connection: 'close' } });
    await eventually(() => expect(seen).toContain(name));
    const before = answers;
    await eventually(() => expect(answers).toBeGreaterThan(before + 20));
  }
  rotating = false;

  await Promise.all(workers);
  expect(await who()).toBe('sixth');
  expect(seen).toEqual(['first', ...names]);
  expect(shardOf(finch, url).figures).toMatchObject({ inUse: 0, queued: 0, connecting: 0 });
});

test('an HTTP/2 connection takes on nothing new, and its streams come to their end', async () => {
  const held: (() => void)[] = [];
  const server = createSecureServer(
    { ...localhost, ca: authority.ca, requestCert: true, rejectUnauthorized: true },
    (request, answer) => {
      const session = request.stream.session as ServerHttp2Session;
      const { subject } = (session.socket as TLSSocket).getPeerCertificate();
      const reply = (): void => void answer.end(String(subject.CN));
      if (request.url === '/hold') held.push(reply);
      else reply();
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const files = createTlsFiles(authority.ca, client('first'));
  const { finch } = await startApp({
    pools: { default: { protocols: ['http2'], connOpts: { tls: files.options } } },
  });
  const slow = [finch.get(`${url}/hold`), finch.get(`${url}/hold`)];
  await eventually(() => expect(held).toHaveLength(2));
  files.install(client('second'));

  expect(await finch.reloadTls(url)).toEqual([url]);

  expect((await finch.get(url)).text()).toBe('second');
  expect(await openSocketsOf(server)).toBe(2);
  for (const reply of held) reply();
  expect((await Promise.all(slow)).map((answer) => answer.text())).toEqual(['first', 'first']);
  await eventually(async () => expect(await openSocketsOf(server)).toBe(1));
  expect((await finch.get(url)).text()).toBe('second');
});

test('authorities that are trusted can be replaced, too', async () => {
  const { finch, files, who, url, server } = await start({ maxRequestsPerConnection: 1 });
  expect(await who()).toBe('first');
  const other = createAuthority('other');
  const renewed = other.issue(['localhost']);
  (server.server as unknown as HttpsServer).setSecureContext({ ...renewed, ca: authority.ca });
  expect(await rejection(finch.get(url))).toMatchObject({ code: 'ERR_FINCH_TLS' });

  files.install({ ca: other.ca });
  expect(await finch.reloadTls(url)).toEqual([url]);

  expect(await who()).toBe('first');
});

describe('files that cannot be used', () => {
  test('reject the call, and leave pool and connections as they are', async () => {
    const { finch, files, who, url, server } = await start();
    expect(await who()).toBe('first');
    files.install({ cert: client('second').cert });

    const error = await rejection(finch.reloadTls(url));

    expect(error).toBeInstanceOf(OptionsError);
    expect(error).toMatchObject({ code: 'ERR_FINCH_OPTIONS', option: 'connOpts.tls' });
    expect(await who()).toBe('first');
    expect(server.connections).toBe(1);
    await finch.prewarm(url, 2);
    expect(
      await finch.reloadTls('http://localhost:1').catch((thrown: unknown) => thrown),
    ).toBeInstanceOf(PoolNotFoundError);
    files.install(client('third'));
    expect(await finch.reloadTls(url)).toEqual([url]);
    expect(await who()).toBe('third');
  });

  test('of one pool do not keep the others from theirs', async () => {
    const broken = createTlsFiles(authority.ca, client('broken'));
    const { finch, files, who } = await start({}, (url) => ({
      children: (name) => [
        Pool.childSpec({
          finch: name,
          pool: Pool.new(url, { tag: 'mine' }),
          connOpts: { tls: broken.options },
        }),
      ],
    }));
    expect(await who()).toBe('first');
    broken.install({ key: 'garbage' });
    files.install(client('second'));

    expect(await rejection(finch.reloadTls())).toBeInstanceOf(OptionsError);

    expect(await who()).toBe('second');
  });

  test('keep an instance from starting', async () => {
    const files = createTlsFiles(authority.ca, client('first'));
    const tls = { ...files.options, keyFile: `${files.options.keyFile}.missing` };
    const error = await rejection(
      Finch.startLink({ name: 'NeverUp', pools: { default: { connOpts: { tls } } } }),
    );
    expect(error).toBeInstanceOf(OptionsError);
    expect(error).toMatchObject({ option: 'connOpts.tls.keyFile', value: tls.keyFile });
  });
});

test('nothing happens to pools whose files are as they were, or that have none', async () => {
  const { finch, who, files, url, server } = await start();
  expect(await who()).toBe('first');
  expect(await finch.reloadTls()).toEqual([]);
  await finch.startPool('https://elsewhere.test', {});
  files.install(client('second'));

  expect(await finch.reloadTls('https://elsewhere.test')).toEqual([]);
  expect(await who()).toBe('first');
  expect(server.connections).toBe(1);
  expect(await finch.reloadTls()).toEqual([url]);
});

test('pools that are started later have the files as they are then', async () => {
  const { finch, files, who } = await start();
  files.install(client('second'));
  expect(await finch.reloadTls()).toEqual([]);
  expect(await who()).toBe('second');
});

test('a pool of your own supervisor is among them', async () => {
  const mine = createTlsFiles(authority.ca, client('mine'));
  const { finch, url } = await start({}, (server) => ({
    children: (name) => [
      Pool.childSpec({ finch: name, pool: server, connOpts: { tls: mine.options } }),
    ],
  }));
  expect((await finch.get(url)).text()).toBe('mine');
  mine.install(client('renewed'));
  expect(await finch.reloadTls(url)).toEqual([url]);
  expect((await finch.get(url)).text()).toBe('renewed');
});

test('an instance that does not run says so', async () => {
  const { finch } = await startApp();
  await Supervisor.stop(finch.pid);
  await expect(finch.reloadTls()).rejects.toThrow(InstanceNotFoundError);
});

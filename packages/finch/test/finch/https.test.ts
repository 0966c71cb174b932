/** A whole instance over TLS: pooling, faults, what is negotiated, the key log. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, startHttp1Server } from '@linnet/mint/testing';
import { isAlive } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { PoolOptions } from '../../src/index.ts';
import { openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { connectionsOf, shardOf } from '../support/pool-app.ts';

const authority = createAuthority();
const localhost = authority.issue(['localhost']);
const trusting = { connOpts: { tls: { ca: authority.ca } } };

/** An instance, and a server that answers with what it was sent, or else with the path. */
async function startHttps(options: PoolOptions = {}) {
  const server = await startHttpServer((request, answer) => request.pipe(answer), {
    tls: { ...localhost, ALPNProtocols: ['h2', 'http/1.1'] },
  });
  onTestFinished(() => server.close());
  const { connOpts, ...rest } = options;
  const { tls, ...others } = connOpts ?? {};
  const { finch } = await startApp({
    pools: {
      default: {
        protocols: ['http1'],
        ...rest,
        connOpts: { ...others, tls: { ...trusting.connOpts.tls, ...tls } },
      },
    },
  });
  return { finch, server, url: server.url };
}

test('HTTP/1.1 alone is offered, and spoken, where that is what the pool may speak [F117]', async () => {
  const { finch, server, url } = await startHttps({ protocols: ['http1'] });
  const offered: unknown[] = [];
  server.server.on('secureConnection', ({ alpnProtocol }) => offered.push(alpnProtocol));

  const answer = await finch.post(url, 'x'.repeat(70_000));

  expect(answer.status).toBe(200);
  expect(answer.text()).toHaveLength(70_000);
  expect(offered).toEqual(['http/1.1']);
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'the keys of a %s session are in the file that SSLKEYLOGFILE names [F123]',
  async (version) => {
    const folder = mkdtempSync(join(tmpdir(), 'linnet-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const keys = join(folder, 'keys');
    const before = process.env['SSLKEYLOGFILE'];
    process.env['SSLKEYLOGFILE'] = keys;
    onTestFinished(() => {
      if (before === undefined) delete process.env['SSLKEYLOGFILE'];
      else process.env['SSLKEYLOGFILE'] = before;
    });
    const { finch, url } = await startHttps({
      connOpts: { tls: { minVersion: version, maxVersion: version } },
    });

    expect((await finch.get(url)).status).toBe(200);

    await eventually(() => {
      expect(readFileSync(keys, 'latin1')).toMatch(
        version === 'TLSv1.2' ? /^CLIENT_RANDOM /m : /^CLIENT_TRAFFIC_SECRET_0 /m,
      );
    });
  },
);

test('a checkout of a pool without a connection opens one, secured already [H24] [H26] [H27]', async () => {
  const { finch, url } = await startHttps();
  const lease = await finch.checkout(url);
  expect(shardOf(finch, url).figures).toMatchObject({ inUse: 1, idle: 0 });
  expect(lease.protocol).toBe('http1');
  expect(isAlive(lease.connection)).toBe(true);

  // Never used, it is a good connection all the same: there is none that is not secured yet.
  lease.release();

  expect(finch.count(url)).toBe(1);
  expect(shardOf(finch, url).figures).toMatchObject({ inUse: 0, idle: 1 });
  expect((await finch.get(url)).status).toBe(200);
  expect(await connectionsOf(finch, url)).toEqual([lease.connection]);
});

test('a second checkout beyond size gets a connection of its own, when that is wanted [H25]', async () => {
  const { finch, url } = await startHttps({ size: 1, whenFull: 'overflow' });
  const leases = [await finch.checkout(url), await finch.checkout(url)];

  expect(new Set(leases.map(({ connection }) => connection)).size).toBe(2);
  expect(leases.every(({ connection }) => isAlive(connection))).toBe(true);
  expect(shardOf(finch, url).figures).toMatchObject({ inUse: 2 });
  for (const lease of leases) lease.release();
  await eventually(() => expect(shardOf(finch, url).figures).toMatchObject({ inUse: 0, idle: 1 }));
});

test('a checkout from a closed port, or one that does not speak TLS, is told so [H49] [H26]', async () => {
  const plain = await startHttp1Server((peer) => peer.write('hello\r\n'));
  const { finch } = await startApp({ pools: { default: trusting } });
  const url = `https://localhost:${plain.port}`;

  expect(await rejection(finch.checkout(url))).toMatchObject({ code: 'ERR_FINCH_TLS' });
  await plain.close();
  expect(await rejection(finch.checkout(url))).toMatchObject({
    code: 'ERR_FINCH_CONNECT',
    reason: 'ECONNREFUSED',
  });

  expect(finch.count(url)).toBe(0);
  expect(openSlots(finch)).toBe(0);
});

test.each<[string, PoolOptions, (connections: number) => void]>([
  ['over one connection', {}, (connections) => expect(connections).toBe(1)],
  [
    'each over its own',
    { maxRequestsPerConnection: 1 },
    (connections) => expect(connections).toBe(50),
  ],
])('50 requests at once at size 1, %s: every body is whole [H163]', async (...given) => {
  const [, options, expectConnections] = given;
  const { finch, server, url } = await startHttps({ size: 1, ...options });
  const body = (index: number): string => String(index).repeat(20_000);

  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      finch.post(url, body(index), { poolTimeout: 'infinity' }),
    ),
  );

  for (const [index, answer] of answers.entries()) {
    expect(answer.text() === body(index)).toBe(true);
  }
  expectConnections(server.connections);
});

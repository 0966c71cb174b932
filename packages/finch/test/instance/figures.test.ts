import { createAuthority, response, startHttp1Server } from '@linnet/mint/testing';
import { exit, isAlive, whereis, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Pool } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { shardOf } from '../support/pool-app.ts';

const authority = createAuthority();
const localhost = authority.issue(['localhost']);

test('a pool is found once it is started, and not after it was stopped [H1]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const finch = await startFinch();
  expect(finch.findPool(server.url)).toBe(undefined);
  await finch.startPool(server.url, { size: 3 });
  const pid = finch.findPool(server.url);
  expect(pid !== undefined && isAlive(pid)).toBe(true);
  expect(finch.getPoolStatus(server.url)[0]?.size).toBe(3);
  await finch.stopPool(server.url);
  expect(finch.findPool(server.url)).toBe(undefined);
});

test('an idle connection that the server closed is not used: a fresh one is [H34]', async () => {
  await using server = await startHttp1Server(async (peer, index) => {
    await peer.readRequest();
    await peer.write(response(`${index}`));
    if (index > 0) await peer.readRequest();
    else peer.end();
  });
  const finch = await startFinch();
  const url = `http://127.0.0.1:${server.port}`;
  const first = await finch.checkout(url);
  expect((await first.request('/')).text()).toBe('0');
  first.release();
  await eventually(() => expect(finch.count(url)).toBe(0));
  const second = await finch.checkout(url);
  expect(second.connection).not.toBe(first.connection);
  expect((await second.request('/')).text()).toBe('1');
  second.release();
});

test('connections over TLS are kept and reused by default [H35] [H36]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'), {
    tls: { key: localhost.key, cert: localhost.cert },
  });
  const finch = await startFinch({
    pools: { default: { connOpts: { tls: { ca: authority.ca } } } },
  });
  for (let round = 0; round < 2; round += 1) {
    expect((await finch.request(server.url)).text()).toBe('OK');
    expect(finch.count(server.url)).toBe(1);
    expect(finch.getStats()).toMatchObject({ inUse: 0, idle: 1 });
  }
  expect(server.connections).toBe(1);
});

test('pools with other TLS options share no connection [H37] [H30]', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('OK'), {
    tls: { key: localhost.key, cert: localhost.cert },
  });
  const trusting = { connOpts: { tls: { ca: authority.ca } } };
  const lax = { connOpts: { tls: { rejectUnauthorized: false } } };
  const finch = await startFinch({
    pools: { [`${server.url}#strict`]: trusting, [`${server.url}#lax`]: lax },
  });
  for (const poolTag of ['strict', 'lax', 'strict', 'lax']) {
    await finch.get(server.url, { poolTag });
  }
  expect(server.connections).toBe(2);
  expect(finch.count(`${server.url}#strict`)).toBe(1);
  expect(finch.count(`${server.url}#lax`)).toBe(1);
  expect(finch.hostStats('localhost', server.port)).toEqual({ active: 2, inUse: 0, idle: 2 });
  // A server that it must not trust is not reached on the connection of the other pool.
  await expect(finch.request(server.url)).rejects.toMatchObject({ code: 'ERR_FINCH_TLS' });
});

test('nothing is in use after a body was read piece by piece, or the connection closed [H39] [H40]', async () => {
  await using server = await startHttpServer((request, answer) => {
    if (request.url === '/close') answer.setHeader('connection', 'close');
    answer.write('one');
    answer.end('two');
  });
  const finch = await startFinch();
  for (const [path, idle] of [
    ['/keep', 1],
    ['/close', 0],
  ] as const) {
    const { body } = await finch.open(`${server.url}${path}`);
    let length = 0;
    for await (const piece of body) length += piece.length;
    expect(length).toBe(6);
    expect(finch.getStats()).toMatchObject({ inUse: 0, idle });
  }
});

test('the figures come back to nothing when pools and connections are killed', async () => {
  const clock = new TestClock().install(onTestFinished);
  await using server = await startHttpServer(() => {});
  const finch = await startFinch({ pools: { default: { size: 2 } } });
  const requests = Array.from({ length: 4 }, () =>
    finch.request(server.url, { retry: false, requestTimeout: 200 }).catch(() => 'failed'),
  );
  await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 2, queued: 2 }));
  const [shard] = finch.getPoolStatus(server.url);
  if (shard !== undefined) exit(shard.pid, 'kill');
  await clock.advance(200);
  expect(await Promise.all(requests)).toEqual(['failed', 'failed', 'failed', 'failed']);
  await eventually(() =>
    expect(finch.getStats()).toMatchObject({ inUse: 0, connecting: 0, queued: 0 }),
  );
  expect(finch.hostStats('127.0.0.1', server.port).active).toBe(finch.count());
});

test('what was set at run time outlives pools, but not the instance: then its options count again', async () => {
  using _ = captureCrashReports();
  await using server = await startHttpServer((_request, answer) => answer.end('OK'));
  const mine = Pool.new(server.url, { tag: 'mine' });
  const { finch, name } = await startApp({
    maxConnections: 7,
    pools: { default: { connMaxIdleTime: 4000 } },
    children: (finchName) => [
      Pool.childSpec({ finch: finchName, pool: mine, connMaxIdleTime: 3000 }),
    ],
  });
  await finch.request(server.url);
  finch.setMaxConnections(5);
  finch.setTimeout(1000);
  await finch.setPoolCount(server.url, 2);
  const idleTimes = () => [server.url, mine.key].map((key) => shardOf(finch, key).idleTime);
  expect(idleTimes()).toEqual([1000, 1000]);

  exit(finch.findPool(server.url) as Pid, 'kill');
  await eventually(async () => expect((await finch.request(server.url)).status).toBe(200));
  expect([finch.maxConnections(), finch.timeout(), ...idleTimes()]).toEqual([5, 1000, 1000, 1000]);
  expect(finch.getPoolCount(server.url)).toBe(1);

  const before = whereis(name);
  exit(whereis(`${name}.HostLimits`) as Pid, 'kill');
  await eventually(async () => expect((await finch.request(server.url)).status).toBe(200));
  expect(whereis(name)).toBe(before);
  await eventually(() => expect(idleTimes()).toEqual([4000, 3000]));
  expect([finch.maxConnections(), finch.timeout()]).toEqual([7, 4000]);
});

import { exit, spawn } from '@linnet/otp';
import { captureCrashReports, eventually, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, Pool } from '../../src/index.ts';
import { openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startGateServer, type GateServer } from '../support/gate-server.ts';
import { shardOf } from '../support/pool-app.ts';

describe('maxConnections', () => {
  test('is never exceeded, over all pools', async () => {
    const servers = [await startGateServer(), await startGateServer(), await startGateServer()];
    const { finch } = await startApp({ maxConnections: 4 });
    const answers = servers.flatMap((server) =>
      Array.from({ length: 5 }, () => finch.get(`${server.url}/hold`)),
    );

    for (let left = 15; left > 0; left--) {
      await eventually(() => expect(heldBy(servers)).toBe(Math.min(4, left)));
      expect(openSlots(finch)).toBeLessThanOrEqual(4);
      servers.find(({ held }) => held > 0)?.release(1);
    }

    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses).toHaveLength(15);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('has idle connections of other pools closed for one who waits', async () => {
    const [a, b] = [await startGateServer(), await startGateServer()];
    const { finch } = await startApp({ maxConnections: 1 });

    for (let round = 0; round < 3; round++) {
      expect((await finch.get(`${a.url}/now`)).status).toBe(200);
      expect((await finch.get(`${b.url}/now`)).status).toBe(200);
    }

    expect(openSlots(finch)).toBe(1);
    await eventually(async () => expect((await a.sockets()) + (await b.sockets())).toBe(1));
  });

  test('a connection that becomes idle goes to one who waits for its slot', async () => {
    const [a, b] = [await startGateServer(), await startGateServer()];
    const { finch } = await startApp({ maxConnections: 1 });
    const first = finch.get(`${a.url}/hold`);
    await a.holds(1);
    const second = finch.get(`${b.url}/now`, { poolTimeout: 'infinity' });
    await eventually(() => expect(shardOf(finch, Pool.key(b.url)).queued).toBe(1));

    a.release();
    await first;

    expect((await second).status).toBe(200);
    expect(openSlots(finch)).toBe(1);
  });

  test('slots go round among pools that want them, in the order in which they asked', async () => {
    const servers = [await startGateServer(), await startGateServer(), await startGateServer()];
    const { finch } = await startApp({ maxConnections: 1 });
    const holder = finch.get(`${servers[0]?.url}/hold`);
    await servers[0]?.holds(1);
    const order: number[] = [];
    const waiting = [1, 2, 1, 2].map(async (number) => {
      const answer = await finch.get(`${servers[number]?.url}/now`);
      order.push(number);
      return answer.status;
    });
    await eventually(() =>
      expect(
        [1, 2].map((number) => shardOf(finch, Pool.key(servers[number]?.url as string)).queued),
      ).toEqual([2, 2]),
    );

    servers[0]?.release();
    await holder;

    expect(await Promise.all(waiting)).toEqual([200, 200, 200, 200]);
    expect(order[0]).toBe(1);
  });

  test('who waits for a slot in vain is told so, and leaves nothing behind', async () => {
    const clock = new TestClock().install(onTestFinished);
    const [a, b] = [await startGateServer(), await startGateServer()];
    const { finch } = await startApp({ maxConnections: 1 });
    const first = finch.get(`${a.url}/hold`);
    await a.holds(1);

    const waiting = rejection(finch.get(`${b.url}/now`, { poolTimeout: 10 }));
    await eventually(() => expect(shardOf(finch, Pool.key(b.url)).queued).toBe(1));
    await clock.advance(10);

    expect(await waiting).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT', inUse: 0, queued: 1 });
    a.release();
    await first;
    // Nobody wants the slot any more, so its connection may stay.
    expect(shardOf(finch, Pool.key(a.url)).idleCount).toBe(1);
  });
});

describe('maxPerHost', () => {
  test('of the instance holds for all pools of a host', async () => {
    const server = await startGateServer();
    const { finch } = await startApp({ maxPerHost: 2 });
    const ask = (poolTag: string) =>
      finch.request(Finch.build('GET', `${server.url}/hold`, undefined, undefined, { poolTag }));
    const answers = ['x', 'y', 'z'].map((tag) => ask(tag));
    await server.holds(2);
    expect(openSlots(finch, `127.0.0.1:${server.port}`)).toBe(2);

    server.release(1);
    await server.holds(2);
    server.release();

    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('of a pool comes before that of the instance', async () => {
    const server = await startGateServer();
    const pool = Pool.new(server.url);
    const { finch } = await startApp({ maxPerHost: 5, pools: [[pool, { maxPerHost: 1 }]] });
    const answers = [finch.get(`${server.url}/hold`), finch.get(`${server.url}/hold`)];
    await eventually(() => expect(shardOf(finch, pool.key).queued).toBe(1));
    await server.holds(1);

    server.release(1);
    await server.holds(1);
    server.release();
    await Promise.all(answers);

    expect(server.connections).toBe(1);
  });

  test('does not reach other hosts', async () => {
    const [a, b] = [await startGateServer(), await startGateServer()];
    const { finch } = await startApp({ maxPerHost: 1 });
    const held = finch.get(`${a.url}/hold`);
    await a.holds(1);

    expect((await finch.get(`${b.url}/now`)).status).toBe(200);
    a.release();
    await held;
  });

  test('an idle connection of another pool of the host is closed for it', async () => {
    const server = await startGateServer();
    const { finch } = await startApp({ maxPerHost: 1 });
    const ask = (poolTag: string) =>
      finch.request(Finch.build('GET', `${server.url}/now`, undefined, undefined, { poolTag }));

    expect((await ask('x')).status).toBe(200);
    expect((await ask('y')).status).toBe(200);

    expect(openSlots(finch)).toBe(1);
    expect(shardOf(finch, Pool.key(Pool.new(server.url, { tag: 'x' }))).open).toBe(0);
  });

  test('does not lose a slot with a holder that is killed between checkout and use [E7]', async () => {
    using _ = captureCrashReports();
    const server = await startGateServer();
    const { finch } = await startApp({ maxPerHost: 1 });
    for (let round = 0; round < 5; round++) {
      const holder = spawn(async () => {
        await finch.checkout(server.url);
        await new Promise(() => {});
      });
      await eventually(() => expect(shardOf(finch, Pool.key(server.url)).inUse).toBe(1));
      exit(holder, 'kill');
    }

    expect((await finch.get(`${server.url}/now`)).status).toBe(200);
    expect(openSlots(finch)).toBe(1);
  });

  test('counts nothing for a host whose pools are stopped [H90]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp();
    const host = new URL(server.url).hostname;
    const leases = [await finch.checkout(server.url), await finch.checkout(server.url)];
    expect(finch.hostStats(host, server.port)).toEqual({ active: 2, inUse: 2, idle: 0 });

    await finch.stopPool(server.url, { grace: 0 });

    expect(finch.hostStats(host, server.port)).toEqual({ active: 0, inUse: 0, idle: 0 });
    // Coming late, these take nothing away from those who have a slot by then.
    const other = await finch.checkout(server.url);
    for (const lease of leases) lease.release();
    expect(finch.hostStats(host, server.port)).toEqual({ active: 1, inUse: 1, idle: 0 });
    other.release();
  });

  test('does not lose a slot with a pool that is killed [E24]', async () => {
    using _ = captureCrashReports();
    const server = await startGateServer();
    const { finch } = await startApp({ maxPerHost: 1 });
    for (let round = 0; round < 3; round++) {
      const lease = await finch.checkout(server.url);
      expect(openSlots(finch)).toBe(1);
      const [metrics] = finch.getPoolStatus(server.url);
      if (metrics !== undefined) exit(metrics.pid, 'kill');
      expect(openSlots(finch)).toBe(0);
      expect(lease.release()).toBe(true);
      expect(openSlots(finch)).toBe(0);
    }

    expect((await finch.get(`${server.url}/now`)).status).toBe(200);
  });

  test('does not lose a slot to connections that cannot be opened [E1]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp({ maxPerHost: 1, maxConnections: 1 });
    for (let round = 0; round < 10; round++) {
      const error = await rejection(finch.get(`https://127.0.0.1:${server.port}/`));
      expect(error).toMatchObject({ code: 'ERR_FINCH_TLS' });
      expect(openSlots(finch)).toBe(0);
    }

    expect((await finch.get(`${server.url}/now`)).status).toBe(200);
    expect(openSlots(finch)).toBe(1);
  });
});

function heldBy(servers: readonly GateServer[]): number {
  return servers.reduce((sum, { held }) => sum + held, 0);
}

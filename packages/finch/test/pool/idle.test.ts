/** What happens to connections and pools that nobody uses. The runtime's timers are virtual. */
import { createServer } from 'node:net';
import { response, startHttp1Server } from '@linnet/mint/testing';
import { isAlive, subscribe, type SystemEvent } from '@linnet/otp';
import { eventually, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pool, type PoolOptions } from '../../src/index.ts';
import { requireInstance } from '../../src/instance/instance.ts';
import { openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startGateServer } from '../support/gate-server.ts';
import { connectionsOf, shardOf, startPoolApp } from '../support/pool-app.ts';

async function startTimedApp(pool: PoolOptions = {}) {
  const clock = new TestClock().install(onTestFinished);
  return { clock, ...(await startPoolApp(pool)) };
}

/** Exit reasons of processes with this label, as they come. */
function exits(label: string): unknown[] {
  const reasons: unknown[] = [];
  const subscription = subscribe((event: SystemEvent) => {
    if (event.type === 'exit' && event.label === label) reasons.push(event.reason);
  });
  onTestFinished(() => subscription[Symbol.dispose]());
  return reasons;
}

describe('connMaxIdleTime', () => {
  test('closes a connection that has been idle for so long, and not sooner [H21]', async () => {
    const reasons = exits('connection');
    const { clock, ask, server, figures, finch } = await startTimedApp({ connMaxIdleTime: 1000 });
    await ask();
    await clock.advance(999);
    await figures({ idle: 1 });

    await clock.advance(1);

    await figures({ idle: 0 });
    expect(reasons).toEqual([{ shutdown: 'idle_timeout' }]);
    expect(openSlots(finch)).toBe(0);
    await eventually(async () => expect(await server.sockets()).toBe(0));
  });

  test('is 30 s by default', async () => {
    const { clock, ask, figures } = await startTimedApp();
    await ask();
    await clock.advance(29_999);
    await figures({ idle: 1 });
    await clock.advance(1);
    await figures({ idle: 0 });
  });

  test('begins anew with each use', async () => {
    const { clock, ask, server, figures } = await startTimedApp({ connMaxIdleTime: 1000 });
    for (let round = 0; round < 5; round++) {
      await ask();
      await clock.advance(900);
    }

    await figures({ idle: 1 });
    expect(server.connections).toBe(1);
  });

  test('does not run while a connection is in use [E15]', async () => {
    const { clock, ask, server, finch, pool } = await startTimedApp({ connMaxIdleTime: 100 });
    const slow = ask('/hold', { receiveTimeout: 'infinity' });
    await server.holds(1);
    const lease = await finch.checkout(pool);

    await clock.advance(10_000);
    server.release();

    expect((await slow).status).toBe(200);
    expect((await lease.request('/now')).status).toBe(200);
    lease.release();
  });

  test('0 keeps no connection at all', async () => {
    const { ask, server, figures } = await startTimedApp({ connMaxIdleTime: 0 });
    await ask();
    await ask();

    await figures({ idle: 0, inUse: 0 });
    expect(server.connections).toBe(2);
  });

  test('the connection used last is used first, so the others age out', async () => {
    const { clock, ask, server, figures, finch, pool } = await startTimedApp({
      connMaxIdleTime: 1000,
    });
    const leases = await Promise.all([1, 2, 3].map(() => finch.checkout(pool)));
    for (const lease of leases) lease.release();
    await figures({ idle: 3 });
    const last = leases.at(-1)?.connection;

    for (let round = 0; round < 4; round++) {
      await using lease = await finch.checkout(pool);
      expect(lease.connection).toBe(last);
      await clock.advance(300);
    }
    await ask();

    await figures({ idle: 1 });
    expect(await connectionsOf(finch, pool.key)).toEqual([last]);
    expect(server.connections).toBe(3);
  });

  test('a connection that the server closes is gone at once [H12] [H21] [H34]', async () => {
    const reasons = exits('connection');
    const { ask, server, figures } = await startTimedApp();
    await ask();
    await figures({ idle: 1 });

    server.server.closeIdleConnections();

    await figures({ idle: 0 });
    expect(reasons).toEqual([{ shutdown: 'closed' }]);
    expect((await ask()).status).toBe(200);
    expect(server.connections).toBe(2);
  });

  test('does not take bytes on an idle connection for a response: they close it [H22] [D4]', async () => {
    const server = await startHttp1Server(async (peer, index) => {
      await peer.readRequest();
      await peer.write(response(`answer ${index}`));
      if (index === 0) await peer.write(response('EVIL'));
    });
    onTestFinished(() => server.close());
    const { finch } = await startApp();
    const url = `http://127.0.0.1:${server.port}/`;

    expect((await finch.get(url)).text()).toBe('answer 0');
    await eventually(() => expect(shardOf(finch, Pool.key(url)).open).toBe(0));

    expect((await finch.get(url)).text()).toBe('answer 1');
  });
});

describe('poolMaxIdleTime', () => {
  test('stops a pool that nobody uses, in order [F134] [D20]', async () => {
    const reasons = exits('pool');
    const { clock, ask, server, finch, pool } = await startTimedApp({ poolMaxIdleTime: 500 });
    await ask();
    const supervisor = finch.findPool(pool);
    await clock.advance(499);
    expect(finch.findPool(pool)).toBe(supervisor);

    await clock.advance(1);

    expect(finch.findPool(pool)).toBeUndefined();
    expect(supervisor === undefined || isAlive(supervisor)).toBe(false);
    expect(reasons).toEqual([{ shutdown: 'idle_timeout' }]);
    expect(openSlots(finch)).toBe(0);
    await eventually(async () => expect(await server.sockets()).toBe(0));
  });

  test('is measured from the last use [F135]', async () => {
    const { clock, ask, finch, pool } = await startTimedApp({ poolMaxIdleTime: 200 });
    await ask();
    await clock.advance(150);
    await ask();
    await clock.advance(150);
    expect(finch.findPool(pool)).toBeDefined();
    await clock.advance(50);

    expect(finch.findPool(pool)).toBeUndefined();
  });

  test('does not stop a pool while a request is out, and stops it afterwards [F136]', async () => {
    const { clock, ask, server, finch, pool } = await startTimedApp({ poolMaxIdleTime: 100 });
    const slow = ask('/hold', { receiveTimeout: 'infinity' });
    await server.holds(1);
    await clock.advance(1000);
    expect(finch.findPool(pool)).toBeDefined();
    server.release();
    expect((await slow).status).toBe(200);

    await clock.advance(100);

    expect(finch.findPool(pool)).toBeUndefined();
  });

  test('does not leave a pool running that has never been used, or has no connection [D20]', async () => {
    const clock = new TestClock().install(onTestFinished);
    const refused = await startHttp1Server();
    await refused.close();
    const url = `http://127.0.0.1:${refused.port}`;
    const { finch } = await startApp({
      pools: { default: { poolMaxIdleTime: 300 }, 'http://localhost:9': { poolMaxIdleTime: 300 } },
    });
    await rejection(finch.get(url));
    expect(finch.listPools()).toHaveLength(2);

    await clock.advance(300);

    expect(finch.listPools()).toEqual([]);
  });

  test('does not stop one shard alone: a pool with a busy shard stays whole [D20]', async () => {
    const { clock, ask, server, finch, pool } = await startTimedApp({
      poolMaxIdleTime: 100,
      count: 3,
    });
    const slow = ask('/hold', { receiveTimeout: 'infinity' });
    await server.holds(1);
    await clock.advance(1000);
    expect(finch.getPoolCount(pool)).toBe(3);
    expect(finch.getPoolStatus(pool)).toHaveLength(3);
    server.release();
    await slow;

    await clock.advance(100);

    expect(finch.findPool(pool)).toBeUndefined();
  });

  test('does not count against any restart limit: the pool comes and goes [D18]', async () => {
    const { clock, ask, finch, pool } = await startTimedApp({ poolMaxIdleTime: 100, count: 5 });
    const instance = finch.pid;
    for (let round = 0; round < 10; round++) {
      expect((await ask()).status).toBe(200);
      await clock.advance(100);
      expect(finch.findPool(pool)).toBeUndefined();
    }

    expect(finch.pid).toBe(instance);
  });

  test('a request that comes while it stops starts it anew', async () => {
    const { clock, ask } = await startTimedApp({ poolMaxIdleTime: 100 });
    await ask();
    const elapsed = clock.advance(100);
    const answers = Array.from({ length: 20 }, async () => {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      return ask();
    });
    await elapsed;

    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});

describe('maxConnectionAge', () => {
  test('replaces a connection after the request that it serves [F79] [F80]', async () => {
    const { clock, ask, server, figures } = await startTimedApp({ maxConnectionAge: 1000 });
    await ask();
    await clock.advance(900);
    const last = ask('/hold', { receiveTimeout: 'infinity' });
    await server.holds(1);
    await clock.advance(200);
    server.release();
    expect((await last).status).toBe(200);
    await figures({ idle: 0, inUse: 0 });

    expect((await ask()).status).toBe(200);
    expect(server.connections).toBe(2);
  });

  test('ends idle connections, too', async () => {
    const reasons = exits('connection');
    const { clock, ask, figures } = await startTimedApp({
      maxConnectionAge: 1600,
      connMaxIdleTime: 'infinity',
    });
    await ask();
    await clock.advance(1600);

    await figures({ idle: 0 });
    expect(reasons).toEqual([{ shutdown: 'expired' }]);
  });

  test('with jitter: connections of one age do not end together [F79]', async () => {
    const { clock, figures, finch, pool } = await startTimedApp({
      size: 20,
      maxConnectionAge: 1000,
      maxConnectionAgeJitter: 10_000,
      connMaxIdleTime: 'infinity',
    });
    let count = 0;
    requireInstance(finch.name).random = () => (count++ % 4) / 4;
    const leases = await Promise.all(Array.from({ length: 20 }, () => finch.checkout(pool)));
    for (const lease of leases) lease.release();
    await figures({ idle: 20 });
    await clock.advance(999);

    // A quarter of them ends after 1000, 3500, 6000 and 8500 ms each.
    for (const idle of [20, 15, 10, 5]) {
      await figures({ idle });
      await clock.advance(2500);
    }
    await figures({ idle: 0 });
  });

  test('does not spend restart intensity, however many connections end together [D18]', async () => {
    const { clock, ask, finch, pool } = await startTimedApp({ maxConnectionAge: 50, count: 5 });
    const supervisor = finch.findPool(pool);
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 10 }, () => ask()));
      await clock.advance(60);
    }

    expect(finch.findPool(pool)).toBe(supervisor);
    expect(finch.getPoolCount(pool)).toBe(5);
  });
});

test('maxRequestsPerConnection closes a connection after so many requests', async () => {
  const { ask, server, figures } = await startTimedApp({ maxRequestsPerConnection: 2 });
  for (let round = 0; round < 5; round++) expect((await ask()).status).toBe(200);

  await figures({ idle: 1 });
  expect(server.connections).toBe(3);
});

describe('prewarm', () => {
  test('opens idle connections when the pool starts [H15]', async () => {
    const { server, figures, finch } = await startTimedApp({ prewarm: 3, size: 10 });

    await figures({ idle: 3, inUse: 0 });
    expect(openSlots(finch)).toBe(3);
    await eventually(() => expect(server.connections).toBe(3));
    expect(server.requests).toEqual([]);
  });

  test('does not lose them for good: those that end are replaced within a second [E14]', async () => {
    const { clock, server, figures } = await startTimedApp({
      prewarm: 2,
      connMaxIdleTime: 'infinity',
    });
    await figures({ idle: 2 });
    await eventually(() => expect(server.connections).toBe(2));

    server.server.closeAllConnections();
    await figures({ idle: 0 });
    await clock.advance(1000);

    await figures({ idle: 2 });
  });

  test('does not open more than size [E13]', async () => {
    const { clock, server, figures, shard } = await startTimedApp({ size: 2, prewarm: 2 });
    await figures({ idle: 2 });

    shard.prewarm(10);
    await clock.advance(5000);

    await figures({ idle: 2, connecting: 0 });
    await eventually(async () => expect(await server.sockets()).toBe(2));
  });

  test('does not take the slots of others', async () => {
    const clock = new TestClock().install(onTestFinished);
    const [a, b] = [await startGateServer(), await startGateServer()];
    const { finch } = await startApp({
      maxConnections: 1,
      pools: { [b.url]: { prewarm: 1 } },
    });
    await eventually(() => expect(shardOf(finch, Pool.key(b.url)).idleCount).toBe(1));
    expect((await finch.get(`${a.url}/now`)).status).toBe(200);

    await clock.advance(5000);

    expect(shardOf(finch, Pool.key(a.url)).idleCount).toBe(1);
    expect(shardOf(finch, Pool.key(b.url)).open).toBe(0);
    expect(openSlots(finch)).toBe(1);
  });

  test('backs off while the server is down, and is back when it is', async () => {
    const clock = new TestClock().install(onTestFinished);
    const down = await startHttp1Server();
    const { port } = down;
    await down.close();
    let attempts = 0;
    const subscription = subscribe((event: SystemEvent) => {
      if (event.type === 'spawn' && event.label === 'connection') attempts++;
    });
    onTestFinished(() => subscription[Symbol.dispose]());
    const url = `http://127.0.0.1:${port}`;
    const { finch } = await startApp({ pools: { [url]: { prewarm: 1 } } });
    const shard = shardOf(finch, Pool.key(url));
    await eventually(() => expect(shard.dialFailed).toBe(true));

    for (let second = 0; second < 120; second++) {
      await clock.advance(1000);
      await eventually(() => expect(shard.open).toBe(0));
    }
    // Every second that would be 120; with pauses up to 32 s it is a few.
    expect(attempts).toBeLessThan(12);
    expect(attempts).toBeGreaterThan(4);

    const back = createServer();
    await new Promise<void>((resolve) => {
      back.listen(port, '127.0.0.1', resolve);
    });
    await clock.advance(32_000);
    await eventually(() => expect(shard.idleCount).toBe(1));
    await finch.stop();
    await new Promise<void>((resolve) => {
      back.close(() => resolve());
    });
  });

  test('a server that closes each connection at once is not flooded', async () => {
    const clock = new TestClock().install(onTestFinished);
    const server = await startHttp1Server((peer) => peer.end());
    onTestFinished(() => server.close());
    const url = `http://127.0.0.1:${server.port}`;
    await startApp({ pools: { [url]: { prewarm: 1 } } });
    await server.peer(0);
    await settle();
    for (let second = 0; second < 5; second++) await clock.advance(1000);
    await server.peer(2);

    expect(server.peers.length).toBeLessThanOrEqual(6);
  });
});

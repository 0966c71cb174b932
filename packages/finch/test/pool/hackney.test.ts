/** Cases of hackney's pool and load regulation that are not told elsewhere. */
import { response, startHttp1Server } from '@linnet/mint/testing';
import { exit, send, spawn, trapExit } from '@linnet/otp';
import { captureCrashReports, eventually, settle } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, Pool } from '../../src/index.ts';
import { openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startGateServer } from '../support/gate-server.ts';
import { connectionsOf, shardOf, startPoolApp } from '../support/pool-app.ts';

describe('faults', () => {
  /** An instance with a pool of four, and what must hold after whatever happened to it. */
  async function startFaulty() {
    using _ = captureCrashReports();
    const app = await startPoolApp({ size: 4 });
    const shard = app.finch.getPoolStatus(app.pool)[0]?.pid;
    const check = async (): Promise<void> => {
      await app.figures({ inUse: 0, queued: 0, connecting: 0 });
      expect(app.finch.getPoolStatus(app.pool)[0]?.pid).toBe(shard);
      expect(openSlots(app.finch)).toBe(app.shard.idleCount);
      expect((await app.ask('/now')).status).toBe(200);
    };
    return { ...app, check };
  }

  test('a dial that does not end: the caller is told in time, the pool goes on [H45] [H46] [H99] [H131]', async () => {
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const { finch } = await startApp({ pools: { default: { connOpts: { connectTimeout: 50 } } } });
    const url = `https://127.0.0.1:${silent.port}`;

    const errors = await Promise.all([1, 2, 3].map(() => rejection(finch.checkout(url))));

    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECT_TIMEOUT' });
    expect(shardOf(finch, url).figures).toMatchObject({ inUse: 0, connecting: 0, queued: 0 });
    expect(openSlots(finch)).toBe(0);
  });

  test('a dial whose process is killed each time: the caller gets a typed error, not the pool’s [H17] [H47]', async () => {
    using _ = captureCrashReports();
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const { finch } = await startApp({
      pools: { default: { connOpts: { connectTimeout: 5000 } } },
    });
    const url = `https://127.0.0.1:${silent.port}`;
    const waiting = rejection(finch.get(url, { poolTimeout: 'infinity' }));
    for (let dial = 0; dial < 4; dial++) {
      await silent.peer(dial);
      const [pid] = await connectionsOf(finch, url);
      if (pid !== undefined) exit(pid, 'kill');
    }

    expect(await waiting).toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
      pool: url,
      phase: 'connect',
      requestSent: false,
    });
    expect(shardOf(finch, url).figures).toMatchObject({ inUse: 0, connecting: 0, queued: 0 });
  });

  test('a body that fails while it is sent [H50] [H51]', async () => {
    const { finch, server, check } = await startFaulty();
    async function* body() {
      yield 'begun';
      await settle();
      throw new TypeError('no more');
    }

    const error = await rejection(finch.post(`${server.url}/held`, body()));

    expect(error).toMatchObject({ code: 'ERR_FINCH_REQUEST_BODY', phase: 'send' });
    expect(error.message).toContain('no more');
    await check();
  });

  test('a checked-out connection that is killed [H52]', async () => {
    using _ = captureCrashReports();
    const { finch, pool, check } = await startFaulty();
    const lease = await finch.checkout(pool);
    exit(lease.connection, 'kill');
    await settle();
    lease.release();

    await check();
  });

  test('a storm of them: every call ends, and the pool is as it was [H53]', async () => {
    using _ = captureCrashReports();
    const { finch, pool, ask, server, check } = await startFaulty();
    server.open();
    let turn = 0;
    const worker = async (): Promise<void> => {
      for (let round = 0; round < 10; round++) {
        switch (turn++ % 5) {
          case 0:
            await ask('/now').catch(() => {});
            break;
          case 1: {
            const lease = await finch.checkout(pool);
            exit(lease.connection, 'kill');
            lease.release();
            break;
          }
          case 2: {
            const controller = new AbortController();
            const cut = ask('/now', { signal: controller.signal }).catch(() => {});
            controller.abort();
            await cut;
            break;
          }
          case 3: {
            const holder = spawn(async () => {
              await finch.checkout(pool);
              await new Promise(() => {});
            });
            await settle();
            exit(holder, 'kill');
            break;
          }
          default: {
            const lease = await finch.checkout(pool);
            await lease.request('/now');
            lease.release();
            lease.release();
          }
        }
      }
    };

    await Promise.all(Array.from({ length: 20 }, worker));

    await check();
  });
});

describe('many callers', () => {
  test.each([
    ['keep-alive [H70]', () => []],
    ['connection: close [H71]', () => ['connection: close']],
    ['both [H72]', (served: number) => (served % 2 === 0 ? ['connection: close'] : [])],
  ])('fifty callers with twenty requests each, %s', async (_, headers) => {
    let served = 0;
    const server = await startHttp1Server(async (peer) => {
      for (;;) {
        const request = await peer.readRequest().catch(() => undefined);
        if (request === undefined) return;
        const fields = headers(served++);
        await peer.write(response('OK', fields));
        if (fields.length > 0) peer.end();
      }
    });
    onTestFinished(() => server.close());
    const { finch } = await startApp({ pools: { default: { size: 4 } } });
    const url = `http://127.0.0.1:${server.port}/`;

    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        let good = 0;
        for (let round = 0; round < 20; round++) {
          if ((await finch.get(url, { poolTimeout: 20_000 })).text() === 'OK') good++;
        }
        return good;
      }),
    );

    expect(answers).toEqual(Array.from({ length: 50 }, () => 20));
    await eventually(() =>
      expect(shardOf(finch, Pool.key(url)).figures).toMatchObject({ inUse: 0, queued: 0 }),
    );
  });

  test('two hundred callers for four connections are woken one by one, in order [E20]', async () => {
    const { ask, shard, server } = await startPoolApp({ size: 4 });
    server.open();
    const order: number[] = [];

    await Promise.all(
      Array.from({ length: 200 }, async (_, number) => {
        await ask(`/now/${number}`);
        order.push(number);
      }),
    );

    expect(server.connections).toBe(4);
    expect(shard.checkouts).toBe(200);
    // Four at a time: nobody overtakes more than the three beside it.
    for (const [place, number] of order.entries()) expect(Math.abs(place - number)).toBeLessThan(8);
  });
});

describe('load regulation', () => {
  test('counts what is taken and what comes back [H82] [H83]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp();
    const host = `127.0.0.1:${server.port}`;
    const leases = [];
    for (let taken = 1; taken <= 3; taken++) {
      leases.push(await finch.checkout(server.url));
      expect(openSlots(finch, host)).toBe(taken);
    }
    await finch.stopPool(server.url, { grace: 0 });

    expect(openSlots(finch, host)).toBe(0);
    for (const lease of leases) lease.release();
    expect(openSlots(finch, host)).toBe(0);
  });

  test('beyond the cap a caller waits, in vain or not [H19] [H75] [H84] [H86] [H87]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp({ maxPerHost: 3 });
    const leases = await Promise.all([1, 2, 3].map(() => finch.checkout(server.url)));

    const late = await rejection(finch.checkout(server.url, { checkoutTimeout: 50 }));
    expect(late).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT', limit: 50, inUse: 3 });
    expect(openSlots(finch)).toBe(3);
    const patient = finch.checkout(server.url, { checkoutTimeout: 'infinity' });
    await settle();
    leases[0]?.release();

    const lease = await patient;
    expect(lease.connection).toBe(leases[0]?.connection);
    for (const held of [lease, ...leases]) held.release();
  });

  test('five callers, three slots: all have theirs in turn [H85]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp({ maxPerHost: 3 });
    let most = 0;
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        await using lease = await finch.checkout(server.url);
        most = Math.max(most, openSlots(finch));
        await lease.request('/now');
      }),
    );

    expect(most).toBeLessThanOrEqual(3);
    expect(shardOf(finch, Pool.key(server.url)).inUse).toBe(0);
  });

  test('hosts do not know of each other [H88]', async () => {
    const [a, b] = [await startGateServer(), await startGateServer()];
    const { finch } = await startApp({ maxPerHost: 1 });
    const leases = [await finch.checkout(a.url), await finch.checkout(b.url)];

    expect(openSlots(finch, `127.0.0.1:${a.port}`)).toBe(1);
    expect(openSlots(finch, `127.0.0.1:${b.port}`)).toBe(1);
    for (const lease of leases) lease.release();
  });

  test('stopping a pool with a request in flight gives its slots back [H20]', async () => {
    const { ask, finch, pool, server } = await startPoolApp();
    const held = rejection(ask('/hold'));
    await server.holds(1);
    expect(openSlots(finch)).toBe(1);

    await finch.stopPool(pool, { grace: 0 });
    await held;

    expect(openSlots(finch)).toBe(0);
  });
});

test("strict mode: whenFull 'fail' refuses at once, and serves when there is room [H74]", async () => {
  const { ask, finch, server, pool } = await startPoolApp({ size: 1, whenFull: 'fail' });
  const first = ask('/hold');
  await server.holds(1);

  expect(await rejection(finch.checkout(pool))).toMatchObject({ code: 'ERR_FINCH_QUEUE_FULL' });
  server.release();
  await first;
  expect((await ask('/now')).status).toBe(200);
});

test('an idle connection that dies while it is about to be used is replaced [H23] [H34]', async () => {
  using _ = captureCrashReports();
  const { ask, finch, pool, server } = await startPoolApp();
  for (let round = 0; round < 10; round++) {
    await ask('/now');
    const [pid] = await connectionsOf(finch, pool.key);
    if (pid !== undefined) exit(pid, 'kill');
    expect((await ask('/now')).status).toBe(200);
  }
  expect(server.requests).toHaveLength(20);
});

test('what strangers send does not harm a pool: it stays as it is', async () => {
  const { ask, finch, pool, server } = await startPoolApp();
  const shard = finch.getPoolStatus(pool)[0]?.pid;
  if (shard === undefined) throw new Error('no shard');
  for (const message of ['hello', { type: 'DOWN' }, undefined, 5, ['drain']]) send(shard, message);
  spawn(() => {
    trapExit();
    exit(shard, 'shutdown');
    exit(shard, 'normal');
  });
  await settle();

  expect((await ask('/now')).status).toBe(200);
  expect(finch.getPoolStatus(pool)[0]?.pid).toBe(shard);
  expect(server.connections).toBe(1);
  expect(Finch.get(finch.name).name).toBe(finch.name);
});

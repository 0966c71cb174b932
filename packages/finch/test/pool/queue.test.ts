import { startHttp1Server } from '@linnet/mint/testing';
import { exit, spawn, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  ConnectError,
  ConnectTimeoutError,
  Finch,
  Pool,
  PoolTimeoutError,
  QueueFullError,
} from '../../src/index.ts';
import { openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startGateServer } from '../support/gate-server.ts';
import { connectionsOf, shardOf, startPoolApp } from '../support/pool-app.ts';

describe('the queue', () => {
  test('does not serve out of the order of arrival [E20]', async () => {
    const { ask, server, figures } = await startPoolApp({ size: 1 });
    const first = ask('/hold/0');
    await server.holds(1);
    const waiting = [1, 2, 3, 4].map((number) => ask(`/hold/${number}`));
    await figures({ queued: 4 });

    for (let number = 0; number < 5; number++) {
      await server.holds(1);
      server.release();
    }
    await Promise.all([first, ...waiting]);

    expect(server.requests).toEqual([0, 1, 2, 3, 4].map((number) => `/hold/${number}`));
    expect(server.connections).toBe(1);
  });

  test('hands a connection on inside the end of a response, without letting it rest', async () => {
    const { ask, server, figures, shard } = await startPoolApp({ size: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const second = ask('/now');
    await figures({ queued: 1 });
    let idleAtEnd: number | undefined;
    const ended = first.then(() => (idleAtEnd = shard.idleCount));

    server.release();
    await Promise.all([ended, second]);

    expect(idleAtEnd).toBe(0);
    expect(shard.checkouts).toBe(2);
  });

  test('is bounded by maxQueue: one more fails at once, with the figures', async () => {
    const { ask, server, figures, pool } = await startPoolApp({ size: 1, maxQueue: 2 });
    const first = ask('/hold');
    await server.holds(1);
    const queued = [ask('/now'), ask('/now')];
    await figures({ queued: 2 });

    const error = await rejection(ask('/now'));

    expect(error).toBeInstanceOf(QueueFullError);
    expect(error).toMatchObject({
      code: 'ERR_FINCH_QUEUE_FULL',
      pool: pool.key,
      origin: pool.origin,
      maxQueue: 2,
      whenFull: 'queue',
      size: 1,
      inUse: 1,
      idle: 0,
      connecting: 0,
      queued: 2,
    });
    server.release();
    await Promise.all([first, ...queued]);
  });

  test('does not count those for whom a connection is being opened', async () => {
    const { ask, server } = await startPoolApp({ size: 4, maxQueue: 0 });

    const answers = [ask('/hold'), ask('/hold'), ask('/hold'), ask('/hold')];
    await server.holds(4);
    expect(await rejection(ask('/now'))).toBeInstanceOf(QueueFullError);
    server.release();

    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  test("fails at once when the pool is full with whenFull 'fail' [H19]", async () => {
    const { ask, server, pool } = await startPoolApp({ size: 1, whenFull: 'fail' });
    const first = ask('/hold');
    await server.holds(1);

    const error = await rejection(ask('/now'));

    expect(error).toBeInstanceOf(QueueFullError);
    expect(error).toMatchObject({ pool: pool.key, whenFull: 'fail', inUse: 1, queued: 0 });
    server.release();
    await first;
    expect((await ask('/now')).status).toBe(200);
  });

  test("opens another connection with whenFull 'overflow', and closes it after its use [H18]", async () => {
    const { ask, server, figures, finch } = await startPoolApp({ size: 1, whenFull: 'overflow' });

    const answers = [ask('/hold'), ask('/hold'), ask('/hold')];
    await server.holds(3);
    await figures({ inUse: 3, size: 1 });
    expect(openSlots(finch)).toBe(3);
    server.release();
    await Promise.all(answers);

    await figures({ inUse: 0, idle: 1 });
    await eventually(async () => expect(await server.sockets()).toBe(1));
    expect(openSlots(finch)).toBe(1);
  });

  test('leaving it from any place costs the same, and the others go on', async () => {
    const { ask, server, figures } = await startPoolApp({ size: 1 });
    const first = ask('/hold');
    await server.holds(1);
    const controllers = Array.from({ length: 5 }, () => new AbortController());
    const waiting = controllers.map(({ signal }, number) => ask(`/now/${number}`, { signal }));
    await figures({ queued: 5 });

    for (const number of [2, 0, 4]) controllers[number]?.abort();
    await figures({ queued: 2 });
    server.release();
    const outcomes = await Promise.allSettled([first, ...waiting]);

    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
    ]);
    expect(server.requests).toEqual(['/hold', '/now/1', '/now/3']);
  });

  test('ten thousand waiters whose bodies cannot be made do not overflow the stack', async () => {
    const { finch, server, figures } = await startPoolApp({ size: 1, maxQueue: 'infinity' });
    const first = finch.get(`${server.url}/hold`, { receiveTimeout: 'infinity' });
    await server.holds(1);
    const body = (): never => {
      throw new TypeError('no body');
    };
    const failing = Array.from({ length: 10_000 }, () =>
      rejection(finch.post(`${server.url}/now`, body, { poolTimeout: 'infinity' })),
    );
    await figures({ queued: 10_000 });

    server.release();
    await first;

    expect(new Set((await Promise.all(failing)).map(({ message }) => message)).size).toBe(1);
    await figures({ inUse: 0, idle: 1, queued: 0 });
    expect(server.connections).toBe(1);
  });
});

describe('a slot that becomes free', () => {
  test('does not stay unused when the holder is killed: the oldest waiter has it at once [D1]', async () => {
    using _ = captureCrashReports();
    const { finch, ask, server, figures } = await startPoolApp({ size: 1 });
    const holder = spawn(() => finch.get(`${server.url}/hold`));
    await server.holds(1);
    const waiting = ask('/now', { poolTimeout: 'infinity' });
    await figures({ queued: 1 });

    exit(holder, 'kill');

    expect((await waiting).status).toBe(200);
    await figures({ idle: 1, inUse: 0 });
  });

  test('does not stay unused when a request on it is aborted [D1]', async () => {
    const { ask, server, figures } = await startPoolApp({ size: 1 });
    const controller = new AbortController();
    const first = rejection(ask('/hold', { signal: controller.signal }));
    await server.holds(1);
    const waiting = ask('/now', { poolTimeout: 'infinity' });
    await figures({ queued: 1 });

    controller.abort();

    expect((await waiting).status).toBe(200);
    await first;
  });

  test('does not stay unused when its connection is killed [D1]', async () => {
    using _ = captureCrashReports();
    const { finch, ask, server, figures, pool } = await startPoolApp({ size: 1 });
    const first = rejection(ask('/hold'));
    await server.holds(1);
    const waiting = ask('/now', { poolTimeout: 'infinity' });
    await figures({ queued: 1 });
    const [connection] = await connectionsOf(finch, pool.key);

    exit(connection as Pid, 'kill');

    expect((await waiting).status).toBe(200);
    expect(await first).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED' });
  });

  test('does not stay unused when the opening of a connection fails: the next one tries', async () => {
    // The first connection is refused in the handshake, the second is not answered at all.
    const server = await startHttp1Server((peer, index) => {
      if (index === 0) peer.resetConnection();
    });
    onTestFinished(() => server.close());
    const { finch } = await startApp({
      pools: {
        default: {
          size: 1,
          protocols: ['http1'],
          connOpts: { connectTimeout: 100, tls: { rejectUnauthorized: false } },
        },
      },
    });
    const url = `https://127.0.0.1:${server.port}/`;

    const errors = await Promise.all([rejection(finch.get(url)), rejection(finch.get(url))]);

    expect(errors[0]).toMatchObject({ phase: 'connect' });
    expect(errors[1]).toBeInstanceOf(ConnectTimeoutError);
    expect(server.peers).toHaveLength(2);
    expect(openSlots(finch)).toBe(0);
  });

  test('everybody hears of a server that refuses, long before poolTimeout', async () => {
    const server = await startHttp1Server();
    await server.close();
    const { finch } = await startApp({ pools: { default: { size: 2 } } });

    const errors = await Promise.all(
      Array.from({ length: 20 }, () =>
        rejection(finch.get(`http://127.0.0.1:${server.port}/`, { poolTimeout: 'infinity' })),
      ),
    );

    for (const error of errors) {
      expect(error).toBeInstanceOf(ConnectError);
      expect(error).toMatchObject({
        reason: 'ECONNREFUSED',
        pool: `http://127.0.0.1:${server.port}`,
        requestSent: false,
      });
    }
    expect(openSlots(finch)).toBe(0);
  });
});

describe('opening connections', () => {
  test('does not block the pool: others are served meanwhile [E2]', async () => {
    const clock = new TestClock().install(onTestFinished);
    const server = await startGateServer();
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const { finch } = await startApp({
      pools: { default: { connOpts: { connectTimeout: 300, tls: { rejectUnauthorized: false } } } },
    });
    const dialling = rejection(finch.get(`https://127.0.0.1:${silent.port}/`));
    await silent.peer(0);
    const key = `https://127.0.0.1:${silent.port}`;

    // The same pool answers, and another one serves.
    expect(finch.getPoolStatus(key)[0]).toMatchObject({ connecting: 1, inUse: 0, queued: 0 });
    expect((await finch.get(`${server.url}/now`)).status).toBe(200);
    await clock.advance(300);
    expect(await dialling).toBeInstanceOf(ConnectTimeoutError);
  });

  test('does not lose a late connection: it is idle when its requester is gone [E3]', async () => {
    const { ask, server, figures, shard } = await startPoolApp({ size: 2 });
    const controller = new AbortController();
    const gone = rejection(ask('/now', { signal: controller.signal }));
    expect(shard.figures).toMatchObject({ connecting: 1 });

    controller.abort();
    await gone;

    await figures({ idle: 1, inUse: 0, connecting: 0 });
    expect((await ask('/now')).status).toBe(200);
    expect(server.connections).toBe(1);
    expect(server.requests).toEqual(['/now']);
  });

  test('a lease that was asked for in vain leaves its connection to the next one [E3] [H16]', async () => {
    const { finch, pool, ask, server, figures } = await startPoolApp({ size: 1 });
    const controller = new AbortController();
    const lease = rejection(finch.checkout(pool, { signal: controller.signal }));
    const waiting = ask('/now');
    controller.abort();

    expect(await lease).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED', phase: 'connect' });
    expect((await waiting).status).toBe(200);
    await figures({ idle: 1 });
    expect(server.connections).toBe(1);
  });

  test('whoever waits longest has the first connection, whomever it was opened for', async () => {
    const order: string[] = [];
    const { finch, pool, server } = await startPoolApp({ size: 2 });
    const first = finch.checkout(pool);
    const second = finch.checkout(pool);
    void first.then(() => order.push('first'));
    void second.then(() => order.push('second'));

    const leases = await Promise.all([first, second]);

    for (const lease of leases) lease.release();
    expect(order).toEqual(['first', 'second']);
    await eventually(() => expect(server.connections).toBe(2));
  });

  test('one who takes a connection that another gave back leaves its own dial to the idle ones', async () => {
    const silent = await startHttp1Server();
    onTestFinished(() => silent.close());
    const { finch, name } = await startApp();
    const pool = Pool.new(`http://127.0.0.1:${silent.port}`);
    const lease = await finch.checkout(pool);
    const shard = shardOf(Finch.get(name), pool.key);
    const waiting = finch.checkout(pool);
    expect(shard.figures).toMatchObject({ inUse: 1, connecting: 1, queued: 0 });

    lease.release();
    const second = await waiting;

    expect(second.connection).toBe(lease.connection);
    await eventually(() => expect(shard.figures).toMatchObject({ inUse: 1, idle: 1 }));
    second.release();
  });
});

test('one misbehaving server does not slow another one down', async () => {
  const clock = new TestClock().install(onTestFinished);
  const good = await startGateServer();
  // It never answers; with ten connections each, its callers queue up.
  const bad = await startHttp1Server();
  onTestFinished(() => bad.close());
  const { finch } = await startApp({ pools: { default: { size: 10 } } });
  const stuck = Array.from({ length: 200 }, () =>
    rejection(
      finch.get(`http://127.0.0.1:${bad.port}/`, { receiveTimeout: 300, poolTimeout: 500 }),
    ),
  );

  let answered = 0;
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => finch.get(`${good.url}/now`)),
    );
    answered += answers.filter(({ status }) => status === 200).length;
  }

  expect(answered).toBe(400);
  await eventually(() => expect(bad.peers).toHaveLength(10));
  const ended = Promise.all(stuck);
  let isOver = false;
  void ended.then(() => (isOver = true));
  // Until those have ended, too, that got a connection when the first ones gave up.
  await eventually(async () => {
    await clock.advance(100);
    expect(isOver).toBe(true);
  });
  const codes = new Set((await ended).map((error) => (error as { code?: string }).code));
  expect(codes).toEqual(new Set(['ERR_FINCH_POOL_TIMEOUT', 'ERR_FINCH_RECEIVE_TIMEOUT']));
  await settle();
  expect(openSlots(finch, `127.0.0.1:${bad.port}`)).toBe(0);
});

test('a caller who waits too long is told by whom it was kept [F32]', async () => {
  const { ask, server, pool } = await startPoolApp({ size: 1 });
  const first = ask('/hold');
  await server.holds(1);

  const error = await rejection(ask('/now', { poolTimeout: 0 }));

  expect(error).toBeInstanceOf(PoolTimeoutError);
  expect(error).toMatchObject({
    code: 'ERR_FINCH_POOL_TIMEOUT',
    pool: pool.key,
    origin: pool.origin,
    phase: 'queue',
    limit: 0,
    size: 1,
    inUse: 1,
    idle: 0,
    connecting: 0,
    queued: 1,
  });
  server.release();
  await first;
  expect((await ask('/now', { poolTimeout: 0 })).status).toBe(200);
});

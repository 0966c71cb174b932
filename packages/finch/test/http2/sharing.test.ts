/** Connections that carry many requests: when one is opened, who is given it, and when it ends. */
import { createAuthority, startHttp1Server } from '@linnet/mint/testing';
import { exit, isAlive, spawn } from '@linnet/otp';
import { captureCrashReports, eventually, inProcess, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pool, PoolNotFoundError, type PoolOptions } from '../../src/index.ts';
import { openSlots, startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startGateServer } from '../support/gate-server.ts';
import type { Http2Options } from '../../../mint/test/support/http-server.ts';
import { connectionsOf, startPoolApp } from '../support/pool-app.ts';

const authority = createAuthority();
const tls = { ...authority.issue(['localhost']) };
const trusting = { connOpts: { tls: { ca: authority.ca } } };

/** An instance with a pool on a server that speaks HTTP/2 without TLS. */
const startH2c = (pool: PoolOptions = {}, http2: Http2Options = {}) =>
  startPoolApp({ protocols: ['http2'], ...pool }, {}, { http2 });

/** The same over TLS, where ALPN selects the protocol. */
const startTls = (pool: PoolOptions = {}, http2?: Http2Options) =>
  startPoolApp({ ...trusting, ...pool }, {}, { tls, ...(http2 === undefined ? {} : { http2 }) });

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe('the first connection', () => {
  test('does not become many: it is one, for a burst of 1,000 requests [E5]', async () => {
    const { ask, server, shard } = await startTls({}, {});
    const answers = await Promise.all(times(1000, () => ask('/now', { poolTimeout: 'infinity' })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(server.connections).toBe(1);
    expect(shard.figures).toMatchObject({ inUse: 0, inFlight: 0, idle: 1, queued: 0 });
  });

  test('does not fail those who ask before it is open [D15] [F166]', async () => {
    for (const waitForServerSettings of [false, true]) {
      const { ask, server } = await startH2c({ http2: { waitForServerSettings } });
      const answers = await Promise.all([ask(), ask(), ask()]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(server.connections).toBe(1);
    }
  });

  test('that cannot be opened is told to all who waited for it', async () => {
    const server = await startHttp1Server();
    await server.close();
    const { finch } = await startApp({ pools: { default: { protocols: ['http2'] } } });
    const errors = await Promise.all(
      times(50, () => rejection(finch.get(`http://127.0.0.1:${server.port}/`))),
    );
    for (const error of errors) expect(error).toMatchObject({ reason: 'ECONNREFUSED' });
    expect(openSlots(finch)).toBe(0);
  });

  test('that is killed while it is opened is opened anew, for all who waited for it', async () => {
    using _crashes = captureCrashReports();
    const { finch, pool, ask, server, figures } = await startTls({}, {});
    const answers = Promise.all(times(20, () => ask()));
    await figures({ connecting: 1 });
    const [connection] = await connectionsOf(finch, pool.key);
    exit(connection as never, 'kill');
    for (const { status } of await answers) expect(status).toBe(200);
    expect(server.requests).toHaveLength(20);
  });

  test('waits for SETTINGS no longer than connectTimeout', async () => {
    // It accepts, and says nothing at all.
    const server = await startHttp1Server();
    const { finch } = await startApp({
      pools: {
        default: {
          protocols: ['http2'],
          connOpts: { connectTimeout: 100 },
          http2: { waitForServerSettings: true },
        },
      },
    });
    const errors = await Promise.all(
      times(3, () => rejection(finch.get(`http://127.0.0.1:${server.port}/`))),
    );
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECT_TIMEOUT' });
    expect(openSlots(finch)).toBe(0);
    await server.close();
  });
});

describe('the protocol', () => {
  test('is HTTP/2 where ALPN offers it, and HTTP/1.1 where not, in one kind of pool [F56] [F117]', async () => {
    for (const [http2, protocol] of [
      [{}, 'http2'],
      [undefined, 'http1'],
    ] as const) {
      const { finch, pool, ask } = await startTls({}, http2);
      expect((await ask()).status).toBe(200);
      const lease = await finch.checkout(pool);
      expect(lease.protocol).toBe(protocol);
      lease.release();
    }
  });

  test('is what the pool restricts it to [F117] [F122]', async () => {
    const first = await startTls({ protocols: ['http1'] }, {});
    const lease = await first.finch.checkout(first.pool);
    expect(lease.protocol).toBe('http1');
    lease.release();

    const second = await startTls({ protocols: ['http2'] });
    const error = await rejection(second.ask());
    expect(error).toMatchObject({ code: 'ERR_FINCH_TLS' });
    expect(second.shard.figures).toMatchObject({ inUse: 0, idle: 0, connecting: 0 });
  });

  test('is HTTP/1.1 without TLS, unless only HTTP/2 may be spoken', async () => {
    for (const [start, protocol] of [
      [() => startPoolApp(), 'http1'],
      [() => startH2c(), 'http2'],
    ] as const) {
      const { finch, pool } = await start();
      const lease = await finch.checkout(pool);
      expect(lease.protocol).toBe(protocol);
      lease.release();
    }
  });

  test('of a server that speaks HTTP/1.1 only costs nobody a connection of his own', async () => {
    const { ask, server, shard } = await startTls({ size: 5 });
    const all = times(5, () => ask('/hold'));
    await server.holds(5);
    expect(shard.figures).toMatchObject({ inUse: 5, inFlight: 5, connecting: 0 });
    server.release();
    await Promise.all(all);
    const again = times(5, () => ask('/hold'));
    await server.holds(5);
    expect(server.connections).toBe(5);
    server.release();
    await Promise.all(again);
  });

  test('is learned anew when the server has changed', async () => {
    const first = await startGateServer({ tls, http2: {} });
    const { port } = first;
    // So that no connection is left when the second server is closed.
    const { finch } = await startApp({ pools: { default: { ...trusting, connMaxIdleTime: 0 } } });
    const ask = () => finch.get(`https://localhost:${port}/now`);
    await Promise.all([ask(), ask()]);
    await first.close();
    await eventually(() => expect(openSlots(finch)).toBe(0));
    expect(await rejection(ask())).toMatchObject({ reason: 'ECONNREFUSED' });
    const second = await startGateServer({ tls, port });
    const held = times(4, () => finch.get(`https://localhost:${port}/hold`));
    await second.holds(4);
    expect(second.connections).toBe(4);
    second.open();
    for (const { status } of await Promise.all(held)) expect(status).toBe(200);
  });
});

describe('the limit of the server', () => {
  test('does not fail requests beyond it: further connections are opened up to size, and then requests queue [D17] [E10] [F165]', async () => {
    const { ask, server, shard, figures } = await startH2c(
      { size: 2 },
      { settings: { maxConcurrentStreams: 2 } },
    );
    // So that the limit is known.
    await ask();
    const all = times(6, () => ask('/hold'));
    await server.holds(4);
    await figures({ inUse: 2, inFlight: 4, queued: 2, connecting: 0 });
    expect(server.connections).toBe(2);
    server.release(1);
    await figures({ inFlight: 4, queued: 1 });
    await server.holds(4);
    server.open();
    for (const { status } of await Promise.all(all)) expect(status).toBe(200);
    expect(shard.figures).toMatchObject({ inUse: 0, inFlight: 0, idle: 2, queued: 0 });
  });

  test('that is smaller than was assumed costs no request, whoever was refused', async () => {
    const { ask, server } = await startH2c({ size: 1 }, { settings: { maxConcurrentStreams: 3 } });
    server.open();
    const answers = await Promise.all(times(80, () => ask('/any')));
    for (const { status } of answers) expect(status).toBe(200);
    expect(server.connections).toBe(1);
  });

  test('can be lowered by the pool', async () => {
    const { ask, server, shard } = await startH2c({ size: 1, http2: { maxConcurrentStreams: 2 } });
    const all = times(3, () => ask('/hold'));
    await server.holds(2);
    expect(shard.figures).toMatchObject({ inUse: 1, inFlight: 2, queued: 1 });
    server.open();
    await Promise.all(all);
  });

  test('bounds the queue as on HTTP/1.1: poolTimeout, maxQueue, whenFull', async () => {
    const settings = { maxConcurrentStreams: 1 };
    const queueing = await startH2c({ size: 1, maxQueue: 1 }, { settings });
    await queueing.ask();
    const held = queueing.ask('/hold');
    await queueing.server.holds(1);
    const waiting = rejection(queueing.ask('/', { poolTimeout: 30 }));
    expect(await rejection(queueing.ask())).toMatchObject({ code: 'ERR_FINCH_QUEUE_FULL' });
    expect(await waiting).toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT', inFlight: 1, size: 1 });
    queueing.server.open();
    await held;

    const failing = await startH2c({ size: 1, whenFull: 'fail' }, { settings });
    await failing.ask();
    const busy = failing.ask('/hold');
    await failing.server.holds(1);
    expect(await rejection(failing.ask())).toMatchObject({ code: 'ERR_FINCH_QUEUE_FULL' });
    failing.server.open();
    await busy;
  });
});

describe('a shared connection', () => {
  test('belongs to the pool: it outlives whoever it was opened for [E4]', async () => {
    const { ask, server, finch, pool, figures } = await startH2c();
    const first = spawn(async () => void (await ask('/hold')));
    await server.holds(1);
    const other = ask('/hold');
    await server.holds(2);
    exit(first, 'kill');
    await figures({ inFlight: 1 });
    server.open();
    expect((await other).status).toBe(200);
    expect(server.connections).toBe(1);
    expect(await connectionsOf(finch, pool.key)).toHaveLength(1);
  });

  test('is a process: killed, it fails what it carries, and a new one is opened', async () => {
    using _crashes = captureCrashReports();
    const { ask, server, finch, pool, figures } = await startH2c();
    const errors = times(3, () => rejection(ask('/hold')));
    await server.holds(3);
    const [connection] = await connectionsOf(finch, pool.key);
    exit(connection as never, 'kill');
    for (const error of await Promise.all(errors)) {
      expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED' });
    }
    await figures({ inUse: 0, inFlight: 0 });
    expect((await ask()).status).toBe(200);
    expect(server.connections).toBe(2);
  });

  test('carries on when one of its callers aborts, times out or dies', async () => {
    const clock = new TestClock().install(onTestFinished);
    const { ask, server, figures } = await startH2c();
    const staying = ask('/stay');
    await server.holds(1);
    const controller = new AbortController();
    const aborted = rejection(ask('/hold', { signal: controller.signal }));
    const timedOut = rejection(ask('/hold', { receiveTimeout: 20 }));
    const late = rejection(ask('/hold', { requestTimeout: 20 }));
    const dead = spawn(async () => void (await ask('/hold')));
    await eventually(() => expect(server.requests).toHaveLength(5));
    controller.abort();
    exit(dead, 'kill');
    await clock.advance(20);
    expect(await aborted).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
    expect(await timedOut).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT' });
    expect(await late).toMatchObject({ code: 'ERR_FINCH_REQUEST_TIMEOUT' });
    await figures({ inUse: 1, inFlight: 1 });
    server.releasePath('/stay');
    expect((await staying).status).toBe(200);
    expect(server.connections).toBe(1);
  });

  test('does not keep its slot from another pool of its server when it is idle [E6]', async () => {
    const { finch, server, ask } = await startH2c({ maxPerHost: 1 });
    await ask();
    const other = Pool.new(server.url, { tag: 'other' });
    await finch.startPool(other, { protocols: ['http2'], maxPerHost: 1 });
    await using lease = await finch.checkout(other);
    expect(isAlive(lease.connection)).toBe(true);
    expect(openSlots(finch)).toBe(1);
  });

  test('that is never idle gives its slot up all the same: it drains when somebody waits for it', async () => {
    const { finch, server, ask, figures } = await startH2c({ maxPerHost: 1 });
    await ask();
    const other = Pool.new(server.url, { tag: 'other' });
    await finch.startPool(other, { protocols: ['http2'], maxPerHost: 1 });
    const first = ask('/first');
    const second = ask('/second');
    await server.holds(2);
    const waiting = finch.checkout(other);
    server.releasePath('/first');
    await first;
    const third = ask('/third');
    await figures({ inFlight: 1, queued: 1 });
    server.releasePath('/second');
    await second;
    const lease = await waiting;
    expect(server.connections).toBe(2);
    lease.release();
    server.open();
    expect((await third).status).toBe(200);
  });

  test('is closed after connMaxIdleTime, from the end of its last request on', async () => {
    const { ask, server, figures } = await startH2c({ connMaxIdleTime: 50 });
    const held = ask('/hold');
    await server.holds(1);
    server.open();
    await held;
    await figures({ idle: 0 });
    await eventually(async () => expect(await server.sockets()).toBe(0));
  });

  test('takes on nobody beyond its age or its number of requests; whoever uses it goes on [F188]', async () => {
    for (const options of [
      { maxRequestsPerConnection: 2 },
      { http2: { maxConnectionAge: 20 } },
    ] satisfies PoolOptions[]) {
      const { ask, server, figures } = await startH2c(options);
      const first = ask('/first');
      const second = ask('/second');
      await server.holds(2);
      await eventually(async () => {
        expect((await ask()).status).toBe(200);
        expect(server.connections).toBeGreaterThan(1);
      });
      server.releasePath('/first');
      server.releasePath('/second');
      expect((await first).status).toBe(200);
      expect((await second).status).toBe(200);
      await figures({ inUse: 0, inFlight: 0 });
    }
  });

  test('that ends with its age spends no restart intensity, in however many shards [D18] [F187] [F189]', async () => {
    const { ask, finch, pool, server } = await startH2c({
      count: 5,
      poolStrategy: 'round_robin',
      http2: { maxConnectionAge: 10, maxConnectionAgeJitter: 10 },
    });
    const supervisor = finch.findPool(pool);
    await eventually(async () => {
      await Promise.all(times(5, () => ask()));
      expect(server.connections).toBeGreaterThan(20);
    });
    expect(finch.findPool(pool)).toBe(supervisor);
  });

  test('drains with its pool: what it carries ends within the grace', async () => {
    const { ask, finch, pool, server } = await startH2c();
    const held = times(3, () => ask('/hold'));
    await server.holds(3);
    const stopping = finch.stopPool(pool, { grace: 5000 });
    server.open();
    for (const { status } of await Promise.all(held)) expect(status).toBe(200);
    await stopping;
    expect(openSlots(finch)).toBe(0);
  });
});

describe('figures', () => {
  test('tell connections from the requests that they carry, and return to nothing [F157] [F158] [F159] [F160] [D13]', async () => {
    const { ask, finch, pool, server, figures } = await startH2c({ count: 2, size: 3 });
    await finch.prewarm(pool, 2);
    const five = times(5, () => ask('/hold'));
    await server.holds(5);
    const shards = finch.getPoolStatus(pool);
    const sum = (of: 'inUse' | 'inFlight' | 'idle') =>
      shards.reduce((total, shard) => total + shard[of], 0);
    expect([sum('inUse'), sum('inFlight'), sum('idle')]).toEqual([2, 5, 0]);
    expect(finch.getStats()).toMatchObject({ inUse: 2, inFlight: 5, idle: 0 });
    server.open();
    await Promise.all(five);
    await figures({ inUse: 0, inFlight: 0 });
    expect(finch.getStats()).toMatchObject({ inUse: 0, inFlight: 0, idle: 2, queued: 0 });
  });

  test('are not there where they are not wanted [F157]', async () => {
    const { ask, finch, pool } = await startH2c({ startPoolMetrics: false });
    await ask();
    expect(() => finch.getPoolStatus(pool)).toThrow(PoolNotFoundError);
  });
});

describe('finch.ping', () => {
  test('does not need a connection that is open already: it opens one [F183] [D23]', async () => {
    const { finch, pool, server, shard } = await startH2c();
    expect(await finch.ping(pool)).toBeGreaterThanOrEqual(0);
    expect(await inProcess(() => finch.ping(pool))).toBeGreaterThanOrEqual(0);
    expect(server.connections).toBe(1);
    expect(shard.figures).toMatchObject({ inUse: 0, inFlight: 0, idle: 1 });
  });

  test('is refused on HTTP/1.1, and tells of a server that is not there [F184]', async () => {
    const { finch, pool, shard } = await startPoolApp();
    expect(await rejection(finch.ping(pool))).toMatchObject({
      code: 'ERR_FINCH_INVALID_REQUEST',
      option: 'pool',
    });
    expect(shard.figures).toMatchObject({ inUse: 0 });
    const server = await startHttp1Server();
    await server.close();
    expect(await rejection(finch.ping(`http://127.0.0.1:${server.port}`))).toMatchObject({
      reason: 'ECONNREFUSED',
    });
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await rejection(finch.ping(pool, { signal }))).toMatchObject({
      code: 'ERR_FINCH_REQUEST_CANCELLED',
    });
    expect(await rejection(finch.ping(pool, { timeout: -1 }))).toMatchObject({
      code: 'ERR_FINCH_OPTIONS',
    });
  });
});

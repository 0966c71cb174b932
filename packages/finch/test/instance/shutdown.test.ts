/** Stopping in order: what is in flight ends, what waits is told, nothing is left. */
import { isAlive } from '@linnet/otp';
import { eventually, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, isFinchError, Pool, type PoolStrategy } from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startGateServer } from '../support/gate-server.ts';
import { shardOf, startPoolApp } from '../support/pool-app.ts';

describe('supervisor.stop()', () => {
  test('lets what is in flight end, with instance and user pool in one list', async () => {
    const server = await startGateServer();
    const pool = Pool.new(server.url, { tag: 'mine' });
    const { finch, supervisor } = await startApp({
      children: (name) => [Pool.childSpec({ finch: name, pool })],
    });
    const mine = Finch.build('GET', `${server.url}/hold`, undefined, undefined, {
      poolTag: 'mine',
    });
    const answers = [
      finch.request(mine),
      finch.get(`${server.url}/hold`),
      finch.get(`${server.url}/head`),
    ];
    await server.holds(3);

    const stopped = supervisor.stop();
    await settle();
    expect(isAlive(supervisor.pid)).toBe(true);
    server.releasePath('/hold');
    await answers[0];
    await settle();
    server.release();

    expect((await Promise.all(answers)).map((answer) => answer.text())).toEqual([
      'OK',
      'OK',
      'first last',
    ]);
    await stopped;
    expect(isAlive(supervisor.pid)).toBe(false);
  });

  test('tells those who wait at once, with a typed error', async () => {
    const { ask, supervisor, server, figures } = await startPoolApp({ size: 1 });
    const held = ask('/hold');
    await server.holds(1);
    const waiting = [1, 2, 3].map(() => rejection(ask('/now', { poolTimeout: 'infinity' })));
    await figures({ queued: 3 });

    const stopped = supervisor.stop();
    const errors = await Promise.all(waiting);

    for (const error of errors) {
      expect(isFinchError(error)).toBe(true);
      expect(error).toMatchObject({ code: 'ERR_FINCH_INSTANCE_NOT_FOUND' });
    }
    server.release();
    expect((await held).status).toBe(200);
    await stopped;
    expect(server.requests).toEqual(['/hold']);
  });

  test('does not wait longer than the grace period of 5 s', async () => {
    const clock = new TestClock().install(onTestFinished);
    const { ask, supervisor, server, pool, finch } = await startPoolApp();
    const held = rejection(ask('/hold', { receiveTimeout: 'infinity' }));
    await server.holds(1);
    const lease = await finch.checkout(pool);

    const stopped = supervisor.stop();
    await clock.advance(4999);
    expect(isAlive(supervisor.pid)).toBe(true);
    await clock.advance(1);
    await stopped;

    expect(await held).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED', pool: pool.key });
    expect(await rejection(lease.request('/now'))).toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
    });
    expect(lease.release()).toBe(true);
  });

  test('does not wait for connections that are being opened for nobody', async () => {
    const { ask, supervisor } = await startPoolApp();
    const controller = new AbortController();
    const gone = rejection(ask('/now', { signal: controller.signal }));
    controller.abort();
    await gone;

    await supervisor.stop();
    expect(isAlive(supervisor.pid)).toBe(false);
  });
});

describe('stopPool', () => {
  test('lets what is in flight end [D24]', async () => {
    const { ask, finch, pool, server } = await startPoolApp();
    await ask();
    const reused = ask('/hold');
    const fresh = ask('/hold');
    await server.holds(2);

    const stopped = finch.stopPool(pool);
    await settle();
    expect(finch.listPools()[0]?.status).toBe('stopping');
    expect(finch.findPool(pool)).toBeUndefined();
    server.release();

    expect((await Promise.all([reused, fresh])).map(({ status }) => status)).toEqual([200, 200]);
    await stopped;
    expect(finch.listPools()).toEqual([]);
  });

  test('serves those who wait already; new requests start the pool anew', async () => {
    const { ask, finch, pool, server, figures } = await startPoolApp({ size: 1 });
    const held = ask('/hold');
    await server.holds(1);
    const waiting = ask('/hold');
    await figures({ queued: 1 });

    const stopped = finch.stopPool(pool);
    const late = ask('/now');
    await settle();
    server.release();
    await held;
    await server.holds(1);
    server.release();

    expect((await waiting).status).toBe(200);
    await stopped;
    expect((await late).status).toBe(200);
    // With the options under which it was declared.
    expect(shardOf(finch, pool.key).size).toBe(1);
  });

  test('with grace 0 ends at once', async () => {
    // Its time stands still: nothing may wait for it.
    new TestClock().install(onTestFinished);
    const { ask, finch, pool, server } = await startPoolApp();
    const held = rejection(ask('/hold'));
    await server.holds(1);

    await finch.stopPool(pool, { grace: 0 });

    expect(await held).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED', pool: pool.key });
    expect(finch.listPools()).toEqual([]);
  });

  test('called twice stops once', async () => {
    const { ask, finch, pool, server } = await startPoolApp();
    const held = ask('/hold');
    await server.holds(1);

    const stops = [finch.stopPool(pool), finch.stopPool(pool)];
    server.release();
    await held;

    expect(await Promise.all(stops)).toEqual([undefined, undefined]);
  });

  test('by URL, by parts or by value stops that pool only [F70] [F74] [F100] [F101]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp();
    const tags = ['default', 'api', 'web'];
    const start = () =>
      Promise.all(
        tags.map((tag) =>
          finch.request(
            Finch.build('GET', `${server.url}/now`, undefined, undefined, { poolTag: tag }),
          ),
        ),
      );
    await start();

    await finch.stopPool(server.url);
    expect(finch.listPools()).toHaveLength(2);
    await finch.stopPool(Pool.new(server.url, { tag: 'api' }));
    expect(finch.listPools().map(({ pool }) => pool.tag)).toEqual(['web']);
    await start();
    await finch.stopPool(['http', '127.0.0.1', server.port]);
    expect(finch.listPools()).toHaveLength(2);
  });

  test('under load no request is lost', async () => {
    const { ask, finch, pool } = await startPoolApp({ size: 2 });
    let over = false;
    let answered = 0;
    const strategy: PoolStrategy = 'least_busy';
    const callers = Array.from({ length: 10 }, async () => {
      while (!over) {
        expect((await ask('/now', { poolStrategy: strategy })).status).toBe(200);
        answered++;
      }
    });
    for (let round = 0; round < 10; round++) {
      const before = answered;
      await eventually(() => expect(answered).toBeGreaterThan(before + 20));
      await finch.stopPool(pool).catch(() => {});
    }
    over = true;

    await Promise.all(callers);
    expect(answered).toBeGreaterThan(200);
  });
});

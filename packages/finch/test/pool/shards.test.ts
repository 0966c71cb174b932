/** Pools with several shards: which one serves, and changing their number. */
import { exit, spawn } from '@linnet/otp';
import { captureCrashReports, eventually, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, Pool, type PoolStrategy, type ShardLoad } from '../../src/index.ts';
import { requireInstance } from '../../src/instance/instance.ts';
import { openSlots } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { shardOf, startPoolApp } from '../support/pool-app.ts';

describe('strategies', () => {
  /** How many of `count` sequential requests each shard served. */
  async function served(poolStrategy: PoolStrategy | undefined, count: number, shards = 3) {
    const { ask, finch, pool } = await startPoolApp({ count: shards });
    for (let left = count; left > 0; left--) {
      const options = poolStrategy === undefined ? {} : { poolStrategy };
      expect((await ask('/now', options)).status).toBe(200);
    }
    return finch.getPoolStatus(pool).map(({ checkouts }) => checkouts);
  }

  test('all serve without one being named [F88] [F4]', async () => {
    const { finch, pool, server } = await startPoolApp({ count: 3 });
    const leases = await Promise.all(Array.from({ length: 9 }, () => finch.checkout(pool)));

    // The least busy one each time, also while all of them are still connecting.
    expect(finch.getPoolStatus(pool).map(({ inUse }) => inUse)).toEqual([3, 3, 3]);
    for (const lease of leases) lease.release();
    expect((await finch.get(`${server.url}/now`)).status).toBe(200);
  });

  test("'round_robin' takes each in turn [F90] [F92] [F201] [F202]", async () => {
    expect(await served('round_robin', 7)).toEqual([3, 2, 2]);
  });

  test("'random' takes any [F199] [F200]", async () => {
    const { ask, finch, pool } = await startPoolApp({ count: 3, poolStrategy: 'random' });
    const numbers = [0.99, 0.1, 0.5, 0.34];
    requireInstance(finch.name).random = () => numbers.shift() ?? 0;

    for (let request = 0; request < 4; request++) await ask();

    expect(finch.getPoolStatus(pool).map(({ checkouts }) => checkouts)).toEqual([1, 2, 1]);
  });

  test('{ hash: key } takes the same one for a key, and several for many [F89] [F204] [F205] [F206] [F207]', async () => {
    expect((await served({ hash: 'user 1' }, 5)).toSorted((a, b) => a - b)).toEqual([0, 0, 5]);
    const { ask, finch, pool } = await startPoolApp({ count: 3 });
    for (let key = 0; key < 20; key++) await ask('/now', { poolStrategy: { hash: key } });
    const used = finch.getPoolStatus(pool).filter(({ checkouts }) => checkouts > 0);

    expect(used.length).toBeGreaterThanOrEqual(2);
  });

  test("'hash' takes the same one for a calling process [F203]", async () => {
    const { finch, pool, server } = await startPoolApp({ count: 4, poolStrategy: 'hash' });
    const done: Promise<void>[] = [];
    for (let caller = 0; caller < 6; caller++) {
      done.push(
        new Promise((resolve) => {
          spawn(async () => {
            for (let round = 0; round < 3; round++) await finch.get(`${server.url}/now`);
            resolve();
          });
        }),
      );
    }
    await Promise.all(done);

    const counts = finch.getPoolStatus(pool).map(({ checkouts }) => checkouts);
    expect(counts.every((count) => count % 3 === 0)).toBe(true);
    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(1);
  });

  test('a function chooses by what it is shown [F91]', async () => {
    const shown: (readonly ShardLoad[])[] = [];
    const last: PoolStrategy = (shards) => {
      shown.push(shards);
      return shards.length - 1;
    };

    expect(await served(last, 4)).toEqual([0, 0, 4]);
    expect(shown[0]).toEqual(
      [0, 1, 2].map((index) => ({ index, inUse: 0, inFlight: 0, idle: 0, queued: 0 })),
    );
    expect(shown[1]?.[2]).toEqual({ index: 2, inUse: 0, inFlight: 0, idle: 1, queued: 0 });
  });

  test.each([Number.NaN, -1, 99, undefined])(
    'a function that gives no shard (%s) has the least busy one taken',
    async (index) => {
      expect((await served(() => index as number, 3)).toSorted((a, b) => a - b)).toEqual([0, 0, 3]);
    },
  );

  test('is not asked when there is one shard [F93]', async () => {
    const never: PoolStrategy = () => {
      throw new Error('asked');
    };

    expect(await served(never, 3, 1)).toEqual([3]);
  });

  test('of a request comes before that of the pool', async () => {
    const { ask, finch, pool } = await startPoolApp({ count: 2, poolStrategy: () => 0 });
    await ask('/now', { poolStrategy: () => 1 });
    await ask('/now');

    expect(finch.getPoolStatus(pool).map(({ checkouts }) => checkouts)).toEqual([1, 1]);
  });

  test('fifty first requests at once find exactly the configured shards [F9]', async () => {
    const { ask, finch, pool } = await startPoolApp({ count: 5, size: 5 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('/now')));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(finch.getPoolCount(pool)).toBe(5);
    expect(finch.getPoolStatus(pool)).toHaveLength(5);
  });

  test('the others serve while one is down', async () => {
    using _ = captureCrashReports();
    const { ask, finch, pool } = await startPoolApp({ count: 2 });
    const [first] = finch.getPoolStatus(pool);
    if (first !== undefined) exit(first.pid, 'kill');

    expect((await ask('/now')).status).toBe(200);
    await settle();
    expect(finch.getPoolStatus(pool)).toHaveLength(2);
  });

  test('who waits in a shard that dies goes to another one, at once', async () => {
    using _ = captureCrashReports();
    const { ask, finch, pool, server } = await startPoolApp({ count: 2, size: 1 });
    const held = rejection(ask('/hold', { poolStrategy: () => 0 }));
    await server.holds(1);
    const waiting = ask('/now', { poolStrategy: { hash: 0 }, poolTimeout: 'infinity' });
    const queued = ask('/now', { poolStrategy: () => 0, poolTimeout: 'infinity' });
    await eventually(() => expect(shardOf(finch, pool.key).queued).toBeGreaterThan(0));
    const [first] = finch.getPoolStatus(pool);

    if (first !== undefined) exit(first.pid, 'kill');

    expect((await queued).status).toBe(200);
    expect((await waiting).status).toBe(200);
    await held;
  });
});

describe('setPoolCount', () => {
  test('adds shards, which serve at once [F104] [F102]', async () => {
    const { ask, finch, pool } = await startPoolApp({ size: 1 });

    await finch.setPoolCount(pool, 3);

    expect(finch.getPoolCount(pool)).toBe(3);
    const leases = await Promise.all([1, 2, 3].map(() => finch.checkout(pool)));
    expect(finch.getPoolStatus(pool).map(({ inUse, poolIndex }) => [poolIndex, inUse])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    for (const lease of leases) lease.release();
    expect((await ask()).status).toBe(200);
  });

  test('takes the last ones away [F105] [F108] [F109] [F111]', async () => {
    const { ask, finch, pool, server } = await startPoolApp({ count: 1 });
    await finch.setPoolCount(pool, 3);
    for (let round = 0; round < 6; round++) await ask('/now', { poolStrategy: 'round_robin' });
    expect(finch.getPoolStatus(pool)).toHaveLength(3);

    await finch.setPoolCount(pool, 2);

    expect(finch.getPoolStatus(pool).map(({ poolIndex }) => poolIndex)).toEqual([1, 2]);
    expect(finch.getPoolCount(pool)).toBe(2);
    await finch.setPoolCount(pool, 1);
    expect(finch.getPoolStatus(pool)).toHaveLength(1);
    expect(openSlots(finch)).toBe(1);
    await eventually(async () => expect(await server.sockets()).toBe(1));
    expect((await ask()).status).toBe(200);
  });

  test('to the same number changes nothing [F106]', async () => {
    const { finch, pool } = await startPoolApp({ count: 2 });
    const before = finch.getPoolStatus(pool).map(({ pid }) => pid);

    await finch.setPoolCount(pool, 2);

    expect(finch.getPoolStatus(pool).map(({ pid }) => pid)).toEqual(before);
  });

  test('does not abort what is in flight in a shard that goes [D24]', async () => {
    const { ask, finch, pool, server } = await startPoolApp({ count: 3 });
    const last: PoolStrategy = (shards) => shards.length - 1;
    await ask('/now', { poolStrategy: last });
    const reused = ask('/hold', { poolStrategy: last });
    const fresh = ask('/hold', { poolStrategy: last });
    await server.holds(2);

    const shrunk = finch.setPoolCount(pool, 1);
    await settle();
    expect(finch.getPoolStatus(pool)).toHaveLength(3);
    server.release();

    expect((await reused).status).toBe(200);
    expect((await fresh).status).toBe(200);
    await shrunk;
    expect(finch.getPoolStatus(pool)).toHaveLength(1);
  });

  test('serves those who wait in a shard that goes', async () => {
    const { ask, finch, pool, server } = await startPoolApp({ count: 2, size: 1 });
    const last: PoolStrategy = (shards) => shards.length - 1;
    const held = ask('/hold', { poolStrategy: last });
    await server.holds(1);
    const waiting = ask('/now', { poolStrategy: last });
    await eventually(() => expect(shardOf(finch, pool.key, 1).queued).toBe(1));

    const shrunk = finch.setPoolCount(pool, 1);
    server.release();

    expect((await Promise.all([held, waiting])).map(({ status }) => status)).toEqual([200, 200]);
    await shrunk;
  });

  test('gives up on what does not end within the grace period, with a typed error', async () => {
    const clock = new TestClock().install(onTestFinished);
    const { ask, finch, pool, server } = await startPoolApp({ count: 2, size: 1 });
    const last: PoolStrategy = (shards) => shards.length - 1;
    const held = rejection(ask('/hold', { poolStrategy: last, receiveTimeout: 'infinity' }));
    await server.holds(1);
    const waiting = ask('/now', { poolStrategy: last, poolTimeout: 'infinity' });
    await eventually(() => expect(shardOf(finch, pool.key, 1).queued).toBe(1));

    const shrunk = finch.setPoolCount(pool, 1);
    await clock.advance(5000);
    await clock.advance(5000);
    await shrunk;

    expect(await held).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED', pool: pool.key });
    // It had its place in the queue, and finds another shard.
    expect((await waiting).status).toBe(200);
  });

  test('calls at the same time come one after the other', async () => {
    const { ask, finch, pool } = await startPoolApp({ count: 2 });

    await Promise.all([4, 1, 5, 3].map((count) => finch.setPoolCount(pool, count)));

    expect(finch.getPoolCount(pool)).toBe(3);
    expect(finch.getPoolStatus(pool).map(({ poolIndex }) => poolIndex)).toEqual([1, 2, 3]);
    expect((await ask()).status).toBe(200);
  });

  test('goes through when the caller dies halfway', async () => {
    using _ = captureCrashReports();
    const { ask, finch, pool, server } = await startPoolApp({ count: 3 });
    const held = ask('/hold', { poolStrategy: (shards) => shards.length - 1 });
    await server.holds(1);
    const caller = spawn(() => finch.setPoolCount(pool, 1));
    await settle();
    exit(caller, 'kill');
    server.release();
    await held;

    await eventually(() => expect(finch.getPoolStatus(pool)).toHaveLength(1));
    await finch.setPoolCount(pool, 2);
    expect(finch.getPoolCount(pool)).toBe(2);
  });

  test('of a pool of the user’s works as well', async () => {
    const { finch, name, server, supervisor } = await startPoolApp();
    const mine = Pool.new(server.url, { tag: 'mine' });
    await supervisor.startChild(Pool.childSpec({ finch: name, pool: mine }));

    await finch.setPoolCount(mine, 3);
    expect(finch.getPoolStatus(mine)).toHaveLength(3);
    await finch.setPoolCount(mine, 1);

    expect(finch.getPoolStatus(mine)).toHaveLength(1);
    const request = Finch.build('GET', `${server.url}/now`, undefined, undefined, {
      poolTag: 'mine',
    });
    expect((await finch.request(request)).status).toBe(200);
  });
});

describe('figures', () => {
  test('are those of this moment [F130]', async () => {
    const { ask, finch, pool, server } = await startPoolApp({ size: 50 });
    const answers = Array.from({ length: 20 }, () => ask('/hold'));
    await server.holds(20);

    expect(finch.getPoolStatus(pool)).toMatchObject([
      { poolIndex: 1, size: 50, inUse: 20, available: 30, idle: 0, queued: 0, connecting: 0 },
    ]);
    server.release();
    await Promise.all(answers);
    expect(finch.getPoolStatus(pool)).toMatchObject([{ inUse: 0, available: 50, idle: 20 }]);
  });

  test('of two shards add up [F131]', async () => {
    const { ask, finch, pool, server } = await startPoolApp({ size: 50, count: 2 });
    const answers = Array.from({ length: 20 }, () => ask('/hold'));
    await server.holds(20);
    const sum = (key: 'inUse' | 'available') =>
      finch.getPoolStatus(pool).reduce((total, metrics) => total + metrics[key], 0);

    expect([sum('available'), sum('inUse')]).toEqual([80, 20]);
    server.release();
    await Promise.all(answers);
    expect([sum('available'), sum('inUse')]).toEqual([100, 0]);
  });

  test('do not drift with connections that come and go [F132] [D13]', async () => {
    const clock = new TestClock().install(onTestFinished);
    const { ask, finch, pool, server } = await startPoolApp({ size: 10, connMaxIdleTime: 10 });
    for (let round = 0; round < 3; round++) {
      const answers = Array.from({ length: 8 }, () => ask('/hold'));
      await server.holds(8);
      expect(finch.getPoolStatus(pool)).toMatchObject([{ available: 2, inUse: 8 }]);
      server.release();
      await Promise.all(answers);
      await clock.advance(15);
      expect(finch.getPoolStatus(pool)).toMatchObject([{ available: 10, inUse: 0, idle: 0 }]);
    }
  });

  test('do not drift with requests that fail inside [F133] [D13]', async () => {
    const { finch, pool, server } = await startPoolApp({ size: 10 });
    await Promise.all(
      Array.from({ length: 20 }, () =>
        rejection(
          finch.post(`${server.url}/now`, () => {
            throw new Error('inside');
          }),
        ),
      ),
    );

    expect(finch.getPoolStatus(pool)).toMatchObject([{ available: 10, inUse: 0, queued: 0 }]);
  });

  test('are given for the default options as a whole [F128] [F129] [F111]', async () => {
    const { finch, server, pool } = await startPoolApp();
    expect(finch.getPoolStatus('default')).toEqual(new Map());
    const tagged = Finch.build('GET', `${server.url}/now`, undefined, undefined, { poolTag: 'x' });
    await finch.request(tagged);

    const all = finch.getPoolStatus('default');
    expect([...all.keys()]).toEqual([`${pool.key}#x`]);
    await finch.setPoolCount(tagged.pool, 2);
    expect(finch.getPoolStatus('default').get(tagged.pool.key)).toHaveLength(2);
  });

  test('are not given without startPoolMetrics [F127]', async () => {
    const { ask, finch, pool } = await startPoolApp({ startPoolMetrics: false });
    await ask();

    expect(() => finch.getPoolStatus(pool)).toThrow(/has no pool/);
    expect(finch.listPools()).toHaveLength(1);
  });

  test('are gone with the pool [F100] [F110]', async () => {
    const { ask, finch, pool } = await startPoolApp();
    await ask();
    await finch.stopPool(pool.origin);

    expect(() => finch.getPoolStatus(pool)).toThrow(/has no pool/);
  });
});

describe('setPoolSize', () => {
  test('has callers that wait served at once, and closes what is idle beyond it', async () => {
    const { finch, pool, server } = await startPoolApp({ size: 1 });
    const first = await finch.checkout(pool);
    const waiting = [finch.checkout(pool), finch.checkout(pool)];

    finch.setPoolSize(pool, 3);

    const leases = [first, ...(await Promise.all(waiting))];
    expect(finch.getPoolSize(pool)).toBe(3);
    await eventually(async () => expect(await server.sockets()).toBe(3));
    for (const lease of leases) lease.release();
    finch.setPoolSize(pool, 1);
    expect(finch.getPoolStatus(pool)).toMatchObject([{ size: 1, idle: 1, inUse: 0 }]);
    await eventually(async () => expect(await server.sockets()).toBe(1));
    expect(openSlots(finch)).toBe(1);
  });

  test('lets what is in use go on, and ends it when it is given back; callers that wait are served', async () => {
    const { ask, finch, pool, server } = await startPoolApp({ size: 3 });
    const held = [ask('/hold'), ask('/hold'), ask('/hold')];
    await server.holds(3);
    const queued = [ask('/now'), ask('/now')];

    finch.setPoolSize(pool, 1);

    server.release(3);
    for (const { status } of await Promise.all([...held, ...queued])) expect(status).toBe(200);
    expect(finch.getPoolStatus(pool)).toMatchObject([{ size: 1, idle: 1, inUse: 0, queued: 0 }]);
  });

  test('holds for shards that start later, anew or in addition', async () => {
    using _ = captureCrashReports();
    const { finch, pool } = await startPoolApp({ size: 5 });
    finch.setPoolSize(pool, 2);
    const [status] = finch.getPoolStatus(pool);

    if (status !== undefined) exit(status.pid, 'kill');

    await eventually(() => expect(finch.getPoolStatus(pool)[0]?.pid).not.toBe(status?.pid));
    await finch.setPoolCount(pool, 2);
    expect(finch.getPoolStatus(pool).map(({ size }) => size)).toEqual([2, 2]);
  });
});

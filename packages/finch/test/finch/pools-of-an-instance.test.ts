/** How an instance comes by its pools: options, tags, sockets, races. */
import { createAuthority } from '@linnet/mint/testing';
import { exit, Supervisor } from '@linnet/otp';
import { captureCrashReports, leakCheck, settle } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, Pool } from '../../src/index.ts';
import { findInstance } from '../../src/instance/instance.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { uniqueName } from '../support/unique-name.ts';
import { startGateServer } from '../support/gate-server.ts';
import { createSocketPath } from '../../../mint/test/support/socket-path.ts';

const build = (url: string, options?: { poolTag?: string; unixSocket?: string }) =>
  Finch.build('GET', url, undefined, undefined, options);

/** How many shards the pools have, by key. */
const counts = (finch: Finch): Record<string, number> =>
  Object.fromEntries(finch.listPools().map(({ pool, shards }) => [pool.key, shards.length]));

test('two instances run under one supervisor without further options [F2]', async () => {
  leakCheck(onTestFinished);
  const [one, two] = [uniqueName(), uniqueName()];
  const server = await startGateServer();
  const supervisor = await Supervisor.startLink(
    [Finch.childSpec({ name: one }), Finch.childSpec({ name: two })],
    { strategy: 'one_for_one' },
  );
  onTestFinished(() => supervisor.stop());

  for (const name of [one, two]) {
    expect((await Finch.get(name).get(`${server.url}/now`)).status).toBe(200);
    expect(Finch.get(name).listPools()).toHaveLength(1);
  }
  expect(server.connections).toBe(2);
});

describe('on demand', () => {
  test('the first request starts a pool with one shard; the second finds it [F3]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp();
    expect(finch.listPools()).toEqual([]);

    await finch.get(`${server.url}/now`);
    await finch.get(`${server.url}/now`);

    expect(counts(finch)).toEqual({ [server.url]: 1 });
  });

  test('with the options of `default` [F4]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp({ pools: { default: { count: 5, size: 5 } } });
    await finch.get(`${server.url}/now`);

    expect(counts(finch)).toEqual({ [server.url]: 5 });
    expect(finch.getPoolStatus(server.url).map(({ size }) => size)).toEqual([5, 5, 5, 5, 5]);
  });

  test('TLS options of `default` do no harm to http [F5]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp({
      pools: { default: { connOpts: { tls: { rejectUnauthorized: false } } } },
    });

    expect((await finch.get(`${server.url}/now`)).status).toBe(200);
  });

  test('does not answer the first request with an error [D15] [F9]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp({ pools: { default: { count: 5 } } });

    const answers = await Promise.all(
      Array.from({ length: 50 }, () => finch.get(`${server.url}/now`, { poolTimeout: 5000 })),
    );

    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(counts(finch)).toEqual({ [server.url]: 5 });
  });
});

describe('by URL', () => {
  test('pools are there from the start, others are not [F7]', async () => {
    using path = createSocketPath();
    const [server, other] = [await startGateServer(), await startGateServer({ path: path.path })];
    const unix = `http+unix://${encodeURIComponent(path.path)}`;
    const { finch } = await startApp({
      pools: { [`${server.url}/some/path?query`]: { count: 3 }, [unix]: { count: 2 } },
    });

    expect(counts(finch)).toEqual({ [server.url]: 3, [unix]: 2 });
    expect(finch.findPool('http://localhost:1')).toBeUndefined();
    const answer = await finch.request(build('http://localhost/now', { unixSocket: path.path }));
    expect(answer.status).toBe(200);
    expect(other.connections).toBe(1);
    expect(counts(finch)).toEqual({ [server.url]: 3, [unix]: 2 });
  });

  test('hosts are compared in canonical form [H89] [E11]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp();
    for (const host of ['localhost', 'LOCALHOST', 'LocalHost', 'localhost.']) {
      await finch.get(`http://${host}:${server.port}/now`).catch(() => {});
    }

    expect(Object.keys(counts(finch))).toEqual([`http://localhost:${server.port}`]);
  });
});

describe('tags', () => {
  test('keep pools of one server apart, each with its options [F67] [F68]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp({
      pools: [
        ['default', { count: 7 }],
        [Pool.new(server.url, { tag: 'api' }), { count: 3 }],
        [Pool.new(server.url, { tag: 'web' }), { count: 5 }],
      ],
    });
    await finch.request(build(`${server.url}/now`, { poolTag: 'api' }));
    await finch.request(build(`${server.url}/now`, { poolTag: 'web' }));
    expect(counts(finch)).toEqual({ [`${server.url}#api`]: 3, [`${server.url}#web`]: 5 });

    // An unknown tag of a declared server has the default options, not those of its siblings.
    await finch.request(build(`${server.url}/now`, { poolTag: 'other' }));
    expect(counts(finch)[`${server.url}#other`]).toBe(7);
  });

  test('figures are asked for, and pools stopped, one by one [F69] [F70]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp();
    const [api, web] = ['api', 'web'].map((tag) => Pool.new(server.url, { tag }));
    for (const poolTag of ['api', 'web']) {
      await finch.request(build(`${server.url}/now`, { poolTag }));
    }

    expect(finch.getPoolStatus(api as Pool)).toHaveLength(1);
    expect(() => finch.getPoolStatus(server.url)).toThrow(/has no pool/);
    await finch.stopPool(api as Pool);
    expect(finch.findPool(api as Pool)).toBeUndefined();
    expect(finch.findPool(web as Pool)).toBeDefined();
  });

  test("'default' is the tag of requests without one [F65] [F75]", async () => {
    const server = await startGateServer();
    const { finch } = await startApp({
      pools: [[Pool.new(server.url, { tag: 'default' }), { count: 3 }]],
    });
    await finch.get(`${server.url}/now`);

    expect(counts(finch)).toEqual({ [server.url]: 3 });
  });
});

describe('Unix sockets', () => {
  test('with tags: each has its options [F71] [F72] [F73] [F74] [F26]', async () => {
    using path = createSocketPath();
    await startGateServer({ path: path.path });
    const url = `http+unix://${path.path}`;
    const { finch } = await startApp({
      pools: [
        [Pool.new(url, { tag: 'api' }), { count: 3 }],
        [Pool.new(url, { tag: 'web' }), { count: 5 }],
      ],
    });
    const ask = (poolTag?: string) =>
      finch.request(
        build('http://localhost/now', {
          unixSocket: path.path,
          ...(poolTag === undefined ? {} : { poolTag }),
        }),
      );

    for (const tag of ['api', 'web', 'other', undefined]) {
      expect((await ask(tag)).status).toBe(200);
    }

    expect(finch.getPoolCount(Pool.new(url, { tag: 'api' }))).toBe(3);
    expect(finch.getPoolStatus(Pool.new(url, { tag: 'web' }))).toHaveLength(5);
    expect(finch.getPoolCount(url)).toBe(1);
    expect(() => finch.getPoolStatus(Pool.new(url, { tag: 'nobody' }))).toThrow(/has no pool/);
    await finch.stopPool(Pool.new(url, { tag: 'web' }));
    expect(finch.findPool(Pool.new(url, { tag: 'api' }))).toBeDefined();
  });

  test('with TLS [F22] [F27]', async () => {
    using path = createSocketPath();
    const authority = createAuthority();
    const { key, cert } = authority.issue(['localhost']);
    const server = await startGateServer({ path: path.path, tls: { key, cert } });
    const url = `https+unix://${path.path}`;
    const { finch } = await startApp({
      pools: [[Pool.new(url, { tag: 'secure' }), { connOpts: { tls: { ca: authority.ca } } }]],
    });
    const request = build('https://localhost/now', { unixSocket: path.path, poolTag: 'secure' });

    expect((await finch.request(request)).status).toBe(200);
    expect((await finch.request(request)).status).toBe(200);
    expect(server.connections).toBe(1);
  });
});

describe('TLS', () => {
  test('is verified: an unknown authority is refused, a known one is not [F31] [H6] [H7] [H37]', async () => {
    const authority = createAuthority();
    const { key, cert } = authority.issue(['localhost']);
    const server = await startGateServer({ tls: { key, cert } });
    const tagged = Pool.new(server.url, { tag: 'trusting' });
    const { finch } = await startApp({
      pools: [[tagged, { connOpts: { tls: { ca: authority.ca } } }]],
    });

    const error = await rejection(finch.get(`${server.url}/now`));
    expect(error).toMatchObject({ code: 'ERR_FINCH_TLS', pool: Pool.key(server.url) });
    // Another TLS identity is another pool: nothing is shared.
    for (let round = 0; round < 3; round++) {
      const answer = await finch.request(build(`${server.url}/now`, { poolTag: 'trusting' }));
      expect(answer.status).toBe(200);
    }
    expect(finch.getPoolStatus(tagged)[0]).toMatchObject({ idle: 1, inUse: 0 });
    expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ idle: 0, inUse: 0 });
  });

  test('connections are reused as those of http are [H35]', async () => {
    const authority = createAuthority();
    const { key, cert } = authority.issue(['localhost']);
    const server = await startGateServer({ tls: { key, cert } });
    const { finch } = await startApp({
      pools: { default: { connOpts: { tls: { ca: authority.ca } } } },
    });
    for (let round = 0; round < 5; round++) {
      expect((await finch.get(`${server.url}/now`)).status).toBe(200);
    }

    expect(server.connections).toBe(1);
  });
});

describe('a request', () => {
  test('to an unknown host rejects with a typed error [F31] [F35]', async () => {
    const { finch } = await startApp();

    const error = await rejection(finch.get('http://nowhere.invalid/'));

    expect(error).toMatchObject({
      code: 'ERR_FINCH_CONNECT',
      pool: 'http://nowhere.invalid:80',
      requestSent: false,
    });
    expect((error as { reason?: string }).reason).toMatch(/^(?:ENOTFOUND|EAI_AGAIN)$/);
  });

  test('speaks HTTP/1.1 by default [F36] [F34]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp();

    const answer = await finch.get(new URL(`${server.url}/now?query=value`));

    expect(answer.status).toBe(200);
    expect(server.requests).toEqual(['/now?query=value']);
    await using lease = await finch.checkout(server.url);
    expect(lease.protocol).toBe('http1');
  });

  test('does not throw outside of the promise, and fails the same whoever asks [D22]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp({ pools: { default: { size: 1 } } });
    const held = finch.get(`${server.url}/hold`);
    await server.holds(1);

    const waiting = finch.get(`${server.url}/now`, { poolTimeout: 1 });

    expect(waiting).toBeInstanceOf(Promise);
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_FINCH_POOL_TIMEOUT' });
    server.release();
    await held;
  });
});

describe('startPool', () => {
  test('starts a pool that requests find [F81] [F83] [F84] [F85]', async () => {
    const server = await startGateServer();
    const { finch } = await startApp();
    const tagged = Pool.new(server.url, { tag: 'api' });

    await finch.startPool(tagged, { size: 30, count: 2 });
    await finch.startPool(server.url, { size: 40 });

    expect(counts(finch)).toEqual({ [`${server.url}#api`]: 2, [server.url]: 1 });
    expect(finch.findPool(tagged)).toBeDefined();
    await finch.request(build(`${server.url}/now`, { poolTag: 'api' }));
    await finch.get(`${server.url}/now`);
    expect(finch.getPoolStatus(server.url)[0]).toMatchObject({ size: 40, checkouts: 1 });
    expect(finch.listPools()).toHaveLength(2);
  });

  test('of one that is there changes nothing', async () => {
    const server = await startGateServer();
    const { finch } = await startApp();
    await finch.startPool(server.url, { size: 3 });
    const pid = finch.findPool(server.url);

    await finch.startPool(server.url, { size: 30 });

    expect(finch.findPool(server.url)).toBe(pid);
    expect(finch.getPoolStatus(server.url)[0]?.size).toBe(3);
  });

  test('many times at once starts one', async () => {
    const server = await startGateServer();
    const { finch } = await startApp();

    await Promise.all(Array.from({ length: 20 }, () => finch.startPool(server.url, { count: 2 })));

    expect(counts(finch)).toEqual({ [server.url]: 2 });
  });

  test('findPool finds no pool that is not there, and starts none [F82] [H1]', async () => {
    const { finch } = await startApp();

    expect(finch.findPool(Pool.new('http://localhost:1', { tag: 'nowhere' }))).toBeUndefined();
    expect(finch.listPools()).toEqual([]);
  });

  test('figures of a pool of the user’s are given as of any other [F97]', async () => {
    const server = await startGateServer();
    const mine = Pool.new(server.url, { tag: 'mine' });
    const { finch } = await startApp({
      children: (name) => [Pool.childSpec({ finch: name, pool: mine, count: 2 })],
    });

    expect(finch.getPoolStatus(mine)).toHaveLength(2);
    expect(finch.getPoolStatus('default')).toEqual(new Map());
  });
});

test('a pool of the instance that crashes in a loop takes nothing with it, and is back on demand', async () => {
  using _ = captureCrashReports();
  const server = await startGateServer();
  const { finch, name } = await startApp({ pools: { [server.url]: { size: 3 } } });
  const instance = finch.pid;
  const pool = finch.findPool(server.url);
  for (let crash = 0; crash < 4; crash++) {
    const [metrics] = finch.getPoolStatus(server.url);
    if (metrics !== undefined) exit(metrics.pid, 'kill');
    await settle();
  }
  expect(finch.findPool(server.url)).toBeUndefined();

  expect((await finch.get(`${server.url}/now`)).status).toBe(200);

  expect(finch.pid).toBe(instance);
  expect(finch.findPool(server.url)).not.toBe(pool);
  // With the options under which it was declared.
  expect(findInstance(name)?.pool(Pool.key(server.url))?.options.size).toBe(3);
});

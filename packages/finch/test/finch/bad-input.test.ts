/** What a caller gets wrong is found before any socket opens, with all that helps to correct it. */
import { Supervisor } from '@linnet/otp';
import { leakCheck } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  Finch,
  InstanceNotFoundError,
  InvalidRequestError,
  isFinchError,
  OptionsError,
  Pool,
  PoolNotFoundError,
  type InstanceOptions,
  type PoolOptions,
} from '../../src/index.ts';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { uniqueName } from '../support/unique-name.ts';
import { startPoolApp } from '../support/pool-app.ts';

const bad = <T>(value: unknown): T => value as T;

/** The error of a call that throws or rejects. */
async function failure(run: () => unknown): Promise<Error> {
  return rejection((async () => run())());
}

describe.each([
  ['an unknown option', { sise: 1 }, 'sise', 'unknown'],
  ['a wrong type', { size: 'ten' }, 'size', 'invalid'],
  ['a number out of range [F6]', { count: 0 }, 'count', 'invalid'],
  ['a nested unknown option', { connOpts: { timout: 1 } }, 'connOpts.timout', 'unknown'],
  ['a contradiction', { size: 1, prewarm: 2 }, 'prewarm', 'invalid'],
])('pool options with %s', (_, options, option, problem) => {
  test('are refused by Finch.startLink, childSpec, startPool and Pool.childSpec alike [F86]', async () => {
    leakCheck(onTestFinished);
    const { finch, server } = await startPoolApp();
    const pool = bad<PoolOptions>(options);
    const name = uniqueName();
    const given = {
      'startLink, default': () => Finch.startLink({ name, pools: { default: pool } }),
      'startLink, by URL': () => Finch.startLink({ name, pools: { 'http://localhost': pool } }),
      startPool: () => finch.startPool(server.url.replace('http:', 'https:'), pool),
      'Pool.childSpec': () =>
        Pool.childSpec({ finch: finch.name, pool: 'http://localhost', ...pool }).start(),
    };

    for (const [how, run] of Object.entries(given)) {
      const error = await failure(run);
      expect(error, how).toBeInstanceOf(OptionsError);
      expect(error, how).toMatchObject({ code: 'ERR_FINCH_OPTIONS', problem });
      expect((error as OptionsError).option, how).toMatch(new RegExp(`${option}$`));
      expect((error as OptionsError).allowed, how).not.toBe('');
    }
    expect(server.connections).toBe(0);
  });
});

describe('Finch', () => {
  test('needs a name [F1]', async () => {
    const error = await failure(() => Finch.startLink(bad<InstanceOptions>({})));

    expect(error).toBeInstanceOf(OptionsError);
    expect(error).toMatchObject({ option: 'name', problem: 'missing' });
    expect(() => Finch.childSpec(bad({}))).toThrow(OptionsError);
  });

  test.each([undefined, null, 5, 'x', Symbol('x'), []])(
    'is refused by an error of its own with %s in place of options',
    async (nonsense) => {
      expect(await failure(() => Finch.startLink(bad(nonsense)))).toBeInstanceOf(OptionsError);
      expect(() => Finch.childSpec(bad(nonsense))).toThrow(OptionsError);
      expect(() => Pool.childSpec(bad(nonsense))).toThrow(OptionsError);
      expect(await failure(() => Finch.get(bad(nonsense)))).toBeInstanceOf(InstanceNotFoundError);
    },
  );

  test('takes no list for a limiter of hosts, though it has a method join', async () => {
    const error = await failure(() => Finch.startLink({ name: 'x', hostLimiter: bad([]) }));
    expect(error).toMatchObject({ code: 'ERR_FINCH_OPTIONS', option: 'hostLimiter' });
  });

  test.each([
    ['a key that is no pool [F6]', { pools: { invalid: {} } }, 'pool'],
    [
      'the same pool twice',
      {
        pools: [
          ['http://a', {}],
          ['http://A:80/', {}],
        ],
      },
      "pools['http://A:80/']",
    ],
    ['pools that are no pools', { pools: 5 }, 'pools'],
    ['an unknown option', { pool: {} }, 'pool'],
    ['a cap of 0', { maxConnections: 0 }, 'maxConnections'],
  ])('refuses %s', async (_, options, option) => {
    const error = await failure(() =>
      Finch.startLink(bad<InstanceOptions>({ name: uniqueName(), ...options })),
    );

    expect(error).toBeInstanceOf(OptionsError);
    expect(error).toMatchObject({ option });
  });

  test('refuses a broken certificate before any socket opens', async () => {
    const pools = { 'https://localhost:1': { connOpts: { tls: { key: 'no', cert: 'no' } } } };

    const error = await failure(() => Finch.startLink({ name: uniqueName(), pools }));

    expect(error).toBeInstanceOf(OptionsError);
    expect(error.message).not.toContain("'no'");
  });

  test('a name that is taken is a SupervisorError with already_started', async () => {
    const { name, finch } = await startApp();

    const error = await failure(() => Finch.startLink({ name }));

    expect(error).toMatchObject({ reason: ['already_started', finch.pid] });
    expect(error.message).toContain(`the instance "${name}"`);
  });

  test.each(['method', 'headers', 'body', 'poolTag', 'unixSocket', 'trailers'])(
    'tells where %s belongs, which is no option of a sent request, and prints no value',
    async (option) => {
      const { finch, server } = await startPoolApp();
      const options = { [option]: { authorization: 'Bearer secret' } };

      const error = await failure(() => finch.request(server.url, options));

      expect(error).toMatchObject({ code: 'ERR_FINCH_OPTIONS', option, problem: 'unknown' });
      expect(error.message).toMatch(/belongs to the request: .*finch\.\w+.*Finch\.build/);
      expect(error.message).not.toContain('secret');
    },
  );

  test('an unknown instance is one typed error everywhere [F87] [E12]', async () => {
    const { finch, server, supervisor } = await startPoolApp();
    const pool = Pool.new(server.url);
    // Not `finch.stop()`: the supervisor would start it again meanwhile.
    await supervisor.terminateChild(finch.name);
    const calls: (() => unknown)[] = [
      () => Finch.get(finch.name),
      () => finch.request(server.url),
      () => finch.post(server.url, 'x'),
      () => finch.checkout(pool),
      () => finch.startPool(pool),
      () => finch.stopPool(pool),
      () => finch.findPool(pool),
      () => finch.listPools(),
      () => finch.getPoolStatus(pool),
      () => finch.getPoolStatus('default'),
      () => finch.getPoolCount(pool),
      () => finch.setPoolCount(pool, 2),
      () => finch.getPoolSize(pool),
      () => finch.setPoolSize(pool, 2),
    ];

    for (const call of calls) {
      const error = await failure(call);
      expect(error, String(call)).toBeInstanceOf(InstanceNotFoundError);
      expect(error).toMatchObject({
        code: 'ERR_FINCH_INSTANCE_NOT_FOUND',
        instance: finch.name,
      });
    }
  });

  test('an unknown pool is one typed error everywhere [F99] [F103] [F107] [F127] [E12]', async () => {
    const { finch } = await startApp();
    const pool = Pool.new('http://localhost:1', { tag: 'nowhere' });
    const calls: (() => unknown)[] = [
      () => finch.stopPool(pool),
      () => finch.getPoolStatus(pool),
      () => finch.getPoolCount(pool),
      () => finch.setPoolCount(pool, 2),
      () => finch.getPoolSize(pool),
      () => finch.setPoolSize(pool, 2),
    ];

    for (const call of calls) {
      const error = await failure(call);
      expect(error, String(call)).toBeInstanceOf(PoolNotFoundError);
      expect(error).toMatchObject({ pool: pool.key, instance: finch.name });
    }
    expect(finch.findPool(pool)).toBeUndefined();
    expect(finch.listPools()).toEqual([]);
  });
});

describe('a request', () => {
  test.each([
    ['no scheme [F8]', 'example.com', 'scheme is required'],
    ['no scheme [F8]', 'example', 'scheme is required'],
    ['no scheme [F8]', ':443', 'scheme is required'],
    ['no host [F8] [F12]', 'http://', 'host is required'],
    ['no host [F12]', 'http:/', 'host is required'],
    ['no host [F12]', 'https://', 'host is required'],
    ['another scheme [F11]', 'ftp://example.com', 'invalid scheme'],
    ['credentials', 'http://user:secret@example.com', 'credentials'],
  ])('with a URL of %s is refused: %s', async (_, url, text) => {
    const { finch } = await startApp();
    for (const run of [
      () => finch.request(url),
      () => finch.get(url),
      () => finch.post(url, 'x'),
    ]) {
      const error = await failure(run);
      expect(error).toBeInstanceOf(InvalidRequestError);
      expect(error).toMatchObject({ code: 'ERR_FINCH_INVALID_REQUEST', option: 'url' });
      expect(error.message).toContain(text);
      expect(error.message).not.toContain('secret');
    }
    expect(await failure(() => finch.checkout(url))).toBeInstanceOf(OptionsError);
    expect(await failure(() => finch.startPool(url))).toBeInstanceOf(OptionsError);
    expect(() => Pool.childSpec({ finch: 'x', pool: url })).toThrow(OptionsError);
    expect(finch.listPools()).toEqual([]);
  });

  test.each([
    ['a header value with a line break', { 'x-a': 'b\r\nevil: 1' }],
    ['a header name with a line break', { 'x-a\r\nevil': '1' }],
    ['a header name with a space', { 'x a': '1' }],
    ['a header that belongs to the framing', { 'transfer-encoding': 'chunked' }],
  ])('with %s is refused before any socket opens [D10]', async (_, headers) => {
    const { finch, server } = await startPoolApp();

    for (const run of [
      () => finch.get(`${server.url}/now`, { headers: headers as never }),
      () => finch.request(Finch.build('GET', `${server.url}/now`, headers as never)),
      () => finch.post(`${server.url}/now`, 'x', { headers: headers as never }),
    ]) {
      const error = await failure(run);
      expect(error).toBeInstanceOf(InvalidRequestError);
      expect((error as InvalidRequestError).option).toContain('header');
    }
    expect(server.connections).toBe(0);
  });

  test.each([
    ['an unknown option [F33]', { unknownOption: 1 }, 'unknownOption'],
    ['a negative time', { poolTimeout: -1 }, 'poolTimeout'],
    ['a time that is a string', { receiveTimeout: '1s' }, 'receiveTimeout'],
    ['a fraction', { requestTimeout: 1.5 }, 'requestTimeout'],
    ['a signal that is none', { signal: {} }, 'signal'],
    ['an unknown strategy', { poolStrategy: 'best' }, 'poolStrategy'],
  ])('with %s is refused before any socket opens', async (_, options, option) => {
    const { finch, server } = await startPoolApp();

    for (const run of [
      () => finch.request(`${server.url}/now`, options as never),
      () => finch.get(`${server.url}/now`, options as never),
      () => finch.post(`${server.url}/now`, 'x', options as never),
    ]) {
      const error = await failure(run);
      expect(error).toBeInstanceOf(OptionsError);
      expect(error).toMatchObject({ code: 'ERR_FINCH_OPTIONS', option });
      expect((error as OptionsError).value).toEqual(Object.values(options)[0]);
    }
    expect(server.connections).toBe(0);
  });

  test('with an unknown build option is refused [F13]', () => {
    expect(() =>
      Finch.build('GET', 'http://localhost', undefined, undefined, bad({ invalidOption: 1 })),
    ).toThrow(OptionsError);
  });

  test('with a method that is none is refused [F10]', () => {
    expect(() => Finch.build('GET IT', 'http://localhost')).toThrow(InvalidRequestError);
    expect(() => Finch.build(bad(''), 'http://localhost')).toThrow(InvalidRequestError);
  });

  test('with a body that is none is refused', async () => {
    const { finch, server } = await startPoolApp();

    const error = await failure(() => finch.post(`${server.url}/now`, bad({ a: 1 })));

    expect(error).toMatchObject({ code: 'ERR_FINCH_INVALID_REQUEST', option: 'body' });
    expect(server.connections).toBe(0);
  });
});

describe('a checkout', () => {
  test.each([
    ['an unknown option', { poolTimeout: 1 }, 'poolTimeout'],
    ['a wrong type', { checkoutTimeout: 'soon' }, 'checkoutTimeout'],
  ])('with %s is refused', async (_, options, option) => {
    const { finch, server } = await startPoolApp();

    const error = await failure(() => finch.checkout(server.url, options as never));

    expect(error).toBeInstanceOf(OptionsError);
    expect(error).toMatchObject({ option });
  });

  test.each([
    ['nothing', undefined],
    ['a number', 5],
    ['an object', {}],
    ['two parts', ['http', 'a']],
  ])('of %s is refused', async (_, pool) => {
    const { finch } = await startApp();

    expect(await failure(() => finch.checkout(bad(pool)))).toBeInstanceOf(OptionsError);
  });

  test.each([undefined, null, 5, 'x', Symbol('x'), {}, { release: () => true }])(
    'is not ended by a checkin of %s',
    async (nonsense) => {
      const { finch } = await startApp();

      const error = await failure(() => finch.checkin(bad(nonsense)));

      expect(error).toMatchObject({ code: 'ERR_FINCH_INVALID_REQUEST', option: 'lease' });
    },
  );

  test('whose lease was released refuses requests', async () => {
    const { finch, pool } = await startPoolApp();
    const lease = await finch.checkout(pool);
    lease.release();

    expect(await failure(() => lease.request('/now'))).toMatchObject({
      code: 'ERR_FINCH_INVALID_REQUEST',
      option: 'lease',
    });
  });
});

test.each([0, -1, 1.5, 'two', 1025, 2 ** 31])('setPoolCount refuses %s', async (count) => {
  const { finch, pool } = await startPoolApp();

  expect(await failure(() => finch.setPoolCount(pool, bad(count)))).toMatchObject({
    code: 'ERR_FINCH_OPTIONS',
    option: 'count',
  });
});

test.each([0, -1, 1.5, 'two', 'infinity'])('setPoolSize refuses %s', async (size) => {
  const { finch, pool } = await startPoolApp();

  expect(await failure(() => finch.setPoolSize(pool, bad(size)))).toMatchObject({
    code: 'ERR_FINCH_OPTIONS',
    option: 'size',
  });
});

test('a strategy that throws fails its request, and leaves nothing behind', async () => {
  const { finch, server } = await startPoolApp({ count: 2 });
  const controller = new AbortController();
  const cause = new TypeError('my own bug');

  const error = await rejection(
    finch.get(`${server.url}/now`, {
      signal: controller.signal,
      requestTimeout: 60_000,
      poolStrategy: () => {
        throw cause;
      },
    }),
  );

  expect(error).toMatchObject({ code: 'ERR_FINCH_INVALID_REQUEST', option: 'poolStrategy', cause });
});

test('every error of these is a FinchError, and one that reads well', async () => {
  const { finch } = await startApp();
  const errors = await Promise.all([
    failure(() => finch.get('nonsense')),
    failure(() => finch.stopPool('http://localhost:1')),
    failure(() => Finch.get('nobody')),
    failure(() => finch.checkout('http://localhost', bad({ x: 1 }))),
  ]);

  for (const error of errors) {
    expect(isFinchError(error)).toBe(true);
    expect(error.message).toMatch(/\.$/);
  }
});

test('a pool under a supervisor is refused when the child list is made, not when it starts', () => {
  expect(() =>
    Supervisor.childSpec({
      id: 'x',
      strategy: 'one_for_one',
      children: [Pool.childSpec(bad({ finch: 'x', pool: 'http://localhost', sise: 1 }))],
    }),
  ).toThrow(OptionsError);
  expect(() => Pool.childSpec(bad({ pool: 'http://localhost' }))).toThrow(/finch is required/);
  expect(() => Pool.childSpec(bad({ finch: 'x' }))).toThrow(/pool is required/);
});

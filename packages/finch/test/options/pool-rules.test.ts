/** Options of pools that are started on demand, by patterns of hosts and by tags. */
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch, OptionsError, Pool } from '../../src/index.ts';
import type { InstanceOptions, PoolOptions, PoolsOption } from '../../src/index.ts';
import { parseInstanceOptions, poolOptionsFor } from '../../src/options/index.ts';
import { startApp } from '../support/app.ts';
import { startGateServer } from '../support/gate-server.ts';

/** The size that a pool would run with: which of the rules is the one for it. */
function sizeOf(pools: PoolsOption, url: string, tag?: string): number {
  const resolved = parseInstanceOptions({ name: 'A', pools }).pools;
  return poolOptionsFor(resolved, Pool.new(url, tag === undefined ? {} : { tag })).size;
}

const fits = (pattern: string, url: string, tag?: string): boolean =>
  sizeOf({ [pattern]: { size: 1 } }, url, tag) === 1;

describe('a pattern of hosts', () => {
  test.each([
    ['https://*.example.com', 'https://a.example.com', true],
    ['https://*.example.com', 'https://A.b.EXAMPLE.com./path', true],
    ['https://*.example.com', 'https://example.com', false],
    ['https://*.example.com', 'https://aexample.com', false],
    ['https://*.example.com', 'https://a.exampleXcom', false],
    ['https://*.example.com', 'https://a.example.com.evil.test', false],
    ['https://*.example.com', 'http://a.example.com', false],
    ['https://*.example.com', 'https://a.example.com:8443', false],
    ['https://*.example.com:8443', 'https://a.example.com:8443', true],
    ['https://*.example.com:*', 'https://a.example.com:8443', true],
    ['HTTPS://*.Example.COM/', 'https://a.example.com', true],
    ['*.example.com', 'http://a.example.com', true],
    ['*.example.com', 'https://a.example.com:8443', true],
    ['*.example.com:8443', 'https://a.example.com', false],
    ['api-*.example.com', 'https://api-eu.example.com', true],
    ['api-*.example.com', 'https://api-.example.com', false],
    ['*.bücher.example', 'https://a.xn--bcher-kva.example', true],
    ['10.0.*', 'http://10.0.3.4:8080', true],
    ['https://*', 'https://anything.test', true],
    ['*', 'http+unix:///run/app.sock', false],
  ])('%s and %s: %s', (pattern, url, expected) => {
    expect(fits(pattern, url)).toBe(expected);
  });

  test('is for pools of any tag, unless it names one', () => {
    expect(fits('*.example.com', 'https://a.example.com', 'bulk')).toBe(true);
    expect(fits('*.example.com#bulk', 'https://a.example.com', 'bulk')).toBe(true);
    expect(fits('*.example.com#bulk', 'https://a.example.com')).toBe(false);
    expect(fits('*.example.com#default', 'https://a.example.com')).toBe(true);
    expect(fits('*.example.com#a%2Fb', 'https://a.example.com', 'a/b')).toBe(true);
  });

  test('in any place finds what it was made of', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 2, maxLength: 5 }), fc.nat(), (labels, at) => {
        const host = [...labels, 'test'].join('.');
        const cut = at % labels.length;
        const pattern = [...labels.with(cut, '*'), 'test'].join('.');
        expect(fits(pattern, `https://${host}`)).toBe(true);
        expect(fits(pattern, `https://${host}.other`)).toBe(false);
      }),
    );
  });
});

test('a tag is a rule for its pools on every server, Unix sockets included', () => {
  for (const pools of [{ '#bulk': { size: 1 } }, [[{ tag: 'bulk' }, { size: 1 }]] as const]) {
    expect(sizeOf(pools, 'https://a.test', 'bulk')).toBe(1);
    expect(sizeOf(pools, 'http+unix:///run/app.sock', 'bulk')).toBe(1);
    expect(sizeOf(pools, 'https://a.test')).toBe(50);
    expect(sizeOf(pools, 'https://a.test', 'other')).toBe(50);
  }
});

test('the most specific key wins: pool, then patterns by length, then tags, then default', () => {
  const keys = [
    'default',
    '#bulk',
    '*',
    '*.example.com',
    '*.example.com:443',
    'https://*.example.com:*',
    'https://*.example.com',
    '*.example.com#bulk',
    'https://*.eu.example.com',
    'https://a.eu.example.com',
    'https://a.eu.example.com#bulk',
  ];
  const winner = (among: string[], url: string, tag?: string): string | undefined =>
    among[
      sizeOf(Object.fromEntries(among.map((key, index) => [key, { size: index + 1 }])), url, tag) -
        1
    ];
  const orders = [keys, keys.toReversed(), keys.toSorted()];
  for (const order of orders) {
    const url = 'https://a.eu.example.com';
    expect(winner(order, url, 'bulk')).toBe('https://a.eu.example.com#bulk');
    expect(winner(order, url)).toBe('https://a.eu.example.com');
    // The key of a pool without a tag is not for the tagged pools of that server.
    expect(winner(order, url, 'x')).toBe('https://*.eu.example.com');
    expect(winner(order, 'https://b.eu.example.com', 'bulk')).toBe('https://*.eu.example.com');
    expect(winner(order, 'https://b.example.com', 'bulk')).toBe('*.example.com#bulk');
    expect(winner(order, 'https://b.example.com')).toBe('https://*.example.com');
    expect(winner(order, 'https://b.example.com:8443')).toBe('https://*.example.com:*');
    expect(winner(order, 'http://b.example.com:443')).toBe('*.example.com:443');
    expect(winner(order, 'http://b.example.com')).toBe('*.example.com');
    expect(winner(order, 'http://elsewhere.test', 'bulk')).toBe('*');
    expect(winner(order, 'http+unix:///run/app.sock', 'bulk')).toBe('#bulk');
    expect(winner(order, 'http+unix:///run/app.sock')).toBe('default');
  }
});

describe('are refused', () => {
  test.each<unknown>([
    '#',
    '#%',
    '#\ud800',
    '#%00',
    'https://*.example.com#\udc00',
    'ftp://*.example.com',
    'https://*.example.com/path',
    'https://*.example.com?query',
    'https://me:secret@*.example.com',
    'https://*..example.com',
    'https://.*',
    'https://*.example.com:0',
    'https://*.example.com:65536',
    'https://*.example.com:8x',
    'https://* .example.com',
    'https://[::*]',
    { tag: '' },
    { tag: 5 },
    { tag: 'a', host: '*' },
    {},
  ])('as keys: %j', (key) => {
    const pools = [[key, {}]] as unknown as PoolsOption;
    const error = (() => {
      try {
        return parseInstanceOptions({ name: 'A', pools });
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(OptionsError);
    expect((error as Error).message).not.toContain('secret');
  });

  test.each<[string, string]>([
    ['*.example.com', '*.EXAMPLE.com:*'],
    ['https://*.example.com', 'https://*.example.com:443/'],
    ['#a', '#%61'],
    ['*.a.test', '**.a.test'],
  ])('twice: %s and %s', (first, second) => {
    expect(() => parseInstanceOptions({ name: 'A', pools: { [first]: {}, [second]: {} } })).toThrow(
      'this pool is given twice',
    );
  });

  test('with options that are wrong, by the name of the key', () => {
    const pools = { '*.example.com': { size: 0 } };
    expect(() => parseInstanceOptions({ name: 'A', pools })).toThrow(
      expect.objectContaining({ option: "pools['*.example.com'].size" }),
    );
  });

  test('with a certificate that cannot be used, when the instance starts', async () => {
    const options: InstanceOptions = {
      name: 'NeverUp',
      pools: { '*.example.com': { connOpts: { tls: { cert: 'none' } } } },
    };
    await expect(Finch.startLink(options)).rejects.toThrow(OptionsError);
  });

  test('where one pool is meant', async () => {
    const { finch } = await startApp();
    await expect(finch.startPool('https://*.example.com')).rejects.toThrow(OptionsError);
    expect(() => Pool.new('https://*.example.com')).toThrow(/pattern/);
    expect(() => Finch.build('GET', 'https://*.example.com/')).toThrow(/pattern/);
  });
});

test('requests to servers that fit start pools with these options, one for each server', async () => {
  const server = await startGateServer();
  const local: PoolOptions = {
    connOpts: {
      lookup: (_host, asked, callback) =>
        callback(null, asked.all === true ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4),
    },
  };
  const { finch } = await startApp({
    pools: {
      default: { ...local, size: 3 },
      '*.example.test': { ...local, size: 1 },
      '#bulk': { ...local, size: 2 },
    },
  });
  onTestFinished(() => server.open());
  expect(finch.listPools()).toEqual([]);

  const sizes: unknown[] = [];
  for (const [host, poolTag] of [
    ['a.example.test', undefined],
    ['b.example.test', 'bulk'],
    ['elsewhere.test', 'bulk'],
    ['elsewhere.test', undefined],
  ] as const) {
    const url = `http://${host}:${server.port}`;
    const tagged = poolTag === undefined ? {} : { poolTag };
    expect((await finch.get(`${url}/now`, tagged)).status).toBe(200);
    sizes.push(finch.getPoolStatus(poolTag === undefined ? url : `${url}#${poolTag}`)[0]?.size);
  }

  expect(sizes).toEqual([1, 1, 2, 3]);
  expect(finch.listPools()).toHaveLength(4);
  expect([...finch.getPoolStatus('default').keys()]).toEqual([
    `http://elsewhere.test:${server.port}`,
  ]);
});

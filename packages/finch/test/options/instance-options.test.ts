import { describe, expect, test } from 'vitest';
import {
  parseInstanceOptions,
  parsePoolChildOptions,
  parsePoolOptions,
  stopPoolSchema,
} from '../../src/options/index.ts';
import {
  Pool,
  OptionsError,
  type InstanceOptions,
  type PoolChildOptions,
} from '../../src/index.ts';

describe('Finch options', () => {
  test('have the documented defaults', () => {
    expect(parseInstanceOptions({ name: 'MyFinch' })).toEqual({
      name: 'MyFinch',
      pools: { default: parsePoolOptions(), rules: [], declared: [] },
      maxConnections: 'infinity',
      maxPerHost: 'infinity',
      undeclared: 'start',
      captureStacks: false,
    });
  });

  test.each([[{}], [{ name: undefined }], [undefined]])('[F1] need a name: %j', (options) => {
    expect(() => parseInstanceOptions(options as InstanceOptions)).toThrow(OptionsError);
  });

  test('[F1] say that the name is missing', () => {
    expect(() => parseInstanceOptions({} as InstanceOptions)).toThrow(
      'The option name is required in the Finch options',
    );
    expect(() => parseInstanceOptions({ name: '' })).toThrow('Allowed: a string that is not empty');
  });

  test('[F4] [F7] take pools by URL, the default ones apart', () => {
    const { pools } = parseInstanceOptions({
      name: 'MyFinch',
      pools: {
        default: { count: 5, size: 5 },
        'https://example.com/path': { size: 10 },
        'http+unix:///run/x.sock': {},
      },
    });
    expect(pools.default).toMatchObject({ count: 5, size: 5 });
    expect(pools.declared.map(({ pool, options }) => [pool.key, options.size])).toEqual([
      ['https://example.com:443', 10],
      ['http+unix://%2Frun%2Fx.sock', 50],
    ]);
  });

  test('[F67] [F75] take tagged pools as pairs with Pool values, or by their key', () => {
    const api = Pool.new('https://example.com', { tag: 'api' });
    const { pools } = parseInstanceOptions({
      name: 'MyFinch',
      pools: new Map([
        [api, { count: 3 }],
        [Pool.new('https://example.com', { tag: 'default' }), { count: 5 }],
      ]),
    });
    expect(pools.declared.map(({ pool, options }) => [pool.key, options.count])).toEqual([
      ['https://example.com:443#api', 3],
      ['https://example.com:443', 5],
    ]);
    const byKey = parseInstanceOptions({ name: 'A', pools: { [api.key]: { count: 3 } } });
    expect(byKey.pools.declared[0]?.pool).toEqual(api);
  });

  test('[F6] reject a key that names no pool', () => {
    expect(() => parseInstanceOptions({ name: 'A', pools: { invalid: {} } })).toThrow(OptionsError);
  });

  test('reject a pool that is there twice under two spellings', () => {
    const pools = { 'https://example.com': {}, 'HTTPS://EXAMPLE.com:443/': {} };
    expect(() => parseInstanceOptions({ name: 'A', pools })).toThrow('this pool is given twice');
  });

  test('name the pool of an option that is wrong', () => {
    const pools = { 'https://example.com': { size: 0 } };
    expect(() => parseInstanceOptions({ name: 'A', pools })).toThrow(
      expect.objectContaining({ option: "pools['https://example.com'].size", value: 0 }),
    );
  });

  test.each([[[1]], [5], [['https://example.com']]])('reject pools: %j', (pools) => {
    const options = { name: 'A', pools } as unknown as InstanceOptions;
    expect(() => parseInstanceOptions(options)).toThrow(OptionsError);
  });
});

describe('options of Pool.childSpec', () => {
  test('are the instance, the pool and the options of a pool', () => {
    const pool = Pool.new('https://api.internal', { tag: 'api' });
    const child = parsePoolChildOptions({ finch: 'MyFinch', pool, size: 10 });
    expect(child).toEqual({ finch: 'MyFinch', pool, options: parsePoolOptions({ size: 10 }) });
  });

  test('take a URL for the pool', () => {
    const { pool } = parsePoolChildOptions({ finch: 'A', pool: 'http://LOCALHOST:8080' });
    expect(pool.key).toBe('http://localhost:8080');
  });

  test('reject a missing instance or pool, and what pools reject', () => {
    const reject = (options: unknown) =>
      expect(() => parsePoolChildOptions(options as PoolChildOptions)).toThrow(OptionsError);
    reject({ pool: 'http://a' });
    reject({ finch: 'A' });
    reject({ finch: 'A', pool: 5 });
    reject({ finch: 'A', pool: 'http://a', sise: 1 });
    reject({ finch: 'A', pool: 'http://a', size: 1, prewarm: 2 });
  });
});

describe('options of stopPool', () => {
  test('have a grace period of 5 s', () => {
    expect(stopPoolSchema.parse(undefined)).toEqual({ grace: 5000 });
  });
});

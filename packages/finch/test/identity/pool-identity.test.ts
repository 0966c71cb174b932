import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPool, poolFrom, poolKey } from '../../src/identity/index.ts';
import { Pool, type NewPoolOptions, OptionsError, type PoolLike } from '../../src/index.ts';

function problemOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof OptionsError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('Pool.new', () => {
  test('makes a frozen value of the parts of a URL', () => {
    const pool = Pool.new('https://api.example.com:8443/v1?x=1', { tag: 'api' });
    expect(pool).toMatchObject({
      scheme: 'https',
      host: 'api.example.com',
      port: 8443,
      tag: 'api',
      unixSocket: undefined,
      origin: 'https://api.example.com:8443',
      key: 'https://api.example.com:8443#api',
    });
    expect(Object.isFrozen(pool)).toBe(true);
    expect(isPool(pool)).toBe(true);
    expect(isPool(JSON.parse(JSON.stringify(pool)))).toBe(false);
    expect(String(pool)).toBe(pool.key);
  });

  test('[F65] [F75] has the tag default without one', () => {
    expect(Pool.new('http://a')).toEqual(Pool.new('http://a', { tag: 'default' }));
    expect(Pool.new('http://a').tag).toBe('default');
  });

  test('[F66] keeps a tag, and pools with other tags are others', () => {
    expect(Pool.new('http://a', { tag: 'api' }).tag).toBe('api');
    expect(poolKey(Pool.new('http://a', { tag: 'api' }))).not.toBe(poolKey('http://a'));
  });

  test.each([
    ['F23', 'http+unix://p', undefined, 'http', 'default'],
    ['F24', 'https+unix://p', undefined, 'https', 'default'],
    ['F26', 'http+unix://p', 'api', 'http', 'api'],
    ['F27', 'https+unix://p', 'secure', 'https', 'secure'],
  ])('[%s] reads %s with the tag %s as a Unix socket', (_case, url, tag, scheme, expected) => {
    expect(Pool.new(url, { tag })).toMatchObject({
      scheme,
      host: 'localhost',
      port: 0,
      unixSocket: 'p',
      tag: expected,
    });
  });

  test('[F25] reads the path of a Unix socket plain or encoded', () => {
    const plain = Pool.new('http+unix:///run/my%20x.sock');
    expect(plain.unixSocket).toBe('/run/my x.sock');
    expect(plain.key).toBe('http+unix://%2Frun%2Fmy%20x.sock');
    expect(Pool.new(plain.key)).toEqual(plain);
    expect(Pool.new('HTTP+UNIX://%2Frun%2Fx.sock/v1/info').unixSocket).toBe('/run/x.sock');
    expect(Pool.new('https+unix:///run/x.sock').key).not.toBe(
      Pool.new('http+unix:///run/x.sock').key,
    );
  });

  test.each([
    ['F8', 'example.com', 'scheme is required for url'],
    ['F8', 'example', 'scheme is required for url'],
    ['F8', ':443', 'scheme is required for url'],
    ['F8', 'http://', 'host is required for url'],
    ['F12', 'http:/', 'host is required for url'],
    ['F12', 'https://', 'host is required for url'],
    ['F12', 'http:///a', 'host is required for url'],
    ['F12', 'http://:80', 'host is required for url'],
    ['F12', 'http://.', 'host is required for url'],
    ['F11', 'ftp://example.com', 'invalid scheme "ftp" for url'],
    ['F8', 'localhost:8080', 'scheme is required for url'],
  ])('[%s] refuses %s: %s', (_case, url, problem) => {
    const message = problemOf(() => Pool.new(url));
    expect(message).toContain(problem);
    expect(message).toContain(JSON.stringify(url));
    expect(message).toContain('Allowed: ');
  });

  test.each([
    'http://a b',
    'http://a\nb',
    'http://a\\b',
    'http://a:99999',
    'http://a:0',
    'http://a:b',
    'http://[::1',
    'http://[fe80::1%25eth0]',
    'http://a..',
    'http://1.2.3.256',
    'http+unix://',
    'http+unix://%00',
    'http+unix://%zz',
    'http://a#%zz',
  ])('refuses %j', (url) => {
    expect(problemOf(() => Pool.new(url))).toContain('Allowed: ');
  });

  test('refuses credentials and does not show them', () => {
    for (const url of ['http://me:s3cret@a/', 'http://s3cret@a', 'http://me:s3/cret@a/']) {
      const message = problemOf(() => Pool.new(url));
      expect(message).not.toContain('s3');
    }
    expect(problemOf(() => Pool.new('http://me@a'))).toContain('authorization header');
  });

  test.each<[unknown, unknown]>([
    [5, undefined],
    [undefined, undefined],
    [['http', 'a', 80], undefined],
    ['http://a', { tag: '' }],
    ['http://a', { tag: 5 }],
    ['http://a', { tag: '\ud800' }],
    ['http://a#\ud800', undefined],
    ['http+unix:///run/x#a\udc00', undefined],
    ['http://a#%00', undefined],
    ['http://a', { tga: 'x' }],
    ['http://a', null],
    ['http://a#x', { tag: 'y' }],
  ])('refuses %j with options %j', (url, options) => {
    expect(() => Pool.new(url as string, options as NewPoolOptions)).toThrow(OptionsError);
  });
});

describe('the canonical host', () => {
  test.each([
    ['https://API.Example.COM', 'https://api.example.com:443'],
    ['HTTPS://api.example.com:443/', 'https://api.example.com:443'],
    ['https://api.example.com.', 'https://api.example.com:443'],
    ['http://bücher.example', 'http://xn--bcher-kva.example:80'],
    ['http://xn--bcher-kva.example', 'http://xn--bcher-kva.example:80'],
    ['http://ex%61mple.com', 'http://example.com:80'],
    ['http://127.1', 'http://127.0.0.1:80'],
    ['http://0x7f000001', 'http://127.0.0.1:80'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['http://[0:0:0:0:0:0:0:1]:8080', 'http://[::1]:8080'],
    ['http://[2001:DB8::1]', 'http://[2001:db8::1]:80'],
    ['http://localhost:00080', 'http://localhost:80'],
  ])('of %s is that of %s', (url, key) => {
    expect(poolKey(url)).toBe(key);
  });

  test('of an IPv6 address has no brackets', () => {
    expect(Pool.new('http://[::1]')).toMatchObject({ host: '::1', origin: 'http://[::1]:80' });
  });

  test('does not depend on case, unlike in Finch', () => {
    const keys = ['localhost', 'LOCALHOST', 'LocalHost'].map((host) => poolKey(`http://${host}`));
    expect(new Set(keys).size).toBe(1);
  });
});

describe('Pool.from', () => {
  test('[E11] [F101] takes a Pool, a URL, a tuple or parts, normalised alike', () => {
    const pool = Pool.new('https://api.example.com');
    const forms: PoolLike[] = [
      pool,
      'https://API.example.com/users',
      new URL('https://api.example.com/users'),
      ['https', 'API.EXAMPLE.COM.', 443],
      { scheme: 'https', host: 'Api.example.com', port: 443 },
    ];
    for (const form of forms) expect(poolFrom(form)).toEqual(pool);
    expect(poolFrom(pool)).toBe(pool);
  });

  test('takes an IPv6 address in a tuple with or without brackets', () => {
    expect(poolKey(['http', '::1', 80])).toBe('http://[::1]:80');
    expect(poolKey(['http', '[::1]', 80])).toBe('http://[::1]:80');
  });

  test('takes the parts of a Unix socket', () => {
    const parts = { scheme: 'http', host: '', port: 0, unixSocket: '/x', tag: 'a' } as const;
    expect(poolFrom(parts)).toEqual(Pool.new('http+unix:///x', { tag: 'a' }));
  });

  test.each([
    [5],
    [null],
    [{}],
    [[]],
    [['http', 'a']],
    [['http', 'a', '80']],
    [['ftp', 'a', 80]],
    [['http', '', 80]],
    [['http', 'a/b', 80]],
    [['http', 'a@b', 80]],
    [['http', 'a:81', 80]],
    [['http', 'a', 1.5]],
    [['http', 'a', 0]],
    [['http', 'a', 65_536]],
    [{ scheme: 'ftp', unixSocket: '/x' }],
    [{ scheme: 'http', unixSocket: '' }],
    [{ scheme: 'http', host: 'a', port: 80, tag: '' }],
  ])('refuses %j', (value) => {
    expect(() => poolFrom(value as unknown as PoolLike)).toThrow(OptionsError);
  });

  test('gives the same value for the same URL text', () => {
    expect(poolFrom('http://same.example')).toBe(poolFrom('http://same.example'));
  });
});

describe('the key', () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/).filter((text) => !text.startsWith('xn'));
  const host = fc.oneof(
    fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.')),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
  );
  const tag = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  const path = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  const port = fc.integer({ min: 1, max: 65_535 });
  const scheme = fc.constantFrom('http' as const, 'https' as const);
  const randomCase = (text: string, flips: readonly boolean[]) =>
    text.replace(/./g, (c, index: number) => (flips[index % flips.length] ? c.toUpperCase() : c));

  test('is the same for every spelling of the same server', () => {
    const flips = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(scheme, host, port, flips, fc.boolean(), (aScheme, aHost, aPort, flip, dot) => {
        const key = poolKey(`${aScheme}://${aHost}:${aPort}`);
        const dotted = dot && !aHost.startsWith('[') ? `${aHost}.` : aHost;
        const spelt = `${randomCase(`${aScheme}://${dotted}`, flip)}:${aPort}/a/b?c`;
        expect(poolKey(spelt)).toBe(key);
        expect(poolKey([aScheme, aHost, aPort])).toBe(key);
      }),
    );
  });

  test('is a URL of the same pool, and different for different pools', () => {
    const tcp = fc.record({ scheme, host, port, tag });
    const unix = fc.record({
      scheme,
      host: fc.constant(''),
      port: fc.constant(0),
      unixSocket: path,
      tag,
    });
    const parts = fc.oneof(tcp, unix);
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const pool = poolFrom(one);
        expect(poolFrom(pool.key)).toEqual(pool);
        expect(pool.key).toMatch(/^[\x21-\x7e]+$/);
        const second = poolFrom(other);
        const isSame = (['scheme', 'host', 'port', 'tag', 'unixSocket'] as const).every(
          (part) => pool[part] === second[part],
        );
        expect(pool.key === second.key).toBe(isSame);
      }),
    );
  });

  test('is found again for whatever the URL parser accepts', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (url) => {
        const pool = Pool.new(url.split('#')[0] ?? '');
        expect(Pool.new(pool.key)).toEqual(pool);
        expect(Pool.new(new URL(url.split('#')[0] ?? ''))).toEqual(pool);
      }),
    );
  });
});

import { inspect } from 'node:util';
import { renderOptions } from '@linnet/otp/options';
import { describe, expect, test } from 'vitest';
import { isFinchError, OptionsError } from '../../src/index.ts';
import type { PoolOptions } from '../../src/index.ts';
import { proxyOf, resolveProxy } from '../../src/connection/route.ts';
import { parsePoolOptions, poolSchema } from '../../src/options/index.ts';
import type { ResolvedPoolOptions } from '../../src/options/index.ts';
import { poolFrom } from '../../src/identity/index.ts';

/** What a caller without types may write. */
function parse(proxy: unknown): ResolvedPoolOptions {
  return parsePoolOptions({ connOpts: { proxy } } as PoolOptions);
}

function errorOf(make: () => unknown): OptionsError {
  try {
    make();
  } catch (error) {
    if (isFinchError(error) && error instanceof OptionsError) return error;
    throw error;
  }
  throw new Error('no error');
}

const url = 'http://proxy.test:3128';
const secret = 's3cret';

/** All that a log could show of a value. */
function shown(value: unknown): string {
  const text = inspect(value, { depth: 20, showHidden: true, getters: false });
  return `${text} ${JSON.stringify(value)} ${String(value)}`;
}

describe('connOpts.proxy', () => {
  test.each([
    ['a URL', url, url],
    ['a URL object', new URL(url), url],
    ['an object', { url }, url],
    ['an https proxy', 'https://proxy.test', 'https://proxy.test:443'],
    ['a SOCKS proxy', 'socks5h://proxy.test', 'socks5h://proxy.test:1080'],
    ['the environment', 'environment', 'environment'],
    ['the environment in an object', { url: 'environment' }, 'environment'],
  ])('is %s', (_title, proxy, expected) => {
    expect(parse(proxy).connOpts.proxy?.url).toBe(expected);
  });

  test('is none by default: no environment is read', () => {
    const { proxy } = parsePoolOptions().connOpts;
    expect(proxy).toBeUndefined();
  });

  test.each([
    [42, 'connOpts.proxy'],
    ['proxy.test:3128', 'connOpts.proxy.url'],
    ['ftp://proxy.test', 'connOpts.proxy.url'],
    ['socks4://proxy.test', 'connOpts.proxy.url'],
    [{}, 'connOpts.proxy.url'],
    [{ url, headers: ['a', 'b'] }, 'connOpts.proxy.headers'],
    [{ url, headers: { 'bad name': 'x' } }, 'connOpts.proxy.headers'],
    [{ url, headers: { x: 'a\r\nb' } }, 'connOpts.proxy.headers'],
    [{ url, headers: { Host: 'x' } }, 'connOpts.proxy.headers'],
    [{ url, headers: { 'content-length': '1' } }, 'connOpts.proxy.headers'],
    [{ url, authorization: 'a\nb' }, 'connOpts.proxy.authorization'],
    [{ url, noProxy: ['10.0.0.0/99'] }, 'connOpts.proxy.noProxy'],
    [{ url, noProxy: 42 }, 'connOpts.proxy.noProxy'],
    [{ url, tunnel: 'yes' }, 'connOpts.proxy.tunnel'],
    [
      { url, tls: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } },
      'connOpts.proxy.tls.minVersion',
    ],
    [{ url, tls: { alpn: ['h2'] } }, 'connOpts.proxy.tls.alpn'],
    [{ url, user: 'ann' }, 'connOpts.proxy.user'],
    [
      { url: `http://ann:${secret}@p.test`, authorization: 'Bearer x' },
      'connOpts.proxy.authorization',
    ],
    [
      { url, authorization: 'Bearer x', headers: { 'Proxy-Authorization': 'Bearer y' } },
      'connOpts.proxy.authorization',
    ],
    [{ url: 'socks5://p.test', headers: { a: 'b' } }, 'connOpts.proxy.headers'],
    [{ url: 'socks5://p.test', authorization: 'Bearer x' }, 'connOpts.proxy.authorization'],
  ])('cannot be %j', (proxy, option) => {
    expect(errorOf(() => parse(proxy)).option).toBe(option);
  });

  test.each([
    [`http://ann:${secret}@proxy.test/path`],
    [{ url: `ann:${secret}@proxy.test` }],
    [{ url, authorization: `${secret}\n` }],
    [{ url, headers: { 'x y': secret } }],
    [{ url, user: secret }],
    [{ url: `http://ann:${secret}@proxy.test`, authorization: secret }],
  ])('shows no secret in errors', (proxy) => {
    const error = errorOf(() => parse(proxy));
    expect(shown(error)).not.toContain(secret);
  });

  test('shows no secret when the options are inspected or printed', () => {
    const options = parse({
      url: `https://ann:${secret}@proxy.test`,
      headers: { 'x-key': secret },
      tls: { passphrase: secret },
    });
    expect(shown(options)).not.toContain(secret);
    expect(shown(options)).toContain('https://proxy.test:443');
    expect(proxyOf(options)?.headers).toEqual([
      'x-key',
      secret,
      'proxy-authorization',
      `Basic ${Buffer.from(`ann:${secret}`).toString('base64')}`,
    ]);
  });

  test('stays as it is when options are parsed again', () => {
    const options = parse({ url, tunnel: true });
    const copy = parsePoolOptions({ ...options, connOpts: { ...options.connOpts }, size: 1 });
    expect(copy.connOpts.proxy).toBe(options.connOpts.proxy);
  });

  test('is documented with what is in it', () => {
    const text = renderOptions(poolSchema);
    expect(text).toContain('| `connOpts.proxy` | string');
    expect(text).toContain('| `connOpts.proxy.tls.ca` |');
  });
});

describe('when a pool starts', () => {
  const http = poolFrom('http://origin.test');
  const https = poolFrom('https://origin.test');
  const socket = poolFrom('http+unix:///run/x.sock');

  test('the environment is read', () => {
    const options = parse('environment');
    const environment = { http_proxy: 'http://a.test', HTTPS_PROXY: 'socks5h://b.test' };
    expect(resolveProxy(http, options, environment).connOpts.proxy?.url).toBe('http://a.test:80');
    expect(resolveProxy(https, options, environment).connOpts.proxy?.url).toBe(
      'socks5h://b.test:1080',
    );
    expect(resolveProxy(https, options, {}).connOpts.proxy).toBeUndefined();
    expect(resolveProxy(socket, options, environment).connOpts.proxy).toBeUndefined();
  });

  test('pools with the same outcome share their options, and so a TLS identity', () => {
    const options = parse('environment');
    const environment = { ALL_PROXY: 'https://a.test' };
    const resolved = resolveProxy(http, options, environment);
    expect(resolveProxy(https, options, environment)).toBe(resolved);
    expect(resolveProxy(https, options, { ALL_PROXY: 'https://b.test' })).not.toBe(resolved);
    expect(resolveProxy(https, options, {})).toBe(resolveProxy(http, options, {}));
    expect(proxyOf(resolved)).toBe(proxyOf(resolveProxy(https, options, environment)));
  });

  test('a proxy of the environment has the other options that were given', () => {
    const options = parse({ url: 'environment', headers: { x: 'y' }, noProxy: 'other.test' });
    const environment = { ALL_PROXY: `http://ann:${secret}@a.test`, NO_PROXY: '*' };
    expect(proxyOf(resolveProxy(http, options, environment))?.headers).toHaveLength(4);
  });

  test('a proxy of the environment that cannot be used is an error that names the variable', () => {
    const environment = { https_proxy: `ftp://ann:${secret}@a.test` };
    const error = errorOf(() => resolveProxy(https, parse('environment'), environment));
    expect(error.option).toBe('https_proxy');
    expect(shown(error)).not.toContain(secret);
  });

  test('options without an environment and without exceptions are used as they are', () => {
    const options = parse(url);
    expect(resolveProxy(http, options, { http_proxy: 'http://a.test' })).toBe(options);
    const none = parsePoolOptions();
    expect(resolveProxy(http, none, { http_proxy: 'http://a.test' })).toBe(none);
  });

  test('a server of noProxy, or a Unix socket, has none', () => {
    const options = parse({ url, noProxy: ['.test:443'] });
    expect(resolveProxy(https, options).connOpts.proxy).toBeUndefined();
    expect(resolveProxy(http, options)).toBe(options);
    expect(resolveProxy(socket, options).connOpts.proxy).toBeUndefined();
  });

  test("a proxy's broken certificate is an error that names its place", () => {
    const options = parse({ url: 'https://proxy.test', tls: { ca: 'broken', cert: 'broken' } });
    expect(errorOf(() => proxyOf(options)).option).toBe('connOpts.proxy.tls');
  });
});

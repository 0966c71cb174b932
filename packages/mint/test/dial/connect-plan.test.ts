import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { TlsIdentity, TlsSource, OptionsError } from '../../src/index.ts';
import type { ConnectOptions, Protocol } from '../../src/index.ts';
import { dialPlan, planConnect } from '../../src/dial/index.ts';
import { createAuthority, startHttp1Server } from '../../src/testing/index.ts';
import type { Http1Peer, ScriptedServer, ScriptedServerOptions } from '../../src/testing/index.ts';
import { eventually } from '../support/eventually.ts';
import { startHttpProxy } from '../support/http-proxy.ts';
import { createSocketPath } from '../support/socket-path.ts';
import { startSocksProxy } from '../support/socks-proxy.ts';
import { createTlsFiles } from '../support/tls-files.ts';

const authority = createAuthority();
const certificate = authority.issue(['localhost']);

/** What a plan cannot be made of; TypeScript would not let it through. */
function errorOf(url: unknown, options?: object): OptionsError {
  try {
    planConnect(url as string, options);
  } catch (error) {
    if (error instanceof OptionsError) return error;
    throw error;
  }
  throw new Error('no error');
}

async function start(options: ScriptedServerOptions = {}): Promise<ScriptedServer<Http1Peer>> {
  const server = await startHttp1Server(() => {}, options);
  onTestFinished(() => server.close());
  return server;
}

/** Opens the connection, and tells what it speaks. */
async function protocolOf(url: string, options?: ConnectOptions): Promise<Protocol> {
  return dialPlan(planConnect(url, options), ({ socket }, protocol) => {
    socket.destroy();
    return protocol;
  }).result;
}

describe('the URL', () => {
  test.each([
    ['http://api.example.com', 'http://api.example.com:80', 'api.example.com'],
    ['https://API.example.com:443/', 'https://api.example.com:443', 'api.example.com'],
    ['https://api.example.com:8443', 'https://api.example.com:8443', 'api.example.com:8443'],
    ['http://[::1]:8080', 'http://[::1]:8080', '[::1]:8080'],
    ['http://bücher.example', 'http://xn--bcher-kva.example:80', 'xn--bcher-kva.example'],
  ])('%s is the server %s, and the host %s', (url, origin, host) => {
    expect(planConnect(url)).toMatchObject({ origin, authority: host });
    expect(planConnect(new URL(url))).toMatchObject({ origin, authority: host });
  });

  test('is taken apart for the dial', () => {
    const plan = planConnect('http://[::1]:8080');
    expect(plan.target.address).toEqual({ host: '::1', port: 8080 });
    expect(plan.target.tls).toBeUndefined();
    expect(planConnect('https://a.test').target.tls).toBeInstanceOf(TlsIdentity);
  });

  test.each([
    ['no URL', 'api.example.com'],
    ['nothing', undefined],
    ['another scheme', 'ftp://api.example.com'],
    ['a path', 'http://api.example.com/path'],
    ['a query', 'http://api.example.com?a'],
    ['a fragment', 'http://api.example.com#a'],
    ['credentials', 'http://ann:s3cret@api.example.com'],
  ])('cannot be: %s', (_what, url) => {
    const error = errorOf(url);
    expect(error.option).toBe('url');
    expect(inspect(error)).not.toContain('s3cret');
  });
});

describe('the options', () => {
  test('may be absent or undefined', () => {
    const nothing = { proxy: undefined, tls: undefined, unixSocket: undefined, family: undefined };
    expect(planConnect('http://a.test', nothing).options).toEqual(
      planConnect('http://a.test').options,
    );
  });

  test.each<[string, object]>([
    ['conectTimeout', { conectTimeout: 1 }],
    ['tls.servername', { tls: { servername: 'a' } }],
    ['proxy.port', { proxy: { url: 'http://p', port: 1 } }],
    ['toString', { toString: 1 }],
  ])('%s does not exist', (option, options) => {
    const error = errorOf('https://a.test', options);
    expect(error).toMatchObject({ option, allowed: expect.stringMatching(/^one of /) as string });
    expect(error.message).toContain(`There is no option ${option}`);
  });

  test.each<[string, object]>([
    ['protocols', { protocols: [] }],
    ['protocols', { protocols: ['h2'] }],
    ['protocols', { protocols: ['http1', 'http1'] }],
    ['tls', { tls: true }],
    ['tls.ca', { tls: { ca: [] } }],
    ['tls.key', { tls: { key: 7 } }],
    ['tls.key', { tls: { key: [{ pem: '' }] } }],
    ['tls.caFile', { tls: { caFile: [''] } }],
    ['tls.certFile', { tls: { certFile: 'a', cert: 'b' } }],
    ['tls.certFile', { tls: { certFile: '/does/not/exist' } }],
    ['tls.minVersion', { tls: { minVersion: 'TLSv1' } }],
    ['tls.maxCachedSessions', { tls: { maxCachedSessions: -1 } }],
    ['tls', { tls: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2', cert: 'x' } }],
    ['servername', { servername: '' }],
    ['proxy', { proxy: 7 }],
    ['proxy.url', { proxy: 'ftp://ann:s3cret@proxy.test' }],
    ['proxy.url', { proxy: {} }],
    ['proxy.authorization', { proxy: { url: 'http://p', authorization: 's3cret\n' } }],
    ['proxy.authorization', { proxy: { url: 'http://a:s3cret@p', authorization: 'x' } }],
    ['proxy.authorization', { proxy: { url: 'socks5://p', authorization: 's3cret' } }],
    ['proxy.headers', { proxy: { url: 'http://p', headers: { 'a b': 'c' } } }],
    ['proxy.headers', { proxy: { url: 'http://p', headers: { host: 'c' } } }],
    ['proxy.headers', { proxy: { url: 'http://p', headers: ['a'] } }],
    ['proxy.headers', { proxy: { url: 'socks5://p', headers: { a: 's3cret' } } }],
    ['proxy.tls', { proxy: { url: 'http://p', tls: {} } }],
    ['proxy.tls.ca', { proxy: { url: 'https://p', tls: { ca: 7 } } }],
    ['proxy.tunnel', { proxy: { url: 'http://p', tunnel: 1 } }],
    ['unixSocket', { unixSocket: '' }],
    ['unixSocket', { unixSocket: '/a\0b' }],
    ['unixSocket', { unixSocket: '\0' }],
    ['proxy', { unixSocket: '/s', proxy: 'http://p' }],
    ['localAddress', { unixSocket: '/s', localAddress: '127.0.0.1' }],
    ['localAddress', { localAddress: 'localhost' }],
    ['family', { family: 5 }],
    ['lookup', { lookup: {} }],
    ['autoSelectFamily', { autoSelectFamily: 1 }],
    ['autoSelectFamilyAttemptTimeout', { autoSelectFamilyAttemptTimeout: 9 }],
    ['noDelay', { noDelay: 'yes' }],
    ['keepAlive', { keepAlive: true }],
    ['keepAlive', { keepAlive: -1 }],
    ['connectTimeout', { connectTimeout: 0 }],
    ['connectTimeout', { connectTimeout: NaN }],
    ['connectTimeout', { connectTimeout: '5000' }],
    ['signal', { signal: {} }],
    ['clock', { clock: 1 }],
    ['options', []],
  ])('%s cannot be what it is in %j', (option, options) => {
    const error = errorOf('https://a.test', options);
    expect(error.option).toBe(option);
    expect(error.allowed).not.toBe('');
    expect(inspect(error, { depth: 10 })).not.toContain('s3cret');
  });

  test.each([
    ['tls', { tls: {} }],
    ['servername', { servername: 'a.test' }],
  ])('%s means nothing with an http URL', (option, options) => {
    expect(errorOf('http://a.test', options)).toMatchObject({ option });
  });

  test('of a socket go to the dial', () => {
    const { signal } = new AbortController();
    const options = {
      localAddress: '::1',
      family: 6,
      lookup: () => {},
      autoSelectFamily: false,
      autoSelectFamilyAttemptTimeout: 10,
      noDelay: false,
      keepAlive: false,
      connectTimeout: Infinity,
      signal,
    } as const;
    expect(planConnect('http://a.test', options).options).toEqual(options);
  });
});

describe('the protocol', () => {
  test.each<[string, ConnectOptions | undefined, readonly Protocol[]]>([
    ['http://a.test', undefined, ['http1']],
    ['http://a.test', { protocols: ['http2', 'http1'] }, ['http1']],
    ['http://a.test', { protocols: ['http2'] }, ['http2']],
    ['https://a.test', undefined, ['http2', 'http1']],
    ['https://a.test', { protocols: ['http1'] }, ['http1']],
  ])('%s with %j may be spoken to by %j', (url, options, protocols) => {
    expect(planConnect(url, options).protocols).toEqual(protocols);
  });

  test.each<[string, string[] | undefined, Protocol[], Protocol]>([
    ['HTTP/2 by ALPN', ['h2', 'http/1.1'], ['http2', 'http1'], 'http2'],
    ['what the server prefers', ['http/1.1', 'h2'], ['http2', 'http1'], 'http1'],
    ['HTTP/1.1 by ALPN', ['http/1.1'], ['http2', 'http1'], 'http1'],
    ['HTTP/1.1 without ALPN', undefined, ['http2', 'http1'], 'http1'],
  ])('is %s', async (_what, ALPNProtocols, protocols, expected) => {
    const alpn = ALPNProtocols === undefined ? {} : { ALPNProtocols };
    const { port } = await start({ tls: { ...certificate, ...alpn } });
    const tls = { ca: authority.ca };
    expect(await protocolOf(`https://localhost:${port}`, { tls, protocols })).toBe(expected);
  });

  test('[W2] fails without ALPN where HTTP/2 alone may be spoken, and leaves no socket', async () => {
    const server = await start({ tls: certificate });
    const options = { tls: { ca: authority.ca }, protocols: ['http2'] } as const;
    await expect(protocolOf(`https://localhost:${server.port}`, options)).rejects.toMatchObject({
      code: 'ERR_MINT_TLS',
      reason: 'NO_APPLICATION_PROTOCOL',
    });
    await eventually(async () => {
      const count = await new Promise((resolve) => {
        server.server.getConnections((_error, open) => resolve(open));
      });
      expect(count).toBe(0);
    });
  });

  test('is HTTP/2 without TLS where it alone may be spoken', async () => {
    const { port } = await start();
    expect(await protocolOf(`http://127.0.0.1:${port}`, { protocols: ['http2'] })).toBe('http2');
  });
});

describe('the way', () => {
  test('leads to a unix socket', async () => {
    using socketPath = createSocketPath();
    const server = await start({ path: socketPath.path, tls: certificate });
    const options = { unixSocket: socketPath.path, tls: { ca: authority.ca } };
    expect(planConnect('https://localhost', options).origin).toBe(
      `https+unix://${encodeURIComponent(socketPath.path)}`,
    );
    expect(await protocolOf('https://localhost', options)).toBe('http1');
    expect(server.peers.length).toBeLessThanOrEqual(1);
  });

  test.runIf(process.platform === 'linux')('[W22] leads to an abstract unix socket', async () => {
    const unixSocket = `\0linnet-plan-${process.pid}`;
    await start({ path: unixSocket });
    expect(planConnect('http://localhost', { unixSocket }).origin).toContain('%00linnet-plan');
    expect(await protocolOf('http://localhost', { unixSocket })).toBe('http1');
  });

  test.each<[string, string, ConnectOptions, boolean]>([
    ['http through http', 'http://a.test', { proxy: 'http://p' }, true],
    ['http through https', 'http://a.test', { proxy: 'https://p' }, true],
    ['http through a tunnel', 'http://a.test', { proxy: { url: 'http://p', tunnel: true } }, false],
    ['http through SOCKS', 'http://a.test', { proxy: 'socks5h://p' }, false],
    ['https through http', 'https://a.test', { proxy: new URL('http://p') }, false],
    ['HTTP/2', 'http://a.test', { proxy: 'http://p', protocols: ['http2'] }, false],
  ])('is through a proxy: %s; forwarded: %j', (_what, url, options, forward) => {
    expect(planConnect(url, options).through).toMatchObject({ forward });
  });

  test('gives a proxy its fields, credentials and identity', () => {
    const tls = new TlsIdentity();
    const url = 'https://ann:right@proxy.test';
    const proxy = { url, headers: { 'X-Trace': '1' }, tls, servername: '10.0.0.1' };
    expect(planConnect('http://a.test', { proxy }).through?.proxy).toMatchObject({
      origin: 'https://proxy.test:443',
      headers: ['X-Trace', '1', 'proxy-authorization', 'Basic YW5uOnJpZ2h0'],
      tls,
      servername: '10.0.0.1',
    });
    const bearer = { url: 'http://proxy.test', authorization: 'Bearer x' };
    expect(planConnect('http://a.test', { proxy: bearer }).through?.proxy.headers).toEqual([
      'proxy-authorization',
      'Bearer x',
    ]);
  });

  test('is the one that the environment names', () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const name of ['http_proxy', 'HTTP_PROXY', 'no_proxy', 'REQUEST_METHOD']) {
      vi.stubEnv(name, undefined);
    }
    vi.stubEnv('all_proxy', 'http://proxy.test:3128');
    vi.stubEnv('NO_PROXY', 'direct.test');
    const options = { proxy: 'environment' };
    expect(planConnect('http://a.test', options).through?.proxy.port).toBe(3128);
    expect(planConnect('http://direct.test', options).through).toBeUndefined();
    vi.stubEnv('all_proxy', 'ftp://ann:s3cret@proxy.test');
    const error = errorOf('http://a.test', options);
    expect(error.option).toBe('all_proxy');
    expect(inspect(error)).not.toContain('s3cret');
  });

  test('leads through an HTTP and a SOCKS proxy', async () => {
    const { port } = await start({ tls: certificate });
    const http = await startHttpProxy();
    onTestFinished(() => http.close());
    const socks = await startSocksProxy({ credentials: 'ann:right' });
    onTestFinished(() => socks[Symbol.asyncDispose]());
    for (const proxy of [http.url, `socks5h://ann:right@${socks.authority}`]) {
      const options = { proxy, tls: { ca: authority.ca } };
      expect(await protocolOf(`https://localhost:${port}`, options)).toBe('http1');
    }
    expect(http.asked).toHaveLength(1);
    expect(socks.asked).toEqual([`name localhost:${port}`]);
  });
});

describe('the identity', () => {
  test('is made of options, from files, or shared', async () => {
    const { port } = await start({ tls: certificate });
    const files = createTlsFiles(authority.ca, certificate);
    for (const tls of [
      { ca: authority.ca, cert: undefined },
      files.options,
      new TlsIdentity({ ca: authority.ca }),
      new TlsSource({ caFile: files.options.caFile }),
    ]) {
      expect(await protocolOf(`https://localhost:${port}`, { tls })).toBe('http1');
    }
    await expect(protocolOf(`https://localhost:${port}`)).rejects.toMatchObject({
      code: 'ERR_MINT_TLS',
    });
  });

  test('[W8] verifies the address that is given as servername', async () => {
    const { port } = await start({ tls: authority.issue(['localhost', '127.0.0.1']) });
    const tls = { ca: authority.ca };
    const url = `https://localhost:${port}`;
    expect(await protocolOf(url, { tls, servername: '127.0.0.1' })).toBe('http1');
    await expect(protocolOf(url, { tls, servername: '10.0.0.1' })).rejects.toMatchObject({
      reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });
});

import { once } from 'node:events';
import { createSecureServer as createHttp2Server } from 'node:http2';
import { createServer as createPlainHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '@linnet/mint/testing';
import { expect, it, onTestFinished } from 'vitest';
import { Pool, ProxyError, subscribeTelemetry } from '../../src/index.ts';
import type { Finch, PoolOptions } from '../../src/index.ts';
import { expectNoConnections } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startFinch } from '../support/finch.ts';
import { basic, startHttpProxy, withUser } from '../../../mint/test/support/http-proxy.ts';
import type { HttpProxy, HttpProxyOptions } from '../../../mint/test/support/http-proxy.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import type { HttpServer, Listener } from '../../../mint/test/support/http-server.ts';
import { startSocksProxy } from '../../../mint/test/support/socks-proxy.ts';
import type { SocksProxy, SocksProxyOptions } from '../../../mint/test/support/socks-proxy.ts';

const authority = createAuthority();
const { ca } = authority;
const tls = authority.issue(['origin.test', 'localhost', '127.0.0.1']);

/** Answers with what it was asked for. */
const echo: Listener = (request, answer) => {
  const { method, url, headers } = request;
  answer.end(JSON.stringify({ method, url, headers }));
};

async function httpServer(options: { readonly secure?: boolean } = {}): Promise<HttpServer> {
  const server = await startHttpServer(echo, options.secure === true ? { tls } : {});
  onTestFinished(() => server.close());
  return server;
}

async function httpProxy(options?: HttpProxyOptions): Promise<HttpProxy> {
  const proxy = await startHttpProxy(options);
  onTestFinished(() => proxy.close());
  return proxy;
}

async function socksProxy(options?: SocksProxyOptions): Promise<SocksProxy> {
  const proxy = await startSocksProxy(options);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

function finchWith(connOpts: PoolOptions['connOpts'], more: PoolOptions = {}): Promise<Finch> {
  return startFinch({ pools: { default: { ...more, connOpts: { tls: { ca }, ...connOpts } } } });
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

it('[F121] [M45] sends requests for http:// to the proxy, the target in absolute form', async () => {
  const server = await httpServer();
  const proxy = await httpProxy();
  const finch = await finchWith({ proxy: withUser(proxy.url, 'ann:s%3Acret') });
  const url = `http://origin.test:${server.port}`;
  const first = await finch.get(`${url}/a?b=c`);
  const second = await finch.post(`${url}/d`, 'body');
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(first.json<Seen>()).toMatchObject({ method: 'GET', url: '/a?b=c' });
  expect(proxy.asked.map(({ method, target }) => `${method} ${target}`)).toEqual([
    `GET ${url}/a?b=c`,
    `POST ${url}/d`,
  ]);
  for (const { headers } of proxy.asked) {
    expect(headers.host).toBe(`origin.test:${server.port}`);
    expect(headers['proxy-authorization']).toBe(basic('ann', 's:cret'));
  }
  expect(proxy.connections).toBe(1);
});

it('[M46] reaches https:// through a CONNECT tunnel, and checks the certificate against the server', async () => {
  const server = await httpServer({ secure: true });
  const proxy = await httpProxy();
  const finch = await finchWith({
    proxy: { url: proxy.url, authorization: 'Bearer t', headers: { 'User-Agent': 'linnet' } },
  });
  const url = `https://origin.test:${server.port}`;
  const { headers } = (await finch.get(url)).json<Seen>();
  await finch.get(url);
  expect(headers).not.toHaveProperty('proxy-authorization');
  expect(proxy.asked).toHaveLength(1);
  expect(proxy.asked[0]).toMatchObject({
    method: 'CONNECT',
    target: `origin.test:${server.port}`,
    headers: {
      host: `origin.test:${server.port}`,
      'proxy-authorization': 'Bearer t',
      'user-agent': 'linnet',
    },
  });
  const wrong = await rejection(finch.get(`https://other.test:${server.port}`));
  expect(wrong).toMatchObject({ code: 'ERR_FINCH_TLS', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

it('checks the certificate of a server that is an address, behind a proxy as without', async () => {
  const server = await httpServer({ secure: true });
  const proxy = await httpProxy();
  const finch = await finchWith({ proxy: proxy.url });
  expect((await finch.get(`https://127.0.0.1:${server.port}`)).status).toBe(200);
  const wrong = await rejection(finch.get(`https://127.0.0.2:${server.port}`));
  expect(wrong).toMatchObject({ code: 'ERR_FINCH_TLS', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

it('reaches http:// through a tunnel when asked to', async () => {
  const server = await httpServer();
  const proxy = await httpProxy();
  const finch = await finchWith({ proxy: { url: proxy.url, tunnel: true } });
  const url = `http://origin.test:${server.port}/x`;
  expect((await finch.get(url)).json<Seen>().url).toBe('/x');
  expect((await finch.get(url)).status).toBe(200);
  expect(proxy.asked.map(({ method }) => method)).toEqual(['CONNECT']);
});

it.each([
  ['http', 'GET'],
  ['https', 'CONNECT'],
])('[M46] speaks TLS with an https proxy on the way to %s://', async (scheme, method) => {
  const other = createAuthority();
  const server = await httpServer({ secure: scheme === 'https' });
  const proxy = await httpProxy({ tls: other.issue(['localhost']) });
  const finch = await finchWith({ proxy: { url: proxy.url, tls: { ca: other.ca } } });
  const url = `${scheme}://origin.test:${server.port}/`;
  expect((await finch.get(url)).status).toBe(200);
  expect((await finch.get(url)).status).toBe(200);
  expect(proxy.asked[0]?.method).toBe(method);
  expect(proxy.connections).toBe(1);
});

it("does not trust the proxy because of the server's authority", async () => {
  const proxy = await httpProxy({ tls: createAuthority().issue(['localhost']) });
  const finch = await finchWith({ proxy: proxy.url });
  const error = await rejection(finch.get('https://origin.test'));
  expect(error).toMatchObject({
    code: 'ERR_FINCH_TLS',
    proxy: `https://localhost:${proxy.port}`,
    origin: 'https://origin.test:443',
  });
  expect(error.message).toContain('connOpts.proxy.tls');
});

it.each(['socks5', 'socks5h'])('tunnels http:// and https:// through %s', async (scheme) => {
  const plain = await httpServer();
  const secure = await httpServer({ secure: true });
  const proxy = await socksProxy({ credentials: 'ann:s@cret' });
  const finch = await finchWith({ proxy: `${scheme}://ann:s%40cret@${proxy.authority}` });
  for (const url of [`http://localhost:${plain.port}/`, `https://localhost:${secure.port}/`]) {
    expect((await finch.get(url)).status).toBe(200);
    expect((await finch.get(url)).status).toBe(200);
  }
  const where = scheme === 'socks5h' ? /^name localhost:/ : /^address [^ ]+:/;
  expect(proxy.asked).toEqual([expect.stringMatching(where), expect.stringMatching(where)]);
  expect(proxy.credentials).toEqual(['ann:s@cret', 'ann:s@cret']);
});

it("leaves the looking up of the server's name to the proxy", async () => {
  const server = await httpServer({ secure: true });
  const names: string[] = [];
  const proxy = await httpProxy({ hosts: { 'origin.test': '127.0.0.1' } });
  const socks = await socksProxy({ hosts: { 'origin.test': '127.0.0.1' } });
  const lookup = (name: string): void => void names.push(name);
  for (const url of [proxy.url, `socks5h://${socks.authority}`]) {
    const finch = await finchWith({ proxy: url, lookup });
    expect((await finch.get(`https://origin.test:${server.port}`)).status).toBe(200);
  }
  expect(names).toEqual([]);
  expect(socks.asked).toEqual([`name origin.test:${server.port}`]);
});

it('[hackney #355] never shares connections between two proxies, nor between servers', async () => {
  const server = await httpServer();
  const [east, west] = [await httpProxy(), await httpProxy()];
  const pools = [east, west].map(
    (proxy, index) =>
      [
        Pool.new(`http://origin.test:${server.port}`, { tag: index === 0 ? 'east' : 'west' }),
        { connOpts: { proxy: proxy.url } },
      ] as const,
  );
  const finch = await startFinch({
    pools: [...pools, ['default', { connOpts: { proxy: east.url } }]],
    maxPerHost: 2,
  });
  const get = (host: string, poolTag: string) =>
    finch.get(`http://${host}.test:${server.port}/${poolTag}`, { poolTag });
  await get('origin', 'east');
  await get('origin', 'west');
  await get('origin', 'east');
  await get('other', 'default');
  expect(east.asked.map(({ target }) => target)).toEqual([
    `http://origin.test:${server.port}/east`,
    `http://origin.test:${server.port}/east`,
    `http://other.test:${server.port}/default`,
  ]);
  expect([east.connections, west.connections]).toEqual([2, 1]);
  // What counts for a host's limit is the server, not the proxy.
  expect(finch.hostStats('origin.test', server.port)).toMatchObject({ active: 2 });
});

it.each([
  ['http', 'authentication_required', {}],
  ['http', 'authentication_failed', { authorization: 'Bearer wrong' }],
] as const)(
  '[M46] names the status and the proxy when an %s proxy says 407: %s',
  async (_scheme, reason, options) => {
    const proxy = await httpProxy({ authorization: 'Bearer right' });
    const finch = await finchWith({ proxy: { url: proxy.url, ...options } });
    const error = await rejection(finch.get('https://origin.test/'));
    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({
      reason,
      status: 407,
      proxy: proxy.url,
      origin: 'https://origin.test:443',
      pool: 'https://origin.test:443',
      phase: 'connect',
      requestSent: false,
    });
    expect(error.message).toContain(proxy.url);
    expect(error.message).toContain('407');
    expect(error.message).toContain('connOpts.proxy.authorization');
    expect(error.message).not.toContain('wrong');
    await expectNoConnections(proxy.server);
    expect(finch.count()).toBe(0);
  },
);

it('takes the 407 of a proxy that forwards for a response', async () => {
  const proxy = await httpProxy({ authorization: 'Bearer right' });
  const finch = await finchWith({ proxy: proxy.url });
  const response = await finch.get('http://origin.test/');
  expect([response.status, response.text()]).toEqual([407, 'who are you?']);
  expect(response.headers.get('proxy-authenticate')).toBe('Basic realm="test"');
});

it('goes on with new tunnels when a proxy broke the old ones', async () => {
  const server = await httpServer({ secure: true });
  const proxy = await httpProxy();
  const finch = await finchWith({ proxy: proxy.url });
  const url = `https://origin.test:${server.port}`;
  expect((await finch.get(url)).status).toBe(200);
  proxy.kill();
  expect((await finch.get(url)).status).toBe(200);
  expect(proxy.asked).toHaveLength(2);
});

it('reaches the servers of noProxy, and Unix sockets, without the proxy', async () => {
  const server = await httpServer();
  const proxy = await httpProxy();
  const finch = await finchWith({
    proxy: { url: proxy.url, noProxy: ['127.0.0.0/8', '.internal'] },
  });
  expect((await finch.get(`http://127.0.0.1:${server.port}`)).status).toBe(200);
  expect(proxy.connections).toBe(0);
  expect((await finch.get(`http://localhost:${server.port}`)).status).toBe(200);
  expect(proxy.connections).toBe(1);
});

it('says which proxy a connection goes through in its events, without credentials', async () => {
  const server = await httpServer();
  const proxy = await httpProxy();
  const finch = await finchWith({
    proxy: { url: withUser(proxy.url, 'ann:secret'), noProxy: '127.0.0.1' },
  });
  const seen: unknown[] = [];
  const subscriptions = (['connect.start', 'connect.stop'] as const).map((name) =>
    subscribeTelemetry(name, (event) => void seen.push(event)),
  );
  await finch.get(`http://origin.test:${server.port}`);
  await finch.get(`http://127.0.0.1:${server.port}`);
  for (const subscription of subscriptions) subscription[Symbol.dispose]();
  expect(seen).toMatchObject([
    { proxy: proxy.url },
    { proxy: proxy.url },
    { proxy: undefined },
    { proxy: undefined },
  ]);
});

it.each(['http', 'https', 'socks5h'])(
  '[M46] shares an HTTP/2 connection through a tunnel of an %s proxy',
  async (scheme) => {
    const server = createHttp2Server(tls, (request, answer) => {
      answer.end(`${request.httpVersion} ${request.url}`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const proxy =
      scheme === 'socks5h'
        ? await socksProxy()
        : await httpProxy(scheme === 'https' ? { tls } : {});
    const url = 'authority' in proxy ? `socks5h://${proxy.authority}` : proxy.url;
    const finch = await finchWith({ proxy: { url, tls: { ca } } }, { protocols: ['http2'] });
    const paths = ['/a', '/b', '/c', '/d'];
    const responses = await Promise.all(
      paths.map((path) => finch.get(`https://origin.test:${port}${path}`)),
    );
    expect(responses.map((response) => response.text())).toEqual(
      paths.map((path) => `2.0 ${path}`),
    );
    expect(proxy.asked).toHaveLength(1);
  },
);

it('speaks HTTP/2 without TLS through a tunnel, since a proxy forwards HTTP/1.1 only', async () => {
  const server = createPlainHttp2Server((request, answer) => {
    answer.end(`${request.httpVersion} ${request.url}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const proxy = await httpProxy();
  const finch = await finchWith({ proxy: proxy.url }, { protocols: ['http2'] });
  expect((await finch.get(`http://origin.test:${port}/a`)).text()).toBe('2.0 /a');
  expect(proxy.asked.map(({ method }) => method)).toEqual(['CONNECT']);
});

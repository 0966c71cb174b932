import { CookieJar } from 'tough-cookie';
import { expect, test } from 'vitest';
import { startReq } from '../support/client.ts';
import { json, startServer } from '../support/server.ts';

const startCookies = () =>
  startServer((request, response) => {
    const set = new URL(request.url, 'http://h').searchParams.getAll('set');
    const to = new URL(request.url, 'http://h').searchParams.get('to');
    if (set.length > 0) response.setHeader('set-cookie', set);
    if (to !== null) {
      response.writeHead(302, { location: to }).end();
      return;
    }
    json(response, request.headers.cookie ?? null);
  });

test('cookies are kept and sent, by path, expiry and order', async () => {
  const server = await startCookies();
  const req = await startReq({ baseUrl: server.url, cookies: true });
  await req.get('/', {
    params: { set: ['a=1', 'b=2; Path=/deep', 'c=3; Max-Age=0', 'a=4; HttpOnly'] },
  });
  expect((await req.get('/')).body).toBe('a=4');
  expect((await req.merge({ headers: { x: '1' } }).get('/deep/er')).body).toBe('b=2; a=4');
  expect((await req.get('/', { cookies: false })).body).toBeNull();
  expect((await req.get('/', { headers: { cookie: 'own=1' } })).body).toBe('own=1; a=4');
});

test('cookies of a redirect are sent to where it leads', async () => {
  const server = await startCookies();
  const req = await startReq({ baseUrl: server.url, cookies: true });
  expect((await req.get('/', { params: { set: 'sid=7', to: '/end' } })).body).toBe('sid=7');
});

test('a cookie for another domain, and a Secure one over http, are not kept', async () => {
  const server = await startCookies();
  const jar = new CookieJar();
  const req = await startReq({ baseUrl: server.url, cookies: jar });
  await req.get('/', { params: { set: ['x=1; Domain=example.com', '=broken;;', 'ok=1'] } });
  const kept = await jar.getCookies(server.url);
  expect(kept.map(({ key }) => key)).toContain('ok');
  expect(await jar.getCookies('http://example.com')).toEqual([]);
});

test('cookies of one host are not sent to another', async () => {
  const server = await startCookies();
  const other = await startServer(
    (request, response) => json(response, request.headers.cookie ?? null),
    '::1',
  );
  const req = await startReq({ cookies: true });
  await req.get(`${server.url}/?set=a%3D1`);
  expect((await req.get(other.url)).body).toBeNull();
});

test('a response from the cache sets no cookies again', async () => {
  const jar = new CookieJar();
  const req = await startReq({ cookies: jar, cache: true });
  const server = await startServer((_, response) => {
    response.writeHead(200, { 'set-cookie': 'session=1', 'cache-control': 'max-age=60' }).end();
  });
  await req.get(server.url);
  expect(await jar.getCookieString(server.url)).toBe('session=1');
  await jar.removeAllCookies();
  await req.get(server.url);
  expect(server.seen).toHaveLength(1);
  expect(await jar.getCookieString(server.url)).toBe('');
});

test('a jar keeps no cookie of a public suffix, of another host, or with a false prefix', async () => {
  const jar = new CookieJar();
  const req = await startReq({ cookies: jar });
  const server = await startServer((_, response) => {
    const cookies = ['a=1; Domain=com', 'b=1; Domain=example.com', '__Host-c=1', '__Secure-d=1'];
    response.writeHead(200, { 'set-cookie': [...cookies, 'e=1; Secure', 'f=1'] }).end();
  });
  await req.get(server.url);
  expect(await jar.getCookieString(server.url)).not.toMatch(/[ab]=1|__/);
  expect(await jar.getCookieString('http://example.com')).toBe('');
  expect(await jar.getCookieString('http://a.com')).toBe('');
});

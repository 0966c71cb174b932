import { expect, test } from 'vitest';
import { HttpCache, ReqOptionsError } from '../../src/index.ts';
import { startReq } from '../support/client.ts';
import { startServer } from '../support/server.ts';

type Headers = Record<string, string>;

/** Answers with a number that grows, and these headers; 304 to its own etag. */
const startCounting = (headers: Headers | ((index: number) => Headers), etag?: string) =>
  startServer((request, response, index) => {
    const given = typeof headers === 'function' ? headers(index) : headers;
    const all = { ...given, ...(etag === undefined ? {} : { etag }) };
    if (etag !== undefined && request.headers['if-none-match'] === etag) {
      response.writeHead(304, all).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', ...all }).end(String(index));
  });

test('a fresh response is used without asking', async () => {
  const req = await startReq({ cache: true });
  const server = await startCounting({ 'cache-control': 'max-age=60' });
  expect((await req.get(server.url)).body).toBe(0);
  const again = await req.merge({ headers: { a: 'b' } }).get(server.url);
  expect(again.body).toBe(0);
  expect(again.private.get('cache')).toBe('hit');
  expect(again.headers.has('age')).toBe(true);
  expect((await req.get(`${server.url}/?other`)).body).toBe(1);
  expect((await req.get(server.url, { headers: { 'cache-control': 'no-cache' } })).body).toBe(2);
  expect((await req.get(server.url, { cache: false })).body).toBe(3);
});

test.each<Headers>([
  { 'cache-control': 'no-store' },
  { 'cache-control': 'max-age=0' },
  {},
  { 'cache-control': 'max-age=60', vary: '*' },
])('%j is not used again', async (headers) => {
  const req = await startReq({ cache: true });
  const server = await startCounting(headers);
  await req.get(server.url);
  expect((await req.get(server.url)).body).toBe(1);
});

test('vary tells variants of one URL apart', async () => {
  const req = await startReq({ cache: true });
  const server = await startCounting({ 'cache-control': 'max-age=60', vary: 'accept-language' });
  const get = async (language: string) =>
    (await req.get(server.url, { headers: { 'accept-language': language } })).body;
  expect([await get('de'), await get('en'), await get('de'), await get('en')]).toEqual([
    0, 1, 0, 1,
  ]);
});

test('a stale response is asked about by its etag, and used when it still holds', async () => {
  const req = await startReq({ cache: true });
  const server = await startCounting({ 'cache-control': 'no-cache' }, '"v1"');
  expect((await req.get(server.url)).body).toBe(0);
  const second = await req.get(server.url);
  expect(second).toMatchObject({ status: 200, body: 0 });
  expect(second.private.get('cache')).toBe('revalidated');
  expect(server.seen[1]?.headers['if-none-match']).toBe('"v1"');
});

test('what changes a resource makes what is kept of it void', async () => {
  const req = await startReq({ cache: true });
  const server = await startCounting({ 'cache-control': 'max-age=60' });
  await req.get(server.url);
  await req.post(server.url, { json: 1 });
  expect((await req.get(server.url)).body).toBe(2);
});

test('a response for one user is not given to another', async () => {
  const req = await startReq({ cache: true });
  const server = await startCounting({ 'cache-control': 'max-age=60' });
  const as = async (bearer: string) => (await req.get(server.url, { auth: { bearer } })).body;
  expect([await as('a'), await as('b'), await as('a'), await as('b')]).toEqual([0, 1, 0, 1]);
  const shared = req.merge({ cache: new HttpCache({ shared: true }) });
  const other = await startCounting({ 'cache-control': 'max-age=60' });
  await shared.get(other.url, { auth: { bearer: 'a' } });
  expect((await shared.get(other.url)).body).toBe(1);
});

test('a stale response serves while the server fails, where it allows that', async () => {
  const req = await startReq({ cache: true, retry: false });
  const server = await startServer((_, response, index) => {
    if (index > 1) response.destroy();
    else if (index > 0) response.writeHead(500).end();
    else {
      const headers = { 'cache-control': 'max-age=0, stale-if-error=60', etag: '"a"' };
      response.writeHead(200, { 'content-type': 'text/plain', ...headers }).end('kept');
    }
  });
  expect((await req.get(server.url)).body).toBe('kept');
  expect(await req.get(server.url)).toMatchObject({ status: 200, body: 'kept' });
  const response = await req.get(server.url);
  expect(response.body).toBe('kept');
  expect(response.private.get('cache')).toBe('stale');
});

test('compressed and redirected responses are kept as they came', async () => {
  const req = await startReq({ cache: true });
  const server = await startServer((request, response) => {
    const headers = { 'cache-control': 'max-age=60' };
    if (request.url === '/') response.writeHead(301, { ...headers, location: '/end' }).end();
    else response.writeHead(200, { ...headers, 'content-type': 'text/plain' }).end('end');
  });
  expect((await req.get(server.url)).body).toBe('end');
  expect((await req.get(server.url)).body).toBe('end');
  expect(server.seen).toHaveLength(2);
});

test('the store is bounded: the least recently used goes first, a large body is not kept', async () => {
  const cache = new HttpCache({ maxSize: 12_000, maxEntrySize: 5000 });
  const req = await startReq({ cache });
  const server = await startServer((request, response) => {
    const size = Number(new URL(request.url, 'http://h').searchParams.get('size'));
    response.writeHead(200, { 'cache-control': 'max-age=60' }).end(Buffer.alloc(size));
  });
  const get = (path: string, size: number) => req.get(`${server.url}${path}?size=${size}`);
  await get('/large', 6000);
  expect(cache.count).toBe(0);
  await get('/a', 3000);
  await get('/b', 3000);
  await get('/a', 3000);
  await get('/c', 3000);
  expect(cache.count).toBe(2);
  expect(cache.size).toBeLessThanOrEqual(12_000);
  const sent = server.seen.length;
  await get('/a', 3000);
  expect(server.seen).toHaveLength(sent);
  await get('/b', 3000);
  expect(server.seen).toHaveLength(sent + 1);
  cache.clear();
  expect([cache.size, cache.count]).toEqual([0, 0]);
  expect(() => new HttpCache({ maxSize: -1 })).toThrow(ReqOptionsError);
});

test('what callers do to a body changes no kept one', async () => {
  const req = await startReq({ cache: true });
  const server = await startServer((_, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=60' }).end('bytes');
  });
  for (let call = 0; call < 3; call += 1) {
    const body = (await req.get(server.url, { decode: 'bytes' })).body as Uint8Array;
    expect(Buffer.from(body).toString()).toBe('bytes');
    body.fill(0);
  }
  expect(server.seen).toHaveLength(1);
});

test('a change by one user makes what is kept for the others void as well', async () => {
  const req = await startReq({ cache: true });
  const server = await startCounting({ 'cache-control': 'max-age=60' });
  const as = (user: string) => ({ headers: { authorization: user } });
  const first = [await req.get(server.url, as('a')), await req.get(server.url, as('b'))];
  expect(first.map(({ body }) => body)).toEqual([0, 1]);
  expect((await req.get(server.url, as('b'))).body).toBe(1);
  await req.put(server.url, { ...as('a'), json: {} });
  expect((await req.get(server.url, as('b'))).body).toBe(3);
});

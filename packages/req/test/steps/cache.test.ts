import { expect, test } from 'vitest';
import { HttpCache, ReqOptionsError, ReqResponse, type ReqOptions } from '../../src/index.ts';
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

test('a 304 that names no validator is about what was asked, and renews it', async () => {
  const req = await startReq({ cache: true });
  const server = await startServer((request, response, index) => {
    const headers = { 'content-type': 'application/json', etag: '"v1"', 'x-index': String(index) };
    if (request.headers['if-none-match'] === '"v1"') {
      response.writeHead(304, { 'x-index': String(index) }).end();
    } else {
      response.writeHead(200, { ...headers, 'cache-control': 'no-cache' }).end('{"kept":true}');
    }
  });
  await req.get(server.url);
  for (const index of ['1', '2']) {
    const response = await req.get(server.url);
    expect(response).toMatchObject({ status: 200, body: { kept: true } });
    expect(response.private.get('cache')).toBe('revalidated');
    expect(response.headers.get('x-index')).toBe(index);
  }
});

test('after a 304 about another response than the kept one, the resource is asked for anew', async () => {
  const req = await startReq({ cache: true });
  const server = await startServer((request, response, index) => {
    if (request.headers['if-none-match'] !== undefined) {
      response.writeHead(304, { etag: '"other"' }).end();
    } else {
      const headers = { 'content-type': 'application/json', etag: '"v1"' };
      response.writeHead(200, { ...headers, 'cache-control': 'no-cache' }).end(String(index));
    }
  });
  expect((await req.get(server.url)).body).toBe(0);
  expect(await req.get(server.url)).toMatchObject({ status: 200, body: 2 });
  expect(server.seen[2]?.headers['if-none-match']).toBeUndefined();
});

test('a 304 that was not asked for is given as it is', async () => {
  const req = await startReq({ cache: true });
  const server = await startServer((_, response, index) => {
    if (index > 0) response.writeHead(304).end();
    else response.writeHead(200, { 'cache-control': 'max-age=0, stale-if-error=9' }).end('kept');
  });
  await req.get(server.url);
  expect((await req.get(server.url)).status).toBe(304);
});

test.each([
  ['/a', '/b/../a'],
  ['/a#one', '/a#two'],
  ['', '/'],
  ['/a?', '/./a?'],
])('%s and %s are one resource', async (one, other) => {
  const req = await startReq({ cache: true });
  const server = await startCounting({ 'cache-control': 'max-age=60' });
  expect((await req.get(server.url + one)).body).toBe(0);
  expect((await req.get(server.url + other)).body).toBe(0);
  await req.delete(server.url.replace('http', 'HTTP') + other);
  expect((await req.get(server.url + one)).body).toBe(2);
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

test.each([{ etag: '"a"' }, { 'last-modified': 'Mon, 30 Nov 2020 10:00:00 GMT' }, {}])(
  'a stale response with %j serves while the server fails, where it allows that',
  async (validator) => {
    const req = await startReq({ cache: true, retry: false });
    const server = await startServer((_, response, index) => {
      if (index > 1) response.destroy();
      else if (index > 0) response.writeHead(500).end();
      else {
        const headers = { 'cache-control': 'max-age=0, stale-if-error=60', ...validator };
        response.writeHead(200, { 'content-type': 'text/plain', ...headers }).end('kept');
      }
    });
    expect((await req.get(server.url)).body).toBe('kept');
    expect(await req.get(server.url)).toMatchObject({ status: 200, body: 'kept' });
    const response = await req.get(server.url);
    expect(response.body).toBe('kept');
    expect(response.private.get('cache')).toBe('stale');
  },
);

test.each([
  ['another variant', { vary: 'accept' }, { accept: 'b' }],
  ['one that must be revalidated', { 'cache-control': 'must-revalidate, stale-if-error=60' }, {}],
])('%s does not serve while the server fails', async (_what, kept, headers: Headers) => {
  const req = await startReq({ cache: true, retry: false });
  const server = await startServer((_, response, index) => {
    const all = { 'cache-control': 'max-age=0, stale-if-error=60', ...kept };
    response.writeHead(index === 0 ? 200 : 503, all).end();
  });
  await req.get(server.url, { headers: { accept: 'a' } });
  const response = await req.get(server.url, { headers: { accept: 'a', ...headers } });
  expect(response.status).toBe(503);
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
    const body = (await req.get(server.url, { decode: 'bytes' })).body;
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

test('a URL behind another Unix socket, or of another host, is another resource', async () => {
  let sent = 0;
  const req = (await startReq({ cache: true })).withAdapter(
    () =>
      new ReqResponse({
        headers: { 'cache-control': 'max-age=60', date: new Date().toUTCString() },
        body: Buffer.from(String(sent++)),
      }),
  );
  const ask = async (options: ReqOptions, method = 'GET') =>
    Buffer.from(
      (await req.request('http://h/#part', { ...options, method, decode: 'bytes' })).body,
    ).toString();
  const [one, two, host] = [
    { unixSocket: '/one' },
    { unixSocket: '/two' },
    { headers: { host: 'a' } },
  ];
  expect([await ask(one), await ask(two), await ask(host), await ask({})]).toEqual([
    '0',
    '1',
    '2',
    '3',
  ]);
  expect([await ask(one), await ask(two), await ask(host), await ask({})]).toEqual([
    '0',
    '1',
    '2',
    '3',
  ]);
  // A change by the one leaves what is kept of the other.
  await ask(one, 'DELETE');
  expect([await ask(one), await ask(two)]).toEqual(['5', '1']);
});

test('one program is a private cache: s-maxage is not for it, private is', async () => {
  const shared = await startReq({ cache: new HttpCache({ shared: true }) });
  const own = shared.merge({ cache: true });
  const counts = async (headers: Headers) => {
    const server = await startCounting(headers);
    for (let call = 0; call < 2; call++) await own.get(server.url);
    const byOne = server.seen.length;
    for (let call = 0; call < 2; call++) await shared.get(server.url);
    return [byOne, server.seen.length - byOne];
  };
  expect(await counts({ 'cache-control': 's-maxage=60, max-age=0' })).toEqual([2, 1]);
  expect(await counts({ 'cache-control': 'private, max-age=60' })).toEqual([1, 2]);
  // By the tenth of its age, where nothing else is said (RFC 9111, 4.2.2).
  const old = new Date(Date.now() - 86_400_000).toUTCString();
  expect(await counts({ 'last-modified': old })).toEqual([1, 1]);
});

test('304 renews the headers that are kept; a part of a body is neither kept nor taken', async () => {
  const req = await startReq({ cache: true });
  const server = await startCounting(
    (index) => ({ 'cache-control': 'max-age=0', 'x-version': String(index) }),
    '"1"',
  );
  await req.get(server.url);
  const renewed = await req.get(server.url);
  expect([renewed.body, renewed.headers.get('x-version')]).toEqual([0, '1']);
  const ranges = await startServer(({ headers }, response) => {
    response.writeHead(headers.range === undefined ? 200 : 206, { 'cache-control': 'max-age=60' });
    response.end(headers.range ?? 'whole');
  });
  for (const range of ['bytes=0-1', 'bytes=2-3']) {
    expect((await req.get(ranges.url, { range, decode: 'text' })).body).toBe(range);
  }
  expect((await req.get(ranges.url, { decode: 'text' })).body).toBe('whole');
});

test('large headers count, too, for what the store may hold', async () => {
  const cache = new HttpCache({ maxSize: 100_000 });
  const req = await startReq({ cache });
  const server = await startCounting({
    'cache-control': 'max-age=60',
    'x-large': 'x'.repeat(10_000),
  });
  for (let n = 0; n < 20; n++) await req.get(`${server.url}/${n}`);
  expect(cache.count).toBe(4);
  expect(cache.size).toBeLessThanOrEqual(100_000);
});

import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { RedirectError, ReqResponse } from '../../src/index.ts';
import { startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { json, startServer, type TestServer } from '../support/server.ts';

/** `/302?to=/end` redirects there with that status; any other path says what it was asked. */
const startRedirects = (): Promise<TestServer> =>
  startServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://h');
    const status = Number(pathname.slice(1));
    if (status >= 300) {
      const location = searchParams.get('to');
      response.writeHead(status, location === null ? {} : { location }).end('moved');
      return;
    }
    const { method, url, headers, body } = request;
    json(response, { method, url, headers, body: body.toString() });
  });

test.each([
  [301, 'GET', 'GET'],
  [302, 'GET', 'GET'],
  [303, 'GET', 'GET'],
  [307, 'GET', 'GET'],
  [308, 'GET', 'GET'],
  [301, 'POST', 'GET'],
  [302, 'POST', 'GET'],
  [303, 'POST', 'GET'],
  [307, 'POST', 'POST'],
  [308, 'POST', 'POST'],
  [301, 'PUT', 'PUT'],
  [302, 'DELETE', 'DELETE'],
  [303, 'PUT', 'GET'],
  [303, 'HEAD', 'HEAD'],
])('%i makes %s %s', async (status, method, after) => {
  const req = await startReq();
  const server = await startRedirects();
  const hasBody = method === 'POST' || method === 'PUT';
  const options = hasBody ? { json: { a: 1 } } : {};
  await req.request(`${server.url}/${status}?to=/end`, { method, ...options });
  const last = server.seen.at(-1);
  expect(last).toMatchObject({ method: after, url: '/end' });
  const keeps = hasBody && after === method;
  expect(last?.body.toString()).toBe(keeps ? '{"a":1}' : '');
  expect(last?.headers['content-type']).toBe(keeps ? 'application/json' : undefined);
});

test('300, 304 and a redirect without location are responses', async () => {
  const req = await startReq();
  const server = await startRedirects();
  for (const path of ['/300?to=/end', '/305?to=/end', '/302']) {
    expect((await req.get(server.url + path)).status).toBe(Number(path.slice(1, 4)));
  }
  expect((await req.get(`${server.url}/302?to=/end`, { redirect: false })).status).toBe(302);
});

test('baseUrl, params and path params do not apply to the new URL', async () => {
  const server = await startRedirects();
  const req = await startReq({ baseUrl: server.url, params: { a: 1 } });
  const { body, url } = await req.get('/302?to=%2Fend%2F%3Aid%3Fb%3D2', {
    pathParams: { id: 'x' },
  });
  expect(body).toMatchObject({ url: '/end/:id?b=2' });
  expect(url).toBe(`${server.url}/end/:id?b=2`);
});

test('credentials stay within their origin', async () => {
  const first = await startRedirects();
  const second = await startRedirects();
  const req = await startReq({
    auth: { bearer: 'secret' },
    headers: { cookie: 'sid=1', 'proxy-authorization': 'p', 'x-trace': '7', host: 'own.example' },
  });
  const inside = await req.get(`${first.url}/302?to=/end`);
  expect(inside.body).toMatchObject({
    headers: { authorization: 'Bearer secret', cookie: 'sid=1' },
  });
  const outside = await req.get(`${first.url}/302?to=${encodeURIComponent(`${second.url}/end`)}`);
  const { headers } = outside.body as { headers: Record<string, string> };
  expect(headers).toMatchObject({ 'x-trace': '7', host: new URL(second.url).host });
  for (const name of ['authorization', 'cookie', 'proxy-authorization']) {
    expect(headers[name]).toBeUndefined();
  }
  const elsewhere = `${first.url}/302?to=${encodeURIComponent(`${second.url}/end`)}`;
  const own = await req.get(elsewhere, { headers: { authorization: 'own' }, auth: false });
  expect(own.body).not.toHaveProperty('headers.authorization');
  const trusted = await req.get(elsewhere, { redirectTrusted: true });
  expect(trusted.body).toMatchObject({
    headers: { authorization: 'Bearer secret', cookie: 'sid=1' },
  });
});

test('credentials that were dropped do not come back with a redirect to where it began', async () => {
  const first = await startRedirects();
  const second = await startRedirects();
  const req = await startReq({ auth: { bearer: 'secret' } });
  const back = encodeURIComponent(`${first.url}/end`);
  const there = encodeURIComponent(`${second.url}/302?to=${back}`);
  const { body } = await req.get(`${first.url}/302?to=${there}`);
  expect(body).not.toHaveProperty('headers.authorization');
});

test('more than maxRedirects is an error, and shows the circle', async () => {
  const req = await startReq();
  const server = await startRedirects();
  const url = `${server.url}/302?to=${encodeURIComponent('/302?to=/302')}`;
  const error = await rejection(req.get(url, { maxRedirects: 1 }));
  expect(error).toBeInstanceOf(RedirectError);
  expect(error).toMatchObject({ code: 'ERR_REQ_REDIRECT', reason: 'too_many', maxRedirects: 1 });
  expect((error as RedirectError).visited).toHaveLength(2);
  expect(await rejection(req.get(`${server.url}/302?to=/end`, { maxRedirects: 0 }))).toBeInstanceOf(
    RedirectError,
  );
});

test.each(['file:///etc/passwd', 'javascript:alert(1)', 'http://user:pw@127.0.0.1/', 'http://['])(
  'the location %s is refused',
  async (location) => {
    const req = await startReq();
    const server = await startRedirects();
    const error = await rejection(req.get(`${server.url}/302?to=${encodeURIComponent(location)}`));
    expect(error).toMatchObject({ reason: 'invalid_location' });
    expect(error.message).not.toContain('pw');
  },
);

test('a body that can be read once is not sent to where a 307 leads, a function is', async () => {
  const req = await startReq();
  const server = await startRedirects();
  const stream = () => Readable.from(['abc']);
  const error = await rejection(req.post(`${server.url}/307?to=/end`, { body: stream() }));
  expect(error).toMatchObject({ reason: 'body_used_up' });
  const { body } = await req.post(`${server.url}/307?to=/end`, { body: stream });
  expect(body).toMatchObject({ body: 'abc' });
  expect((await req.post(`${server.url}/303?to=/end`, { body: stream() })).body).toMatchObject({
    method: 'GET',
  });
});

test('the body of a redirect is given up when the response goes into something', async () => {
  const req = await startReq();
  const server = await startRedirects();
  const chunks: string[] = [];
  await req.get(`${server.url}/302?to=/end`, {
    into: (chunk) => void chunks.push(Buffer.from(chunk).toString()),
  });
  expect(JSON.parse(chunks.join(''))).toMatchObject({ url: '/end' });
});

test('a location in UTF-8 and one with a fragment are understood', async () => {
  const req = await startReq();
  const server = await startServer((request, response) => {
    if (request.url === '/') {
      response.writeHead(302, { location: Buffer.from('/ü?q=é#part').toString('latin1') }).end();
    } else json(response, request.url);
  });
  expect((await req.get(server.url)).body).toBe('/%C3%BC?q=%C3%A9');
});

test('the default port is no other origin, nor is a host in another spelling', async () => {
  const seen: (string | undefined)[] = [];
  const req = (await startReq({ auth: { bearer: 't' } })).withAdapter(({ url, headers }) => {
    seen.push(headers.get('authorization'));
    const location = '/end';
    return url.endsWith('/end')
      ? new ReqResponse()
      : new ReqResponse({ status: 302, headers: { location } });
  });
  for (const url of ['http://h:80/', 'https://h:443/', 'HTTP://H/', 'http://bücher.example/']) {
    expect((await req.get(url)).status).toBe(200);
  }
  expect(seen).toEqual(Array.from({ length: 8 }, () => 'Bearer t'));
  // Another port is, and so is the scheme without TLS.
  for (const [from, to] of [
    ['http://h/', 'http://h:81/'],
    ['https://h/', 'http://h/'],
    ['https://h/', '//g/'],
  ] as const) {
    const other: (string | undefined)[] = [];
    const client = req.withAdapter(({ url, headers }) => {
      other.push(headers.get('authorization'));
      return url === from
        ? new ReqResponse({ status: 302, headers: { location: to } })
        : new ReqResponse();
    });
    await client.get(from);
    expect(other).toEqual(['Bearer t', undefined]);
  }
});

test('of several locations that differ none is followed; the same one twice is one', async () => {
  const req = await startReq();
  const server = await startServer(({ url }, response) => {
    const locations = url === '/two' ? ['/a', '/b'] : ['/a', '/a'];
    if (url === '/a' || url === '/b') response.end(url);
    else response.setHeader('location', locations).writeHead(302).end();
  });
  const error = await rejection(req.get(`${server.url}/two`));
  expect(error).toMatchObject({
    code: 'ERR_REQ_REDIRECT',
    reason: 'invalid_location',
    location: '/a, /b',
  });
  expect(server.seen).toHaveLength(1);
  expect((await req.get(`${server.url}/same`)).url).toBe(`${server.url}/a`);
});

test('a location without a fragment has that of the URL that redirects', async () => {
  const req = await startReq();
  const server = await startRedirects();
  const to = (location: string) => `${server.url}/302?to=${encodeURIComponent(location)}#part`;
  expect((await req.get(to('/end'))).url).toBe(`${server.url}/end#part`);
  expect((await req.get(to('/end#other'))).url).toBe(`${server.url}/end#other`);
  expect((await req.get(to('/end#'))).url).toBe(`${server.url}/end#`);
  expect(server.seen.map(({ url }) => url)).not.toContainEqual(expect.stringContaining('#'));
});

import { expect, test } from 'vitest';
import { join } from '../../src/steps/put-base-url.ts';
import { startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { json, startServer } from '../support/server.ts';

test.each([
  ['http://h', '/a', 'http://h/a'],
  ['http://h/', 'a', 'http://h/a'],
  ['http://h/v1', '/a', 'http://h/v1/a'],
  ['http://h/v1/', '/a?x=1', 'http://h/v1/a?x=1'],
  ['http://h/v1?k=1', '/a?x=1#f', 'http://h/v1/a?k=1&x=1'],
  ['http://h/v1', '', 'http://h/v1'],
  ['http://h/v1', '?x=1', 'http://h/v1?x=1'],
])('the base %s and %s are %s', (base, url, joined) => {
  expect(join(base, url)).toBe(joined);
});

test('a URL with a scheme needs no base, and a function may give it for each attempt', async () => {
  const server = await startServer((request, response) => json(response, request.url));
  let calls = 0;
  const req = await startReq({
    baseUrl: async () => {
      calls += 1;
      return `${server.url}/v${calls}`;
    },
  });
  expect((await req.get('/a')).body).toBe('/v1/a');
  expect((await req.get('/a')).body).toBe('/v2/a');
  expect((await req.get(`${server.url}/b`)).body).toBe('/b');
  expect(calls).toBe(2);
});

test('params are added to the query, lists repeat the name, null leaves it out', async () => {
  const server = await startServer((request, response) => json(response, request.url));
  const req = await startReq({ baseUrl: server.url });
  const params = { a: 'x y&z', b: [1, 2], c: null, d: undefined, e: true };
  expect((await req.get('/p?q=1#frag', { params })).body).toBe('/p?q=1&a=x+y%26z&b=1&b=2&e=true');
  expect((await req.get('/p?', { params: [['a', 1]] })).body).toBe('/p?a=1');
});

test('path params are encoded within their segment', async () => {
  const server = await startServer((request, response) => json(response, request.url));
  const req = await startReq({ baseUrl: server.url });
  const get = async (url: string, pathParams: Record<string, string | number>) =>
    (await req.get(url, { pathParams })).body;
  expect(await get('/users/:id/posts/:post', { id: 7, post: 'a/b c' })).toBe(
    '/users/7/posts/a%2Fb%20c',
  );
  expect(await get('/jobs/:id::run', { id: 1 })).toBe('/jobs/1::run');
  expect(await get('/a?time=:id', { id: 1 })).toBe('/a?time=:id');
  const curly = await req.get('/users/{id}/:id', {
    pathParams: { id: 1 },
    pathParamsStyle: 'curly',
  });
  expect(curly.body).toBe('/users/1/:id');
});

test('path params make no other directory of the path', async () => {
  const server = await startServer((request, response) => json(response, request.url));
  const req = await startReq({ baseUrl: server.url });
  for (const [path, name] of [
    ['/files/:name', '..'],
    ['/files/:name/x', '.'],
    ['/files/.:name', '.'],
  ] as const) {
    const error = await rejection(req.get(path, { pathParams: { name } }));
    expect(error).toMatchObject({ code: 'ERR_REQ_OPTIONS', option: 'pathParams' });
  }
  expect(server.seen).toEqual([]);
  const { body } = await req.get('/a/../:name', { pathParams: { name: '%2e%2e' } });
  expect(body).toBe('/a/../%252e%252e');
});

import { expect, test } from 'vitest';
import { NotRunningError, Req, ReqOptionsError, StatusError } from '../src/index.ts';
import { startReq } from './support/client.ts';
import { rejection } from '../../finch/test/support/rejection.ts';
import { json, startServer } from './support/server.ts';

test('a GET resolves with the status, the headers and the decoded body', async () => {
  const req = await startReq();
  const server = await startServer((_, response) => json(response, { name: 'Ada' }));
  const response = await req.get(`${server.url}/users/1`);
  expect(response.status).toBe(200);
  expect(response.ok).toBe(true);
  expect(response.headers.get('Content-Type')).toBe('application/json');
  expect(response.body).toEqual({ name: 'Ada' });
  expect(response.url).toBe(`${server.url}/users/1`);
  expect(server.seen[0]?.headers).toMatchObject({
    'accept-encoding': expect.stringContaining('gzip') as string,
    'user-agent': expect.stringMatching(/^linnet-req\//) as string,
  });
});

test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)(
  '%s has a function',
  async (method) => {
    const req = await startReq();
    const server = await startServer((request, response) => json(response, request.method));
    const name = method.toLowerCase() as 'get';
    expect((await req[name](server.url)).body).toBe(method);
  },
);

test('a HEAD has headers and no body', async () => {
  const req = await startReq();
  const server = await startServer((_, response) => json(response, { a: 1 }));
  const { body, headers } = await req.head(server.url);
  expect(body).toBeUndefined();
  expect(headers.get('content-type')).toBe('application/json');
});

test('request takes the method, POST where there is a body', async () => {
  const req = await startReq();
  const server = await startServer((request, response) => json(response, request.method));
  expect((await req.request(server.url, { method: 'options' })).body).toBe('OPTIONS');
  expect((await req.request(server.url, { json: 1 })).body).toBe('POST');
  expect((await req.request(server.url)).body).toBe('GET');
});

test('what is no URL is refused before anything is sent', async () => {
  const req = await startReq({ baseUrl: 'http://127.0.0.1:1' });
  const missing = await rejection(req.get(undefined as never));
  expect(missing.message).toBe(
    'Invalid value of the option url: undefined. Allowed: a string or a URL.',
  );
  const inOptions = await rejection(req.request({ method: 'GET', url: '/' } as never));
  expect(inOptions).toBeInstanceOf(ReqOptionsError);
});

test('merge joins headers, params and path params by name, and replaces other options', async () => {
  const server = await startServer((request, response) => json(response, request.url));
  const first = await startReq({
    baseUrl: server.url,
    headers: { a: '1', b: '1' },
    params: { x: 1, y: 1 },
    json: { never: 'sent' },
  });
  const second = first.merge({ headers: { B: '2' }, params: { y: 2 } });
  const { body } = await second.post('/p', { params: { z: 3 }, form: { f: 'g h' } });
  expect(body).toBe('/p?x=1&y=2&z=3');
  expect(server.seen[0]?.headers).toMatchObject({ a: '1', b: '2' });
  expect(server.seen[0]?.body.toString()).toBe('f=g+h');
  expect(first).not.toBe(second);
  await first.get('/q', { body: 'text' });
  expect(server.seen[1]?.url).toBe('/q?x=1&y=1');
});

test('httpErrors: raise and expect make a StatusError, which has the decoded response', async () => {
  const req = await startReq({ retry: false });
  const server = await startServer((_, response) => json(response, { error: 'no' }, 404));
  const returned = await req.get(server.url);
  expect(returned.status).toBe(404);
  const error = await rejection(req.get(`${server.url}/a?token=secret`, { httpErrors: 'raise' }));
  expect(error).toBeInstanceOf(StatusError);
  expect(error).toMatchObject({ code: 'ERR_REQ_STATUS', status: 404, name: 'StatusError' });
  expect((error as StatusError).response.body).toEqual({ error: 'no' });
  expect(error.message).not.toContain('secret');
  expect((await req.get(server.url, { expect: [200, 404], httpErrors: 'raise' })).status).toBe(404);
  expect(await rejection(req.get(server.url, { expect: 200 }))).toBeInstanceOf(StatusError);
});

test.each([
  [{ base_url: 'https://x' }, 'base_url', 'baseUrl'],
  [{ redirct: true }, 'redirct', 'redirect'],
  [{ searchParams: {} }, 'searchParams', 'params'],
  [{ throwHttpErrors: true }, 'throwHttpErrors', 'httpErrors'],
  [{ breaker: { falures: 3 } }, 'breaker.falures', 'breaker.failures'],
] as const)('an unknown option is told what was meant: %j', (options, option, suggestion) => {
  const make = () => Req.new(options as object);
  expect(make).toThrow(ReqOptionsError);
  expect(make).toThrow(
    expect.objectContaining({ option, suggestion, problem: 'unknown' }) as Error,
  );
});

test.each([
  { baseUrl: '/relative' },
  { baseUrl: 'ftp://host' },
  { params: 'a=1' },
  { auth: { bearer: '' } },
  { auth: { basic: 'no-colon' } },
  { maxRetries: -1 },
  { retry: 'always' },
  { checksum: 'crc32:00' },
  { decode: 'xml' },
  { timeout: 1.5 },
  { into: { path: '/x' } },
  { json: 1, form: { a: 1 } },
  { formMultipart: { a: { b: 1 } } },
  { finch: {} },
])('a value that is not allowed is refused: %j', (options) => {
  expect(() => Req.new(options as object)).toThrow(ReqOptionsError);
});

test('a secret is in no message', () => {
  const make = () => Req.new({ auth: { bearer: 'top-secret', extra: 1 } } as object);
  expect(make).toThrow(expect.not.stringContaining('top-secret') as string);
  expect(make).toThrow(expect.objectContaining({ value: '[hidden]' }) as Error);
});

test('a bad option of a call rejects, and throws nothing', async () => {
  const req = await startReq();
  const error = await rejection(req.get('http://localhost', { maxRetries: -1 }));
  expect(error).toBeInstanceOf(ReqOptionsError);
});

test('without an instance the error says what to do', async () => {
  const error = await rejection(Req.new().get('http://localhost'));
  expect(error).toBeInstanceOf(NotRunningError);
  expect(error).toMatchObject({ code: 'ERR_REQ_NOT_RUNNING', missing: 'Req.Finch' });
  expect(error.message).toContain('Req.childSpec()');
  const named = await rejection(Req.new({ finch: 'Absent' }).get('http://localhost'));
  expect(named.message).toContain('Finch.childSpec');
});

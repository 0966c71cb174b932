import { TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Finch } from '../../src/index.ts';
import { FakeOrigin, type FakeOriginOptions } from '../../src/testing/index.ts';
import { rejection } from '../support/rejection.ts';
import { startFinch } from '../support/finch.ts';

async function startBoth(options: FakeOriginOptions = {}) {
  const origin = await FakeOrigin.start(options);
  const finch = await startFinch({
    pools: {
      default: {
        ...(options.protocol === 'http2' ? { protocols: ['http2'] as const } : {}),
        ...(origin.ca === undefined ? {} : { connOpts: { tls: { ca: origin.ca } } }),
      },
    },
  });
  return { origin, finch };
}

const kinds: FakeOriginOptions[] = [
  { protocol: 'http1' },
  { protocol: 'http1', tls: true },
  { protocol: 'http2' },
  { protocol: 'http2', tls: true },
];

describe.each(kinds)('a fake origin that speaks %o', (options) => {
  test('answers by its script, and remembers what came', async () => {
    const { origin, finch } = await startBoth(options);
    await using _ = origin;
    origin.on('GET /users/1', { json: { name: 'Ada' }, headers: { 'x-a': ['1', '2'] } });
    origin.on('POST /users', { status: 201, body: ['cre', 'ated'] });
    const user = await finch.get(`${origin.url}/users/1?full=yes`, { headers: { 'x-ask': 'me' } });
    expect(user.json()).toEqual({ name: 'Ada' });
    expect(user.headers.get('content-type')).toBe('application/json');
    expect(user.headers.get('x-a')).toBe('1, 2');
    const created = await finch.post(`${origin.url}/users`, JSON.stringify({ name: 'Bob' }));
    expect([created.status, created.text()]).toEqual([201, 'created']);
    const [first, second] = origin.requests;
    expect(first).toMatchObject({
      method: 'GET',
      path: '/users/1',
      headers: { 'x-ask': 'me', host: new URL(origin.url).host },
      httpVersion: options.protocol === 'http2' ? '2.0' : '1.1',
      connection: 1,
    });
    expect(first?.query.get('full')).toBe('yes');
    expect(second?.json()).toEqual({ name: 'Bob' });
    expect(origin.connections).toBe(1);
  });

  test('fails as it is told: before an answer, and in the middle of one', async () => {
    const { origin, finch } = await startBoth(options);
    await using _ = origin;
    const code =
      options.protocol === 'http2' ? 'ERR_FINCH_STREAM_RESET' : 'ERR_FINCH_CONNECTION_CLOSED';
    origin.on('POST /', { fault: 'reset' }, { fault: 'truncate', body: '0123456789' }, {});
    await expect(finch.post(origin.url, 'x')).rejects.toMatchObject({ code });
    await expect(finch.post(origin.url, 'x')).rejects.toMatchObject({ code, requestSent: true });
    expect((await finch.post(origin.url, 'x')).status).toBe(200);
    origin.on('GET /', { fault: 'hang' });
    await expect(finch.get(origin.url, { receiveTimeout: 30 })).rejects.toMatchObject({
      code: 'ERR_FINCH_RECEIVE_TIMEOUT',
    });
  });

  test('makes replies of requests, sends trailers, and streams', async () => {
    const { origin, finch } = await startBoth(options);
    await using _ = origin;
    async function* pieces() {
      yield 'one ';
      await new Promise((resolve) => setImmediate(resolve));
      yield new TextEncoder().encode('two');
    }
    origin.on('* /echo/*', ({ method, path, text }) => ({
      body: `${method} ${path.slice(6)}`,
      headers: { 'x-text': typeof text },
    }));
    origin.on('GET /stream', () => ({ body: pieces(), trailers: { 'x-sum': '7' } }));
    expect((await finch.delete(`${origin.url}/echo/a`)).text()).toBe('DELETE a');
    const streamed = await finch.get(`${origin.url}/stream`);
    expect(streamed.text()).toBe('one two');
    expect(streamed.trailers.get('x-sum')).toBe('7');
  });
});

test('replies are given by turn, and the last one stays', async () => {
  const { origin, finch } = await startBoth();
  await using _ = origin;
  origin.on('GET /', { status: 503 }, { status: 503 }, { body: 'at last' });
  const statuses: number[] = [];
  for (let n = 0; n < 4; n++) statuses.push((await finch.get(origin.url)).status);
  expect(statuses).toEqual([503, 503, 200, 200]);
});

test('what the script does not know is answered with 501, what throws with 500, each with the reason', async () => {
  const { origin, finch } = await startBoth();
  await using _ = origin;
  expect((await finch.get(`${origin.url}/nothing`)).text()).toBe(
    'FakeOrigin has no reply to GET /nothing',
  );
  origin.on('GET /throws', () => {
    throw new Error('oops');
  });
  const failed = await finch.get(`${origin.url}/throws`);
  expect([failed.status, failed.text()]).toEqual([
    500,
    'The reply to GET /throws threw Error: oops',
  ]);
  expect(() => origin.on('/users', {})).toThrow(
    `"/users" is no method and target, such as 'GET /users'`,
  );
  expect(() => origin.on('GET /users')).toThrow('There is no reply for GET /users');
});

test('bytes that are no HTTP, a delay, a latency, and connections that are dropped', async () => {
  const { origin, finch } = await startBoth({ latency: 1 });
  await using _ = origin;
  origin.on('GET /garbage', { fault: 'garbage' });
  await expect(finch.get(`${origin.url}/garbage`)).rejects.toMatchObject({
    code: 'ERR_FINCH_PROTOCOL',
  });
  origin.latency = 0;
  origin.on('GET /late', { delay: 60_000 });
  origin.on('GET /', {});
  const clock = new TestClock().install(onTestFinished);
  const late = rejection(finch.get(`${origin.url}/late`, { requestTimeout: 20 }));
  await origin.received(2);
  await clock.advance(20);
  expect(await late).toMatchObject({ code: 'ERR_FINCH_REQUEST_TIMEOUT' });
  await finch.get(origin.url);
  const { connection } = await origin.received(3);
  origin.dropConnections();
  await finch.get(origin.url);
  expect((await origin.received(4)).connection).toBeGreaterThan(connection);
});

test('a test can wait for what comes, and begin anew', async () => {
  const { origin, finch } = await startBoth();
  await using _ = origin;
  const second = origin.received(2);
  origin.on('GET /*', {});
  await Promise.all([finch.get(`${origin.url}/a`), finch.get(`${origin.url}/b`)]);
  expect((await second).path).toMatch(/^\/[ab]$/);
  origin.reset();
  expect(origin.requests).toEqual([]);
  expect((await finch.get(`${origin.url}/a`)).status).toBe(501);
});

test('it is for any client', async () => {
  await using origin = await FakeOrigin.start();
  origin.on('GET /', { json: 1 });
  expect(await (await fetch(origin.url)).json()).toBe(1);
  await origin.stop();
  const finch = await startFinch();
  await expect(finch.request(Finch.build('GET', origin.url))).rejects.toMatchObject({
    code: 'ERR_FINCH_CONNECT',
  });
});

test('a slip in what is said is an error that names it', async () => {
  await using origin = await FakeOrigin.start();
  const on = (target: string, reply: unknown) => () => origin.on(target, reply as object);
  expect(on('GET users', {})).toThrow('The path of "GET users" does not begin with a slash');
  expect(on('GET /a?x=1', {})).toThrow('"GET /a?x=1" has a query, which does not count');
  expect(on('GET /', { jsn: 1 })).toThrow('A reply has no "jsn" (did you mean json?)');
  expect(on('GET /', { body: { a: 1 } })).toThrow(/body of a reply is text.*give a value as json/);
  expect(on('GET /', { body: 'a', json: 1 })).toThrow('and not both');
  expect(on('GET /', { status: '200' })).toThrow('status of a reply is from 200 to 999, not "200"');
  expect(on('GET /', { delay: -1 })).toThrow('in ms from 0, not -1');
  expect(on('GET /', { fault: 'explode' })).toThrow('reset, hang, truncate, garbage');
  expect(on('GET /', null)).toThrow('A reply is an object such as');
  expect(on('GET /', 'text')).toThrow('A reply is an object such as');
  await expect(FakeOrigin.start({ latancy: 1 } as object)).rejects.toThrow(
    'did you mean latency?)',
  );
});

test('a reply that turns out to be none is answered with 500 and the reason', async () => {
  const { origin, finch } = await startBoth();
  await using _ = origin;
  origin.on('GET /nothing', () => undefined as never);
  origin.on('GET /header', { headers: { 'a b': '1' } });
  const nothing = await finch.get(`${origin.url}/nothing`);
  expect(nothing.status).toBe(500);
  expect(nothing.text()).toContain('The reply to GET /nothing is none: TypeError: A reply is an');
  const header = await finch.get(`${origin.url}/header`);
  expect(header.text()).toContain('Invalid header name');
  const other = await finch.get(`${origin.url}/other`);
  expect(other.text()).toBe(
    'FakeOrigin has no reply to GET /other, but to GET /nothing, GET /header',
  );
});

test('who waits for a request that does not come is told when the origin is stopped', async () => {
  const origin = await FakeOrigin.start();
  const waiting = origin.received(1);
  await origin.stop();
  await expect(waiting).rejects.toThrow('The origin was stopped after 0 requests');
  await expect(origin.received(1)).rejects.toThrow('The origin was stopped');
});

test('a method may be written in any case', async () => {
  const { origin, finch } = await startBoth();
  await using _ = origin;
  origin.on('get /', { body: 'text' });
  expect((await finch.get(origin.url)).text()).toBe('text');
});

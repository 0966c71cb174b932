// The built packages in Jest, whose modules run in a context of their own: errors and bytes that
// Node.js makes are of another realm there. Run by scripts/test-jest.mjs.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Finch, isFinchError } from '@linnet/finch';
import { FakeOrigin, stubFinch } from '@linnet/finch/testing';
import { GenServer, reply } from '@linnet/otp';
import { captureCrashReports, eventually, startSupervised } from '@linnet/otp/testing';
import { Req } from '@linnet/req';

const name = 'JestTest';

/** What came, or came zipped, or never. */
const server = createServer((request, response) => {
  if (request.url === '/never') return;
  if (request.url === '/zipped') {
    response.setHeader('content-encoding', 'gzip').end(gzipSync('text'));
    return;
  }
  request.pipe(response);
});
let url = '';
let finch;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
  finch = await Finch.startLink({ name });
});

afterAll(async () => {
  await finch.stop();
  server.closeAllConnections();
  server.close();
});

const rejection = (promise) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

test('the fake origin answers', async () => {
  const origin = await FakeOrigin.start();
  origin.on('GET /', { json: { ok: true } });
  expect((await finch.get(origin.url)).json()).toEqual({ ok: true });
  await origin[Symbol.asyncDispose]();
});

test('the stub answers', async () => {
  const client = stubFinch({ body: 'stub' });
  expect((await client.get('https://example.com')).text()).toBe('stub');
});

test.each([
  ['bytes', () => new Uint8Array([116, 101, 120, 116])],
  ['a buffer', () => new TextEncoder().encode('text').buffer],
  ['a stream', () => Readable.from(['te', 'xt'])],
  ['a web stream', () => new Blob(['text']).stream()],
  [
    'an iterable',
    async function* () {
      yield 'text';
    },
  ],
])('%s as a body', async (_, body) => {
  const response = await finch.request(Finch.build('POST', url, undefined, body()));
  expect(response.text()).toBe('text');
  expect(response.body).toBeInstanceOf(Uint8Array);
});

test('errors are those of this realm, with the cause that Node.js gave', async () => {
  const error = await rejection(finch.get('http://127.0.0.1:1'));
  expect(isFinchError(error)).toBe(true);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECT', cause: { code: 'ECONNREFUSED' } });
  const cancelled = await rejection(finch.get(`${url}/never`, { signal: AbortSignal.timeout(20) }));
  expect(cancelled).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
});

test('Req decodes, and tries again what failed in the other realm', async () => {
  const req = Req.new({ finch: name, retryDelay: 0 });
  expect(new TextDecoder().decode((await req.get(`${url}/zipped`)).body)).toBe('text');
  const attempts = [];
  const watched = req.appendRequestSteps({
    count: ({ call }) => void attempts.push(call.attempt),
  });
  expect(await rejection(watched.get('http://127.0.0.1:1'))).toMatchObject({
    code: 'ERR_FINCH_CONNECT',
  });
  expect(attempts).toEqual([1, 2, 3, 4]);
});

test('fetch through the pools', async () => {
  const response = await finch.fetch(url, { method: 'POST', body: 'text' });
  expect(await response.text()).toBe('text');
});

test('a server under supervision crashes with an error of Node.js, and is started again', async () => {
  const Counter = GenServer.define({
    init: (count) => count,
    handleCall: {
      add: (count, by) => reply(count + by, count + by),
      crash: () => decodeURIComponent('%'),
    },
  });
  const supervised = await startSupervised(Counter.childSpec(1, { name: 'jest_counter' }));
  expect(await GenServer.call('jest_counter', ['add', 2])).toBe(3);
  await captureCrashReports(async () => {
    const error = await rejection(GenServer.call('jest_counter', 'crash'));
    expect(error).toMatchObject({ cause: { name: 'URIError' } });
  });
  await eventually(async () => {
    expect(await GenServer.call('jest_counter', ['add', 2])).toBe(3);
  });
  await supervised.stop();
});

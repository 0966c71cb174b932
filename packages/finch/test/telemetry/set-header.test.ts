import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { Finch, subscribeTelemetry, type PoolOptions } from '../../src/index.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';
import { startFinch } from '../support/finch.ts';
import { recordEvents } from '../support/record-events.ts';

const caller = new AsyncLocalStorage<string>();

/** Answers with the header that the subscriber set; each request of one pool at a time. */
async function startTraced(pool: PoolOptions = {}, http2 = false) {
  const server = await startHttpServer(
    (request, answer) => answer.end(String(request.headers['x-caller'])),
    http2 ? { http2: { only: true } } : {},
  );
  onTestFinished(() => server.close());
  const finch = await startFinch({ pools: { default: pool } });
  const stop = subscribeTelemetry('request.start', ({ setHeader }) => {
    setHeader('X-Caller', caller.getStore() ?? 'none');
  });
  onTestFinished(stop);
  const ask = (name: string) => caller.run(name, () => finch.get(server.url));
  return { finch, server, ask };
}

test('a subscriber sets headers in the context of the caller, on a new and on an idle connection and out of the queue [N1]', async () => {
  const { ask } = await startTraced({ size: 1 });
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map(ask));
  expect(answers.map((answer) => answer.text())).toEqual(['a', 'b', 'c', 'd']);
  expect((await ask('e')).text()).toBe('e');
});

test('a subscriber sets headers of HTTP/2 requests, too [N1]', async () => {
  const { ask } = await startTraced({ protocols: ['http2'] }, true);
  const answers = await Promise.all(['a', 'b', 'c'].map(ask));
  expect(answers.map((answer) => answer.text())).toEqual(['a', 'b', 'c']);
});

test('a header that a subscriber sets replaces the one of the request, which itself stays as it is', async () => {
  const { finch, server } = await startTraced();
  const events = recordEvents(['request.stop']);
  const request = Finch.build('GET', server.url, { 'x-caller': 'given', 'x-other': '1' });
  const answer = await caller.run('set', () => finch.request(request));
  expect(answer.text()).toBe('set');
  expect(request.headers).toContain('given');
  const sent = events.first('request.stop').request;
  expect(sent.headers).not.toContain('given');
  expect(sent.headers.slice(-4)).toEqual(['user-agent', expect.any(String), 'x-caller', 'set']);
  expect(sent.private).toBe(request.private);
});

test('what a subscriber sets after the event has no effect', async () => {
  const { finch, server } = await startTraced();
  let late: ((name: string, value: string) => void) | undefined;
  const stop = subscribeTelemetry('request.start', ({ setHeader }) => void (late = setHeader));
  onTestFinished(stop);
  const asked = caller.run('early', () => finch.get(server.url));
  late?.('x-caller', 'late');
  expect((await asked).text()).toBe('early');
});

test.each([
  ['host', 'example.com', 'host cannot be set by a subscriber'],
  ['content-length', '5', 'content-length cannot be set by a subscriber'],
  ['upgrade', 'websocket', 'The header upgrade cannot be'],
  ['x bad', '1', 'Invalid header name'],
  ['x-bad', 'line\r\nbreak', 'has the character U+000D'],
])('a subscriber cannot set %s to %j', async (name, value, problem) => {
  const { finch, server } = await startTraced();
  let failure: unknown;
  const stop = subscribeTelemetry('request.start', ({ setHeader }) => {
    try {
      setHeader(name, value);
    } catch (error) {
      failure = error;
    }
  });
  onTestFinished(stop);
  await finch.get(server.url);
  expect(String(failure)).toContain(problem);
});

test('the end of a request tells its protocol and how much of the body came', async () => {
  await using server = await startHttpServer((_request, answer) => answer.end('12345'));
  const finch = await startFinch();
  const events = recordEvents(['request.stop', 'request.exception']);
  await finch.get(server.url);
  expect(events.first('request.stop')).toMatchObject({ protocol: 'http1', bytesReceived: 5 });
  await expect(finch.get(server.url, { signal: AbortSignal.abort() })).rejects.toThrow(
    'was cancelled',
  );
  expect(events.first('request.exception')).toMatchObject({
    protocol: undefined,
    bytesReceived: 0,
  });
});

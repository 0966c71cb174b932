import { createServer } from 'node:net';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { isFinchError } from '@linnet/finch';
import { HeaderList, ReqCancelledError, ReqTimeoutError } from '../../src/index.ts';
import { backOff, retryAfter } from '../../src/retry/delay.ts';
import { startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { json, startServer } from '../support/server.ts';

/** Answers with these statuses, one after the other, then 200. */
const startFlaky = (statuses: readonly number[], headers: Record<string, string> = {}) =>
  startServer((_, response, index) => {
    response.writeHead(statuses[index] ?? 200, headers).end();
  });

/** Cuts off so many connections, then answers. */
async function startCutting(cuts: number): Promise<{ url: string; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
    socket.once('data', () => {
      if (connections <= cuts) socket.destroy();
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, connections: () => connections };
}

test.each([408, 429, 500, 502, 503, 504])('a GET is sent again after %i', async (status) => {
  const req = await startReq();
  const server = await startFlaky([status]);
  expect((await req.get(server.url)).status).toBe(200);
  expect(server.seen).toHaveLength(2);
});

test('after maxRetries the last response is returned', async () => {
  const req = await startReq();
  const server = await startFlaky([500, 501, 503, 503, 503, 503]);
  expect((await req.get(server.url, { retryStatuses: [500, 501, 503] })).status).toBe(503);
  expect(server.seen).toHaveLength(4);
  expect((await req.get(server.url, { maxRetries: 0 })).status).toBe(503);
  expect((await req.get(server.url, { retry: false })).status).toBe(503);
});

test.each([
  ['POST', 'safe_transient', 1],
  ['PUT', 'safe_transient', 1],
  ['POST', 'transient', 2],
  ['HEAD', 'safe_transient', 2],
] as const)('%s with %s is sent %i times', async (method, retry, times) => {
  const req = await startReq({ retry });
  const server = await startFlaky([503]);
  await req.request(server.url, { method });
  expect(server.seen).toHaveLength(times);
});

test('a request is sent again after an error of its connection, POST only if nothing was sent', async () => {
  const req = await startReq();
  const cutting = await startCutting(2);
  expect((await req.get(cutting.url)).status).toBe(200);
  expect(cutting.connections()).toBe(3);
  const other = await startCutting(1);
  const error = await rejection(req.post(other.url, { json: 1 }));
  expect(isFinchError(error) && error.code).toBe('ERR_FINCH_CONNECTION_CLOSED');
  expect(other.connections()).toBe(1);
  let attempts = 0;
  const counted = req.prependErrorSteps({ count: () => void (attempts += 1) });
  expect(await rejection(counted.post('http://127.0.0.1:1', { json: 1 }))).toMatchObject({
    code: 'ERR_FINCH_CONNECT',
  });
  expect(attempts).toBe(4);
});

test('a body that can be read once is sent once', async () => {
  const req = await startReq({ retry: 'transient' });
  const server = await startFlaky([503, 503]);
  expect((await req.post(server.url, { body: Readable.from(['a']) })).status).toBe(503);
  expect(server.seen).toHaveLength(1);
  expect((await req.post(server.url, { body: () => ['a'] })).status).toBe(200);
});

test('a function decides, and may give the delay', async () => {
  const server = await startFlaky([404, 404]);
  const contexts: unknown[] = [];
  const req = await startReq({
    retry: ({ attempt, response, error, method }) => {
      contexts.push([method, attempt, response?.status, error]);
      return response?.status === 404 && 0;
    },
  });
  expect((await req.post(server.url)).status).toBe(200);
  expect(contexts).toEqual([
    ['POST', 1, 404, undefined],
    ['POST', 2, 404, undefined],
    ['POST', 3, 200, undefined],
  ]);
});

test('Retry-After is waited for, up to maxRetryDelay', async () => {
  const req = await startReq({ retryDelay: 1 });
  const server = await startFlaky([503], { 'retry-after': '2' });
  const clock = new TestClock().install(onTestFinished);
  const answered = Promise.withResolvers<void>();
  const response = req
    .prependResponseSteps({ note: () => void setImmediate(answered.resolve) })
    .get(server.url);
  await answered.promise;
  await clock.advance(1999);
  expect(server.seen).toHaveLength(1);
  await clock.advance(1);
  expect((await response).status).toBe(200);
  const patient = await startFlaky([503], { 'retry-after': '31' });
  expect((await req.get(patient.url)).status).toBe(503);
  expect(patient.seen).toHaveLength(1);
});

test('the wait ends with the signal and with the timeout', async () => {
  const req = await startReq({ retryDelay: 60_000 });
  const server = await startFlaky([503, 503]);
  const controller = new AbortController();
  const waiting = req
    .prependResponseSteps({
      abort: () => void setImmediate(() => controller.abort(new Error('enough'))),
    })
    .get(server.url, { signal: controller.signal });
  const error = await rejection(waiting);
  expect(error).toBeInstanceOf(ReqCancelledError);
  expect(error).toMatchObject({ code: 'ERR_REQ_CANCELLED', reason: { message: 'enough' } });
  const late = await rejection(req.get(server.url, { timeout: 20 }));
  expect(late).toBeInstanceOf(ReqTimeoutError);
  expect(late).toMatchObject({ code: 'ERR_REQ_TIMEOUT', timeout: 20 });
});

test('timeout covers an attempt whose server is silent', async () => {
  const req = await startReq();
  const server = await startServer(() => {});
  const error = await rejection(req.get(server.url, { timeout: 30 }));
  expect(error).toMatchObject({ code: 'ERR_REQ_TIMEOUT', attempts: 1 });
});

test('a signal that has aborted already cancels the call', async () => {
  const req = await startReq();
  const server = await startServer((_, response) => json(response, 1));
  const error = await rejection(
    req.get(server.url, { signal: AbortSignal.abort(new Error('gone')) }),
  );
  expect(isFinchError(error) && error.code).toBe('ERR_FINCH_REQUEST_CANCELLED');
});

test('the budget bounds the retries of all calls, and calls that succeed refill it', async () => {
  const req = await startReq({ retryBudget: { ratio: 0.5, burst: 3 } });
  const server = await startServer((request, response) => {
    response.writeHead(request.url === '/bad' ? 503 : 200).end();
  });
  for (let call = 0; call < 4; call++) await req.get(`${server.url}/bad`);
  const sent = server.seen.length;
  // 4 calls, and retries: 3 at first and half of one for each call after the first.
  expect(sent).toBeLessThanOrEqual(4 + 3 + 2);
  for (let call = 0; call < 4; call++) await req.merge({}).get(`${server.url}/good`);
  await req.get(`${server.url}/bad`);
  expect(server.seen.length).toBeGreaterThan(sent + 4 + 1);
  const free = req.merge({ retryBudget: false });
  const before = server.seen.length;
  for (let call = 0; call < 3; call++) await free.get(`${server.url}/bad`);
  expect(server.seen.length - before).toBe(12);
});

test('the back-off doubles, with jitter, up to the longest', () => {
  expect([0, 1, 2, 9].map((n) => backOff(n, 30_000, () => 1))).toEqual([1000, 2000, 4000, 30_000]);
  expect([0, 1, 2, 9].map((n) => backOff(n, 30_000, () => 0))).toEqual([500, 1000, 2000, 15_000]);
});

test.each([
  ['120', undefined, 120_000],
  ['0', undefined, 0],
  ['Mon, 30 Nov 2026 10:00:10 GMT', 'Mon, 30 Nov 2026 10:00:00 GMT', 10_000],
  ['Mon, 30 Nov 2020 10:00:10 GMT', undefined, 0],
  ['Monday, 30-Nov-26 10:00:10 GMT', 'Mon, 30 Nov 2026 10:00:00 GMT', 10_000],
  ['Mon Nov 30 10:00:10 2026', 'Mon, 30 Nov 2026 10:00:00 GMT', 10_000],
  ['99999999999999999999', undefined, 1e23],
  ['soon', undefined, undefined],
  ['soon 5', undefined, undefined],
  ['May 5', undefined, undefined],
  ['1.5', undefined, undefined],
  ['-5', undefined, undefined],
] as const)('Retry-After: %s, with date %s, is %s ms', (value, date, ms) => {
  const headers = new HeaderList({ 'retry-after': value, ...(date === undefined ? {} : { date }) });
  const { TZ } = process.env;
  onTestFinished(
    () => void (TZ === undefined ? delete process.env['TZ'] : (process.env['TZ'] = TZ)),
  );
  for (const zone of ['UTC', 'Asia/Tokyo']) {
    process.env['TZ'] = zone;
    expect(retryAfter(headers)).toBe(ms);
  }
});

test('a function that returns no delay is told so, and nothing is sent again', async () => {
  const req = await startReq();
  for (const options of [
    { retry: () => Number.NaN },
    { retry: () => -1 },
    { retryDelay: () => Number.NaN },
  ]) {
    const server = await startFlaky([503]);
    const error = await rejection(req.get(server.url, options));
    expect(error).toMatchObject({ code: 'ERR_REQ_OPTIONS' });
    expect(server.seen).toHaveLength(1);
  }
});

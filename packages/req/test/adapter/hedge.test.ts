import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribeTelemetry } from '@linnet/finch';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { Req } from '../../src/index.ts';
import { startClient, startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { startTree } from '../support/tree.ts';

/** Never answers the first so many requests. */
const startSlow = (silent: number) =>
  startServer(({ url }, response, index) => {
    if (index >= silent || url === '/other') response.end(String(index));
  });

/** How many requests a call has made that was cancelled some time after so many were seen. */
async function silentCalls(
  req: Req,
  server: TestServer,
  seen: number,
  method: 'get' | 'post' = 'get',
): Promise<number> {
  const controller = new AbortController();
  const call = rejection(req[method](server.url, { signal: controller.signal }));
  const count = () => server.seen.filter(({ url }) => url === '/').length;
  await eventually(() => expect(count()).toBe(seen));
  // Others go there and back, one after the other: one more of the call would have been seen by then.
  for (let other = 0; other < 5; other++) await fetch(`${server.url}/other`);
  controller.abort();
  await call;
  return count();
}

test('a request without an answer is sent again beside itself, and the first answer taken', async () => {
  const req = await startReq({ hedge: { delay: 5 }, decode: 'text' });
  const server = await startSlow(1);
  expect((await req.get(server.url)).body).toBe('1');
  expect(server.seen).toHaveLength(2);
});

test('no more are sent than max, and none when the answer comes in time', async () => {
  const req = await startReq({ hedge: { delay: 1, max: 3 }, decode: 'text' });
  const server = await startSlow(3);
  expect((await req.get(server.url)).body).toBe('3');
  expect(server.seen).toHaveLength(4);
  const quick = await startSlow(0);
  await req.get(quick.url, { hedge: { delay: 10_000 } });
  expect(quick.seen).toHaveLength(1);
});

test('a POST is not hedged', async () => {
  const req = await startReq({ hedge: { delay: 1 } });
  const server = await startSlow(1);
  expect(await silentCalls(req, server, 1, 'post')).toBe(1);
});

test('when all fail the error is that of the last, and the signal ends all', async () => {
  const req = await startReq({ hedge: { delay: 1000, max: 2 }, retry: false });
  let attempts = 0;
  const server = await startServer((_, response) => {
    attempts += 1;
    response.destroy();
  });
  expect(await rejection(req.get(server.url))).toMatchObject({
    code: 'ERR_FINCH_CONNECTION_CLOSED',
  });
  expect(attempts).toBeGreaterThanOrEqual(3);
  const silent = await startSlow(9);
  const controller = new AbortController();
  const waiting = rejection(
    req.get(silent.url, { signal: controller.signal, hedge: { delay: 1 } }),
  );
  setTimeout(() => controller.abort(), 20);
  expect(await waiting).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
});

test('the one that was not needed is cancelled: its connection is free or closed at once', async () => {
  const { req, finch } = await startClient({ hedge: { delay: 5 }, decode: 'text' });
  let closed = 0;
  const server = await startServer((_, response, index) => {
    response.once('close', () => void (closed += 1));
    if (index % 2 === 1) response.end(String(index));
  });
  for (const into of [undefined, 'stream'] as const) {
    const response = await req.get(server.url, into === undefined ? {} : { into });
    response.cancel();
  }
  await eventually(() => expect(finch.getStats().inUse).toBe(0));
  await eventually(() => expect(closed).toBe(server.seen.length));
});

test('each takes a retry of the budget, and without one the first goes on alone', async () => {
  const req = await startReq({
    hedge: { delay: 1, max: 9 },
    retry: false,
    retryBudget: { burst: 2, ratio: 0 },
  });
  const server = await startSlow(9);
  expect(await silentCalls(req, server, 3)).toBe(3);
  expect(await silentCalls(req, server, 4)).toBe(4);
});

test('each takes a token of the rate limit, and waits for none', async () => {
  const { req } = await startTree({
    hedge: { delay: 1, max: 9 },
    rateLimit: { requests: 2, per: 'infinity' },
  });
  const server = await startSlow(9);
  expect(await silentCalls(req, server, 2)).toBe(2);
});

test('the caller of each is that of the call: its process, its context', async () => {
  const req = await startReq({ hedge: { delay: 1 }, decode: 'text' });
  const server = await startSlow(1);
  const context = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const unsubscribe = subscribeTelemetry('request.start', () => seen.push(context.getStore()));
  onTestFinished(unsubscribe);
  await context.run('the call', () => req.get(server.url));
  expect(seen).toEqual(['the call', 'the call']);
});

test('an error that another request would meet, too, brings none forward', async () => {
  const req = await startReq({ hedge: { delay: 5000, max: 3 }, retry: false });
  let attempts = 0;
  const unsubscribe = subscribeTelemetry('request.start', () => void (attempts += 1));
  onTestFinished(unsubscribe);
  const server = await startServer((_, response) => response.socket?.end('HTTP/9 what\r\n\r\n'));
  expect(await rejection(req.get(server.url))).toMatchObject({ code: 'ERR_FINCH_PROTOCOL' });
  expect(attempts).toBe(1);
});

test('the body of a hedged stream can be read, and ended by the signal', async () => {
  const req = await startReq({ hedge: { delay: 5 } });
  const server = await startServer((_, response, index) => {
    if (index > 0) response.writeHead(200).write('part');
  });
  const controller = new AbortController();
  const { body } = await req.get(server.url, { into: 'stream', signal: controller.signal });
  const read = async () => {
    for await (const _chunk of body) controller.abort();
  };
  expect(await rejection(read())).toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
});

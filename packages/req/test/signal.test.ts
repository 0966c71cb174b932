import { getEventListeners } from 'node:events';
import { eventually } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import type { ReqOptions } from '../src/index.ts';
import { startServer } from './support/server.ts';
import { startHttp1 } from './support/web-socket-server.ts';
import { startTree } from './support/tree.ts';

test.each<[string, ReqOptions]>([
  ['plain', {}],
  ['with a timeout', { timeout: 10_000 }],
  ['hedged', { hedge: { delay: 1 } }],
  ['guarded', { breaker: true, rateLimit: { requests: 1, per: 2, burst: 1 } }],
  ['into a function', { into: () => {} }],
  ['with steps that wait', { auth: () => Promise.resolve({ bearer: 't' }), cookies: true }],
  ['sent again', { retry: () => 1, maxRetries: 2 }],
])(
  'a signal that many calls share keeps no listener of one that is over: %s',
  async (_, options) => {
    const { req } = await startTree();
    const server = await startServer((_request, response) => response.end('body'));
    const { signal } = new AbortController();
    await Promise.all(
      Array.from({ length: 20 }, () => req.get(server.url, { ...options, signal })),
    );
    await eventually(() => expect(getEventListeners(signal, 'abort')).toEqual([]));
  },
);

test('nor of a stream of events, a WebSocket or pages that are over', async () => {
  const { req } = await startTree();
  const server = await startServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: a\n\n');
  });
  const { signal } = new AbortController();
  for await (const _event of req.events(server.url, { signal })) break;
  for await (const _page of req.paginate(server.url, { signal }));
  const echo = await startHttp1();
  const socket = await req.webSocket(echo.url, { signal });
  await socket.close();
  await eventually(() => expect(getEventListeners(signal, 'abort')).toEqual([]));
});

test('a signal that aborts in the wait for a retry, the rate limit or a step ends the call at once', async () => {
  const { req } = await startTree();
  const server = await startServer((_request, response) => response.writeHead(503).end());
  const waits: ReqOptions[] = [
    { retry: () => 60_000 },
    { rateLimit: { requests: 1, per: 'infinity' } },
    { auth: () => new Promise(() => {}) },
  ];
  for (const options of waits) {
    const controller = new AbortController();
    const { signal } = controller;
    const first = req.get(server.url, { ...options, signal });
    const second = req.get(server.url, { ...options, signal });
    const errors = Promise.allSettled([first, second]);
    await eventually(() => expect(getEventListeners(signal, 'abort').length).toBeGreaterThan(0));
    controller.abort('enough');
    const failed = (await errors).filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed[0]).toMatchObject({
      reason: { code: expect.stringMatching(/CANCELLED$/) as string },
    });
  }
});

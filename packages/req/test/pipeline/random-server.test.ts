/** Calls to a server that does anything: each has one outcome, and none keeps a connection. */
import { gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import { Finch, isFinchError } from '@linnet/finch';
import { eventually } from '@linnet/otp/testing';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { Req, ReqError, ReqResponse } from '../../src/index.ts';
import { noLeaks } from '../../../finch/test/support/no-leaks.ts';
import { uniqueName } from '../../../finch/test/support/unique-name.ts';
import { startServer } from '../support/server.ts';

const zipped = gzipSync('x'.repeat(10_000));
const maxRetries = 2;
const maxRedirects = 3;

/** What the server may do with a request. */
const acts = {
  answer: (response) => response.writeHead(200).end('ok'),
  zip: (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(zipped),
  cutZip: (response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(zipped.subarray(0, 20)),
  move: (response) => response.writeHead(302, { location: '/moved' }).end('moved'),
  keep: (response) => response.writeHead(307, { location: '/kept' }).end('x'.repeat(100_000)),
  astray: (response) => response.writeHead(301, { location: 'ftp://nowhere' }).end(),
  busy: (response) => response.writeHead(503, { 'retry-after': '0' }).end('busy'),
  refuse: (response) => response.writeHead(400).end(zipped),
  lose: (response) => response.destroy(),
  cut: (response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => response.destroy());
  },
  stall: (response) => response.writeHead(200).write('then nothing'),
} as const satisfies Record<string, (response: ServerResponse) => unknown>;

type Act = keyof typeof acts;

const calls = fc.record({
  script: fc.array(fc.constantFrom(...(Object.keys(acts) as Act[])), {
    minLength: 1,
    maxLength: 6,
  }),
  method: fc.constantFrom('GET', 'POST', 'HEAD', 'DELETE'),
  into: fc.constantFrom(undefined, 'stream', 'function'),
  /** The request at which the caller gives up; 0 for before the first. */
  abortAt: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
});

test('each call has one outcome, sends what may be sent again, and leaves no connection', async () => {
  noLeaks();
  const finch = await Finch.startLink({ name: uniqueName() });
  onTestFinished(() => finch[Symbol.asyncDispose]());
  let script: readonly Act[] = [];
  let onRequest = (_count: number): void => {};
  let begun = 0;
  const server = await startServer((_, response, index) => {
    const count = index - begun;
    onRequest(count + 1);
    acts[script[Math.min(count, script.length - 1)] ?? 'answer'](response);
  });
  const req = Req.new({
    finch,
    baseUrl: server.url,
    retryDelay: 0,
    retryBudget: false,
    maxRetries,
    maxRedirects,
    receiveTimeout: 60,
    cookies: true,
  });
  const outcomes = new Set<string>();

  await fc.assert(
    fc.asyncProperty(calls, async ({ script: acting, method, into, abortAt }) => {
      script = acting;
      begun = server.seen.length;
      const controller = new AbortController();
      onRequest = (count) => {
        if (count === abortAt) controller.abort();
      };
      if (abortAt === 0) controller.abort();
      let settled = 0;
      const options = {
        method,
        signal: controller.signal,
        ...(method === 'POST' ? { json: { a: 1 } } : {}),
        ...(into === undefined ? {} : { into: into === 'stream' ? into : (): void => {} }),
      } as const;
      const outcome: unknown = await req
        .request('/', options)
        .finally(() => (settled += 1))
        .catch((error: unknown) => error);
      if (outcome instanceof ReqResponse) {
        // Half of the streams are read, the others given up.
        if (into === 'stream' && acting.length % 2 === 0) {
          const read = readAll(outcome.body as AsyncIterable<Uint8Array>);
          await read.catch((error: unknown) => outcomes.add(codeOf(error)));
        }
        outcome.cancel();
        outcomes.add(String(outcome.status));
      } else {
        outcomes.add(codeOf(outcome));
      }
      expect(settled).toBe(1);
      const sent = server.seen.slice(begun);
      // The pool sends one again, on a new connection, whose kept connection the server has lost.
      const lost = sent.filter((_, at) => acting[Math.min(at, acting.length - 1)] === 'lose');
      expect(sent.length).toBeLessThanOrEqual(1 + maxRetries + maxRedirects + lost.length);
      // A POST comes again only by a redirect that keeps the method.
      const posts = sent.filter((each) => each.method === 'POST');
      expect(posts.filter(({ url }) => url === '/').length).toBeLessThanOrEqual(1);
      await eventually(() =>
        expect(finch.getStats()).toMatchObject({ inUse: 0, queued: 0, inFlight: 0 }),
      );
    }),
    { numRuns: 150 },
  );
  expect(outcomes.size).toBeGreaterThan(5);
});

/** Every failure is one of the typed errors. */
function codeOf(error: unknown): string {
  if (error instanceof ReqError || isFinchError(error)) return error.code;
  throw error;
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _piece of pieces);
}

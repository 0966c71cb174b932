/** `receiveTimeout` while a large body is sent over HTTP/1.1: for HTTP/2 see `http2/deadlines.test.ts`. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { eventually, TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { startHttpServer } from '../../../mint/test/support/http-server.ts';

/** More than Linux keeps between two sockets by default: 4 MiB where it is sent, and 6 MiB where it is received. */
const step = 12 * 1024 * 1024;
/** Between the first and the last of them passes more time than the server may be silent for. */
const steps = 3;

/** A server that takes as much of a body as it is told to. */
async function startTaker() {
  const clock = new TestClock().install(onTestFinished);
  let goal = 0;
  let taken = 0;
  let incoming: IncomingMessage | undefined;
  const server = await startHttpServer((request, answer) => {
    incoming = request.on('error', () => {});
    request.pause();
    request.on('data', (chunk: Buffer) => {
      taken += chunk.length;
      if (taken >= goal) request.pause();
    });
    request.on('end', () => answer.end(String(taken)));
  });
  onTestFinished(() => server.close());
  const { finch } = await startApp();
  return {
    clock,
    finch,
    url: server.url,
    begun: () => eventually(() => expect(incoming).toBeDefined()),
    take: async (bytes: number) => {
      goal += bytes;
      incoming?.resume();
      await eventually(() => expect(taken).toBeGreaterThanOrEqual(goal));
    },
    rest: () => {
      goal = Number.POSITIVE_INFINITY;
      incoming?.resume();
    },
  };
}

test.each([
  ['bytes', () => Buffer.alloc(steps * step)],
  ['text', () => 'x'.repeat(steps * step)],
  ['a Blob', () => new Blob([Buffer.alloc(steps * step)])],
  ['a stream of one large piece', () => Readable.from([Buffer.alloc(steps * step)])],
  ['a web stream of one large piece', () => ReadableStream.from([Buffer.alloc(steps * step)])],
])(
  'does not end an upload of %s of which the server takes a part now and then [W22b]',
  async (...given) => {
    const [, body] = given;
    const { clock, finch, url, begun, take, rest } = await startTaker();
    const answer = finch.put(url, body(), { receiveTimeout: 300 });
    await begun();
    for (let count = 1; count < steps; count += 1) {
      await clock.advance(200);
      await take(step);
    }
    rest();
    expect((await answer).text()).toBe(String(steps * step));
  },
);

test('ends an upload of which the server takes nothing any more', async () => {
  const { clock, finch, url, begun, take, rest } = await startTaker();
  const answer = rejection(finch.put(url, Buffer.alloc(steps * step), { receiveTimeout: 300 }));
  await begun();
  await take(step);
  await clock.advance(300);
  await clock.advance(300);
  expect(await answer).toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT' });
  // The server sees the end of the connection only when it reads.
  rest();
});

import { eventually, TestClock } from '@linnet/otp/testing';
import { channel } from 'node:diagnostics_channel';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openStream } from '../support/event-stream.ts';
import { startProgram, type Program } from '../support/program.ts';

const requests = channel('finch.request.stop');

/** A viewer that asks for a stream and never reads what comes. */
async function silentViewer({ url }: Program): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.pause();
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
  });
  const head =
    'GET /api/tree?interval=1 HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n';
  socket.write(head);
  return socket;
}

test('while no viewer is there, nothing is subscribed to; some time after the last one, neither', async () => {
  using clock = new TestClock().install();
  const program = await startProgram();
  expect(requests.hasSubscribers).toBe(false);
  const stream = await openStream(program.url, 'overview');
  await stream.next();
  expect(requests.hasSubscribers).toBe(true);
  stream.close();
  await eventually(() => {
    void clock.advance(10_000);
    expect(requests.hasSubscribers).toBe(false);
  });
});

test('a page without requests records none', async () => {
  const program = await startProgram();
  const stream = await openStream(program.url, 'tree');
  await stream.next();
  expect(requests.hasSubscribers).toBe(false);
  expect(stream.document.system.requests).toBeUndefined();
});

test('a viewer that changes the page keeps what is recorded', async () => {
  const program = await startProgram();
  const one = await openStream(program.url, 'overview');
  await one.next();
  const { since } = one.document.system.requests ?? {};
  one.close();
  const other = await openStream(program.url, 'pools');
  await other.next();
  expect(other.document.system.requests?.since).toBe(since);
});

test('streams are limited, and a place is free again when a viewer leaves', async () => {
  const program = await startProgram({ maxStreams: 2 });
  const one = await openStream(program.url, 'overview');
  const two = await openStream(program.url, 'overview');
  await Promise.all([one.next(), two.next()]);
  const refused = await openStream(program.url, 'overview');
  expect(refused.status).toBe(503);
  expect((await program.page('overview')).system.processes).toBeGreaterThan(0);
  one.close();
  await eventually(async () => {
    expect((await openStream(program.url, 'overview')).status).toBe(200);
  });
});

test('100 viewers that never read cost neither memory nor the others anything', async () => {
  const program = await startProgram({ maxStreams: 16 });
  const silent = await Promise.all(Array.from({ length: 100 }, () => silentViewer(program)));
  await eventually(async () => {
    expect((await openStream(program.url, 'overview')).status).toBe(503);
  });
  // The program answers as before, and the pages that are no streams, too.
  const { system } = await program.page('overview');
  expect(system.processes).toBeGreaterThan(0);
  for (const socket of silent) socket.destroy();
  await eventually(async () => {
    expect((await openStream(program.url, 'overview')).status).toBe(200);
  });
});

test('a stream begins with its document, and ends when its viewer leaves', async () => {
  const { observer } = await startProgram({ port: false, authorize: () => true });
  const response = await observer.handler(
    new Request('http://localhost/api/tree?interval=1', {
      headers: { accept: 'text/event-stream' },
    }),
  );
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader?.read();
  expect(first?.value).toMatch(/^event: document\n/);
  await reader?.cancel();
});

import { expect, test } from 'vitest';
import { send } from '../exchange-log.ts';
import { turn } from '../../support/eventually.ts';
import { expectBody, meet } from './hostile/world.ts';
import { openHttp2Wire, startHttp2Server } from './open-http2-wire.ts';

const size = 64 * 1024 * 1024;

test('[H199] [H200] stops the server while the reader does not read on, loses nothing, and lets others through', async () => {
  let written = 0;
  await using server = await startHttp2Server((stream, headers) => {
    stream.respond({ ':status': 200 });
    if (headers[':path'] !== '/large') {
      stream.end('small');
      return;
    }
    const write = (): void => {
      while (written < size) {
        written += 65_536;
        if (!stream.write(Buffer.alloc(65_536, 'x'))) {
          stream.once('drain', write);
          return;
        }
      }
      stream.end();
    };
    write();
  });
  using open = await openHttp2Wire(server.port, { streamWindowSize: 100_000 });
  let received = 0;
  const log = send(open.wire, { target: '/large' });
  log.greedy = false;
  log.onData = (_bytes, from, to) => {
    received += to - from;
    return log.greedy;
  };
  await log.until(() => log.status !== undefined);
  for (let before = -1; before !== written;) {
    before = written;
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(written).toBeLessThan(1024 * 1024);
  expect(received).toBeLessThanOrEqual(100_000);
  expect((await send(open.wire, { target: '/small' }).done).body).toBe('small');
  log.greedy = true;
  log.exchange?.resume();
  await log.done;
  expect(log.error).toBeUndefined();
  expect(received).toBe(size);
});

test('hands on one piece for each resume(), and never inside of it', async () => {
  await using server = await startHttp2Server(async (stream) => {
    stream.respond({ ':status': 200 });
    for (const piece of ['a', 'b', 'c']) {
      await new Promise((resolve) => stream.write(piece, resolve));
    }
    stream.end();
  });
  using open = await openHttp2Wire(server.port);
  const log = send(open.wire);
  log.greedy = false;
  for (const expected of ['a', 'ab', 'abc']) {
    await log.until(() => log.body === expected);
    await open.wire.ping?.();
    expect(log.body).toBe(expected);
    log.exchange?.resume();
    expect(log.body).toBe(expected);
  }
  await log.done;
  expect(log.kinds).toEqual(['headers', 'data', 'end']);
});

test('a response that has come whole is delivered, although the connection ends while it waits', async () => {
  await using server = await startHttp2Server((stream) => {
    stream.respond({ ':status': 200 });
    stream.end('x'.repeat(50_000));
  });
  using open = await openHttp2Wire(server.port);
  const log = send(open.wire);
  log.greedy = false;
  await log.until(() => log.body.length > 0);
  await open.wire.ping?.();
  server.sessions[0]?.destroy();
  await open.closed;
  expect(log.error).toBeUndefined();
  expect(log.body).toHaveLength(50_000);
  expect(log.endings).toBe(1);
});

test('pieces of a byte each, which came while nobody read, are handed on in order', async () => {
  await using world = await meet();
  const { log, id } = await world.open();
  log.greedy = false;
  world.peer.respond(id);
  const text = Array.from({ length: 1000 }, (_, index) => String(index % 10)).join('');
  for (const char of text) world.peer.data(id, char);
  world.peer.data(id, '', { endStream: true });
  await world.peer.roundTrip();
  log.greedy = true;
  log.exchange?.resume();
  await expectBody(log, text);
});

test('an upload waits for a server that reads nothing, and holds no more than the socket does', async () => {
  await using world = await meet({ settings: { initialWindowSize: 2 ** 31 - 1 } });
  world.peer.windowUpdate(0, 2 ** 30);
  await world.peer.roundTrip();
  let pulled = 0;
  function* source(): Generator<Uint8Array> {
    const piece = Buffer.alloc(65_536);
    for (; pulled < 1000; pulled += 1) yield piece;
  }
  world.peer.socket.pause();
  const log = world.send({ method: 'POST', body: source() });
  for (let before = -1; before !== pulled;) {
    before = pulled;
    await turn(100);
  }
  // The system's buffers take some megabytes.
  expect(pulled).toBeLessThan(500);
  world.peer.socket.resume();
  const { stream } = await world.peer.readRequest();
  await world.peer.until(() => world.peer.frames.at(-1)?.endStream === true);
  expect(pulled).toBe(1000);
  world.peer.answer(stream, 'thanks');
  await expectBody(log, 'thanks');
});

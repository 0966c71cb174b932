import { expect, test } from 'vitest';
import { response, startHttp1Server } from '../../../src/testing/index.ts';
import { send } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

const size = 64 * 1024 * 1024;

test('stops the server while the reader does not read on, and loses nothing', async () => {
  let written = 0;
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
    const piece = Buffer.alloc(64 * 1024, 'x');
    while (written < size) {
      await peer.write(piece);
      written += piece.length;
    }
  });
  using open = await openWire(server.port);
  let received = 0;
  const log = send(open.wire);
  log.greedy = false;
  log.onData = (_bytes, from, to) => {
    received += to - from;
    return log.greedy;
  };
  await log.until(() => log.status !== undefined);
  // The server stands still once the buffers between are full.
  for (let before = -1; before !== written;) {
    before = written;
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(written).toBeLessThan(size);
  expect(received).toBeLessThan(1024 * 1024);
  log.greedy = true;
  log.exchange?.resume();
  await log.done;
  expect(log.error).toBeUndefined();
  expect(received).toBe(size);
  expect(log.events.at(-1)).toMatchObject({ usable: true });
});

test('hands on one piece for each resume()', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    await peer.write('1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n');
  });
  using open = await openWire(server.port);
  const log = send(open.wire);
  log.greedy = false;
  for (const expected of ['a', 'ab', 'abc']) {
    await log.until(() => log.body === expected);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.body).toBe(expected);
    log.exchange?.resume();
    // Never inside the call.
    expect(log.body).toBe(expected);
  }
  await log.done;
  expect(log.events.at(-1)).toMatchObject({ usable: true });
});

test('resume() without a pause, or after the end, does nothing', async () => {
  await using server = await startHttp1Server(async (peer) => {
    for (;;) {
      await peer.readRequest();
      await peer.write(response('ok'));
    }
  });
  using open = await openWire(server.port);
  const log = send(open.wire);
  log.exchange?.resume();
  await log.done;
  log.exchange?.resume();
  expect((await send(open.wire).done).body).toBe('ok');
  expect(log.endings).toBe(1);
});

test('can be aborted while it is paused', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
  });
  using open = await openWire(server.port);
  const log = send(open.wire);
  log.greedy = false;
  await log.until(() => log.body === 'hello');
  log.exchange?.abort(new Error('enough'));
  log.exchange?.resume();
  await open.closed;
  expect(log.endings).toBe(1);
});

test('hands on what was read before the connection was reset under a paused reader', async () => {
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
  });
  using open = await openWire(server.port);
  const log = send(open.wire);
  log.greedy = false;
  await log.until(() => log.body === 'hello');
  (await server.peer(0)).resetConnection();
  await log.done;
  expect(log.body).toBe('hello');
  expect(log.error).toMatchObject({ code: 'ERR_MINT_CONNECTION_CLOSED' });
});

test('one reader may resume another from inside its own onData', async () => {
  const bytes =
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n';
  await using server = await startHttp1Server(async (peer) => {
    await peer.readRequest();
    await peer.write(bytes);
  });
  using one = await openWire(server.port);
  using other = await openWire(server.port);
  const paused = send(one.wire);
  paused.greedy = false;
  await paused.until(() => paused.body === 'a');
  paused.greedy = true;
  const log = send(other.wire);
  log.onData = () => {
    paused.exchange?.resume();
    return true;
  };
  await log.done;
  await paused.done;
  expect(log.error).toBeUndefined();
  expect(paused.body).toBe('ab');
});

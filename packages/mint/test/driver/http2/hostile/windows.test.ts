/** Games with the windows of flow control, in both directions. */
import { describe, expect, test } from 'vitest';
import { encodeFrame } from '../../../../src/testing/index.ts';
import { expectBody, failure, meet } from './world.ts';

describe('an upload', () => {
  test('[M31] [D2] whose window never opens sends nothing, can be given up, and costs nobody else anything', async () => {
    await using world = await meet({ settings: { initialWindowSize: 0 } });
    const { log, id } = await world.open({ method: 'POST', body: 'x'.repeat(300_000) });
    await world.serves();
    expect(world.peer.dataLength(id)).toBe(0);
    expect(log.endings).toBe(0);
    log.exchange?.abort(new Error('too long'));
    expect(log.error?.message).toBe('too long');
    const reset = await world.peer.next('RST_STREAM', { stream: id });
    expect(reset.error).toBe('CANCEL');
    await world.serves();
    expect(world.peer.dataLength(id)).toBe(0);
  });

  test('[M31] [D2] stopped by the window of the connection does not stop what needs none of it', async () => {
    await using world = await meet({ settings: { initialWindowSize: 2 ** 31 - 1 } });
    const { log, id } = await world.open({ method: 'POST', body: 'x'.repeat(300_000) });
    await world.peer.until(() => world.peer.dataLength() === 65_535);
    await world.serves();
    expect(world.peer.dataLength()).toBe(65_535);
    world.peer.windowUpdate(0, 300_000);
    await world.peer.until(() => world.peer.dataLength(id) === 300_000);
    world.peer.answer(id);
    await expectBody(log, 'OK');
  });

  test('[M31] whose stream was given up leaves its share of the window of the connection to others', async () => {
    await using world = await meet({ settings: { initialWindowSize: 2 ** 31 - 1 } });
    const first = await world.open({ method: 'POST', body: 'x'.repeat(300_000) });
    await world.peer.until(() => world.peer.dataLength() === 65_535);
    const second = await world.open({ method: 'POST', body: 'y'.repeat(1000) });
    first.log.exchange?.abort(new Error('enough'));
    await world.peer.next('RST_STREAM', { stream: first.id });
    world.peer.windowUpdate(0, 1000);
    await world.peer.until(() => world.peer.dataLength(second.id) === 1000);
    world.peer.answer(second.id);
    await expectBody(second.log, 'OK');
  });

  test('[M31] through a window of single bytes arrives whole', async () => {
    await using world = await meet({ settings: { initialWindowSize: 1 } });
    const body = Array.from({ length: 200 }, (_, index) => String(index % 10)).join('');
    const { log, id } = await world.open({ method: 'POST', body });
    for (let length = 1; length <= body.length; length += 1) {
      await world.peer.until(() => world.peer.dataLength(id) === length);
      world.peer.windowUpdate(id, 1);
    }
    const frames = world.peer.came('DATA', { stream: id });
    expect(Buffer.concat(frames.map(({ content }) => content)).toString()).toBe(body);
    expect(Math.max(...frames.map(({ payload }) => payload.length))).toBe(1);
    world.peer.answer(id);
    await expectBody(log, 'OK');
  });

  test('of a stream is asked for no more pieces than the window takes and buffers hold', async () => {
    await using world = await meet({ settings: { initialWindowSize: 1000 } });
    let pulled = 0;
    let released = false;
    function* source(): Generator<string> {
      try {
        for (;;) {
          pulled += 1;
          yield 'x'.repeat(1000);
        }
      } finally {
        released = true;
      }
    }
    const { log, id } = await world.open({ method: 'POST', body: source() });
    await world.peer.until(() => world.peer.dataLength(id) === 1000);
    await world.serves();
    expect(pulled).toBeLessThan(200);
    log.exchange?.abort(new Error('enough'));
    expect(released).toBe(true);
  });

  test('[H186] [H187] [H188] goes on with every small WINDOW_UPDATE, on stream and connection', async () => {
    await using world = await meet({ settings: { initialWindowSize: 4096 } });
    const { log, id } = await world.open({ method: 'POST', body: 'x'.repeat(300_000) });
    for (let granted = 4096; granted < 300_000; granted += 4096) {
      await world.peer.until(() => world.peer.dataLength(id) === granted);
      world.peer.windowUpdate(id, 4096);
      world.peer.windowUpdate(0, 4096);
    }
    await world.peer.until(() => world.peer.dataLength(id) === 300_000);
    world.peer.answer(id);
    await expectBody(log, 'OK');
  });
});

describe('WINDOW_UPDATE', () => {
  test.each([
    ['by 0', 0, 'PROTOCOL_ERROR'],
    ['beyond 2^31-1', 2 ** 31 - 1, 'FLOW_CONTROL_ERROR'],
  ] as const)('[M31] %s on the connection ends it', async (_how, increment, code) => {
    await using world = await meet();
    const streams = [await world.open(), await world.open({ method: 'POST', body: 'body' })];
    world.peer.windowUpdate(0, increment);
    for (const { log } of streams) {
      expect(await failure(log)).toMatchObject({
        name: 'ProtocolError',
        reason: code,
      });
    }
    await world.closed;
    await world.peer.closed;
    world.endedWith(code);
  });

  test.each([
    ['by 0', 0],
    ['beyond 2^31-1', 2 ** 31 - 1],
  ])('[M31] %s on a stream is an error of its request', async (_how, increment) => {
    await using world = await meet();
    const other = await world.open();
    const { log, id } = await world.open({ method: 'POST', body: 'body' });
    world.peer.windowUpdate(id, increment);
    await failure(log);
    await world.goesOn(other);
  });

  test('[M24] on a stream that was never opened ends the connection', async () => {
    await using world = await meet();
    const { log } = await world.open();
    world.peer.windowUpdate(99, 1);
    await failure(log);
    await world.closed;
  });

  test.each([0, 3, 5, 8])('[M24] of %d bytes ends the connection', async (length) => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.send(encodeFrame('WINDOW_UPDATE', 0, id, Buffer.alloc(length, 1)));
    await failure(log);
    await world.closed;
    world.endedWith('FRAME_SIZE_ERROR');
  });

  test('on a stream that is closed is ignored', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.answer(id);
    await expectBody(log, 'OK');
    world.peer.windowUpdate(id, 1000);
    await world.peer.roundTrip();
    await world.serves();
  });
});

describe('a response', () => {
  const window = 65_535;

  test('[H200] gets no more credit than its reader takes', async () => {
    await using world = await meet({ streamWindowSize: window, connectionWindowSize: 10 * window });
    const { log, id } = await world.open();
    log.greedy = false;
    world.peer.respond(id);
    for (let sent = 0; sent < window; sent += 13_107) world.peer.data(id, 'x'.repeat(13_107));
    await world.serves();
    const credit = (): number =>
      world.peer.frames
        .filter(({ type, stream }) => type === 'WINDOW_UPDATE' && stream === id)
        .reduce((sum, { increment }) => sum + increment, 0);
    // The first piece was taken, all else is not read.
    expect(credit()).toBeLessThan(window);
    expect(log.body.length).toBeLessThan(window);
    log.greedy = true;
    while (log.body.length < window) {
      const before = log.body.length;
      log.exchange?.resume();
      await log.until(() => log.body.length > before);
    }
    world.peer.data(id, '', { endStream: true });
    log.exchange?.resume();
    await log.done;
    expect(log.error).toBeUndefined();
    expect(log.body).toHaveLength(window);
  });

  test('that nobody reads does not stop others, up to the window of the connection', async () => {
    await using world = await meet({ streamWindowSize: window, connectionWindowSize: 4 * window });
    const slow = await world.open();
    slow.log.greedy = false;
    world.peer.respond(slow.id);
    for (let sent = 0; sent < window; sent += 13_107) world.peer.data(slow.id, 'x'.repeat(13_107));
    for (let round = 0; round < 10; round += 1) {
      const { log, id } = await world.open();
      world.peer.respond(id);
      for (let sent = 0; sent < window; sent += 13_107) world.peer.data(id, 'y'.repeat(13_107));
      world.peer.data(id, '', { endStream: true });
      await log.done;
      expect(log.body).toHaveLength(window);
    }
    slow.log.exchange?.abort(new Error('enough'));
  });

  test('given up returns its credit to the connection', async () => {
    await using world = await meet({ streamWindowSize: window, connectionWindowSize: window });
    for (let round = 0; round < 5; round += 1) {
      const { log, id } = await world.open();
      log.greedy = false;
      world.peer.respond(id);
      for (let sent = 0; sent < 52_428; sent += 13_107) world.peer.data(id, 'x'.repeat(13_107));
      await log.until(() => log.body.length > 0);
      log.exchange?.abort(new Error('enough'));
      await world.peer.next('RST_STREAM', { stream: id });
    }
    // 262 kB of bodies went through a window of 64 kB: the credit came back, or this would have broken it.
    await world.serves();
    const credit = world.peer.frames
      .filter(({ type, stream }) => type === 'WINDOW_UPDATE' && stream === 0)
      .reduce((sum, { increment }) => sum + increment, 0);
    expect(credit).toBeGreaterThanOrEqual(4 * 52_428 - window);
  });

  test('[M31] larger than the window of its stream ends with FLOW_CONTROL_ERROR', async () => {
    await using world = await meet({ streamWindowSize: window, connectionWindowSize: 4 * window });
    const { log, id } = await world.open();
    log.greedy = false;
    world.peer.respond(id);
    for (let sent = 0; sent <= 2 * window; sent += 16_384) world.peer.data(id, 'x'.repeat(16_384));
    await failure(log);
    expect(log.body.length).toBeLessThanOrEqual(window);
    await world.peer.until(
      () => [...world.peer.came('GOAWAY'), ...world.peer.came('RST_STREAM')].length > 0,
    );
    const [end] = [...world.peer.came('GOAWAY'), ...world.peer.came('RST_STREAM')];
    expect(end?.error).toBe('FLOW_CONTROL_ERROR');
  });

  // The connection gets its credit back for what came, read or not; what nobody reads is bounded by
  // the windows of the streams.
  test('[M31] that nobody reads takes no more than the window of its stream, however small that of the connection', async () => {
    await using world = await meet({ streamWindowSize: 4 * window, connectionWindowSize: window });
    const { log, id } = await world.open();
    log.greedy = false;
    world.peer.respond(id);
    for (let sent = 0; sent < 4 * window; sent += 13_107) {
      world.peer.data(id, 'x'.repeat(13_107));
      await world.peer.roundTrip();
    }
    await world.serves();
    world.peer.data(id, 'too much');
    await failure(log);
  });

  test('padding counts as window, and its credit comes back', async () => {
    await using world = await meet({ streamWindowSize: window, connectionWindowSize: window });
    const { log, id } = await world.open();
    world.peer.respond(id);
    for (let sent = 0; sent < 3 * window; sent += 256) {
      world.peer.data(id, '', { padding: 255 });
      if (sent % 25_600 === 0) await world.peer.roundTrip();
    }
    world.peer.data(id, 'end', { endStream: true });
    await expectBody(log, 'end');
  });
});

/** SETTINGS: right ones at any moment, and wrong ones. */
import { describe, expect, test } from 'vitest';
import { frameFlag } from '../../../../src/testing/index.ts';
import type { Http2Peer } from '../../../../src/testing/index.ts';
import { expectBody, failure, meet } from './world.ts';

describe('SETTINGS', () => {
  test('[M23] [M30] the client begins with the preface and SETTINGS without push', async () => {
    await using world = await meet();
    const [first] = world.peer.frames;
    expect(first).toMatchObject({ type: 'SETTINGS', stream: 0, ack: false });
    expect(first?.settings.get(2)).toBe(0);
  });

  test('[M35] each is acknowledged, in order', async () => {
    await using world = await meet();
    for (let round = 1; round <= 5; round += 1) {
      world.peer.settings({ maxConcurrentStreams: round });
      await world.change(() => world.wire.limit === round);
    }
    await world.peer.roundTrip();
    // One for the greeting, too.
    expect(world.peer.came('SETTINGS', { ack: true })).toHaveLength(6);
  });

  test('[M35] unknown ones are ignored, and an empty frame is fine', async () => {
    await using world = await meet({ settings: { 9: 1, 4711: 2 ** 32 - 1 } });
    world.peer.settings({});
    await world.peer.roundTrip();
    await world.serves();
  });

  test('the limit of streams is assumed until they come, and known then', async () => {
    await using world = await meet({ settings: false });
    expect(world.wire.limitKnown).toBe(false);
    expect(world.wire.limit).toBeGreaterThan(0);
    await world.peer.handshake({ maxConcurrentStreams: 7 });
    await world.change(() => world.wire.limitKnown);
    expect(world.wire.limit).toBe(7);
  });

  test('without a limit of streams make it known, too', async () => {
    await using world = await meet({ settings: {} });
    expect(world.wire.limitKnown).toBe(true);
    expect(world.wire.limit).toBeGreaterThanOrEqual(100);
  });

  test('[M38] a limit of 0 that is raised later', async () => {
    await using world = await meet({ settings: { maxConcurrentStreams: 0 } });
    expect(world.wire.limit).toBe(0);
    world.peer.settings({ maxConcurrentStreams: 1 });
    await world.change(() => world.wire.limit === 1);
    await world.serves();
  });

  test('[M38] a limit lowered below what is in flight leaves that alone', async () => {
    await using world = await meet({ settings: { maxConcurrentStreams: 3 } });
    const streams = [await world.open(), await world.open(), await world.open()];
    world.peer.settings({ maxConcurrentStreams: 1 });
    await world.change(() => world.wire.limit === 1);
    for (const { id } of streams) world.peer.answer(id, `answer ${id}`);
    for (const { log, id } of streams) await expectBody(log, `answer ${id}`);
    await world.serves();
  });

  test('[M38] never sends more HEADERS than the limit allows', async () => {
    await using world = await meet({ settings: { maxConcurrentStreams: 1 } });
    const first = await world.open();
    const second = await failure(world.send({ target: '/second' }));
    expect(second).toMatchObject({ name: 'StreamResetError', requestSent: false });
    await world.peer.roundTrip();
    expect(world.peer.came('HEADERS')).toEqual([]);
    world.peer.answer(first.id, 'first');
    await expectBody(first.log, 'first');
    await world.serves();
  });

  test('[M31] a larger initial window lets open uploads go on', async () => {
    await using world = await meet({ settings: { initialWindowSize: 10 } });
    const { log, id } = await world.open({ method: 'POST', body: 'x'.repeat(100) });
    await world.peer.until(() => world.peer.dataLength(id) === 10);
    world.peer.settings({ initialWindowSize: 60 });
    await world.peer.until(() => world.peer.dataLength(id) === 60);
    world.peer.settings({ initialWindowSize: 100 });
    await world.peer.until(() => world.peer.dataLength(id) === 100);
    world.peer.answer(id);
    await expectBody(log, 'OK');
  });

  test('[M31] a smaller one makes the window of an open upload negative', async () => {
    await using world = await meet({ settings: { initialWindowSize: 50 } });
    const { log, id } = await world.open({ method: 'POST', body: 'x'.repeat(100) });
    await world.peer.until(() => world.peer.dataLength(id) === 50);
    world.peer.settings({ initialWindowSize: 0 });
    await world.peer.roundTrip();
    world.peer.windowUpdate(id, 50);
    await world.peer.roundTrip();
    expect(world.peer.dataLength(id)).toBe(50);
    world.peer.windowUpdate(id, 1);
    await world.peer.until(() => world.peer.dataLength(id) === 51);
    world.peer.windowUpdate(id, 49);
    await world.peer.until(() => world.peer.dataLength(id) === 100);
    world.peer.answer(id);
    await expectBody(log, 'OK');
  });

  test('[M31] frames are no larger than maxFrameSize, which may be raised', async () => {
    await using world = await meet({ settings: { initialWindowSize: 1_000_000 } });
    world.peer.windowUpdate(0, 1_000_000);
    const body = 'x'.repeat(100_000);
    const first = await world.open({ method: 'POST', body });
    await world.peer.until(() => world.peer.dataLength(first.id) === 100_000);
    const sizes = world.peer.came('DATA').map(({ payload }) => payload.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16_384);
    world.peer.answer(first.id);
    await expectBody(first.log, 'OK');
    world.peer.settings({ maxFrameSize: 65_536 });
    await world.peer.roundTrip();
    const second = await world.open({ method: 'POST', body });
    await world.peer.until(() => world.peer.dataLength(second.id) === 100_000);
    world.peer.answer(second.id);
    await expectBody(second.log, 'OK');
    for (const { payload } of world.peer.came('DATA')) {
      expect(payload.length).toBeLessThanOrEqual(65_536);
    }
  });

  test.each([0, 1, 4096, 2 ** 32 - 1])(
    'a header table of %d bytes is obeyed by the client, whose fields stay right',
    async (headerTableSize) => {
      await using world = await meet({ settings: { headerTableSize } });
      for (let round = 0; round < 3; round += 1) {
        const log = world.send({
          target: `/${round}`,
          headers: ['x-same', 'same', 'x-round', `${round}`],
        });
        const head = await world.peer.readRequest();
        expect(head.fields.get(':path')).toBe(`/${round}`);
        expect(head.fields.get('x-same')).toBe('same');
        expect(head.fields.get('x-round')).toBe(`${round}`);
        world.peer.answer(head.stream);
        await expectBody(log, 'OK');
      }
    },
  );

  test('[F162] a limit on the list of fields below that of a request: the request fails or is answered, others go on', async () => {
    await using world = await meet({ settings: { maxHeaderListSize: 200 } });
    const log = world.send({ headers: ['x-large', 'x'.repeat(1000)] });
    await Promise.race([
      log.done,
      world.peer.readRequest().then(({ stream }) => world.peer.answer(stream)),
    ]);
    await log.done;
    await world.serves();
  });
});

/** Breaches that cost the connection, with the code that the client is to say (RFC 9113, 6.5). */
const breaches: Record<string, readonly [string, (peer: Http2Peer) => void]> = {
  'an initial window above 2^31-1': [
    'FLOW_CONTROL_ERROR',
    (peer) => peer.settings({ initialWindowSize: 2 ** 31 }),
  ],
  'frames smaller than 16384': [
    'PROTOCOL_ERROR',
    (peer) => peer.settings({ maxFrameSize: 16_383 }),
  ],
  'frames larger than 2^24-1': [
    'PROTOCOL_ERROR',
    (peer) => peer.settings({ maxFrameSize: 2 ** 24 }),
  ],
  'push that is neither 0 nor 1': ['PROTOCOL_ERROR', (peer) => peer.settings({ enablePush: 2 })],
  'push enabled by a server': ['PROTOCOL_ERROR', (peer) => peer.settings({ enablePush: 1 })],
  'a length that is no multiple of 6': [
    'FRAME_SIZE_ERROR',
    (peer) => peer.frame('SETTINGS', 0, 0, Buffer.alloc(5)),
  ],
  'an ACK with content': [
    'FRAME_SIZE_ERROR',
    (peer) => peer.frame('SETTINGS', frameFlag.ACK, 0, Buffer.alloc(6)),
  ],
  'a stream': ['PROTOCOL_ERROR', (peer) => peer.frame('SETTINGS', 0, 1)],
  'an ACK of nothing': ['PROTOCOL_ERROR', (peer) => peer.settingsAck()],
  'connect protocol taken back': [
    'PROTOCOL_ERROR',
    (peer) => {
      peer.settings({ enableConnectProtocol: 1 });
      peer.settings({ enableConnectProtocol: 0 });
    },
  ],
};

describe('[M35] SETTINGS with', () => {
  test.each(Object.entries(breaches))(
    '%s end the connection, with %s and an error for all requests',
    async (_breach, [code, misbehave]) => {
      await using world = await meet();
      const streams = [await world.open(), await world.open({ method: 'POST', body: 'body' })];
      misbehave(world.peer);
      for (const { log } of streams) await failure(log);
      await world.closed;
      await world.peer.closed;
      world.endedWith(code);
    },
  );
});

test('[M31] [M35] SETTINGS that make the window of an upload overflow are an error of that request', async () => {
  await using world = await meet();
  const { log, id } = await world.open({ method: 'POST', body: 'x'.repeat(100_000) });
  await world.peer.until(() => world.peer.dataLength(id) === 65_535);
  world.peer.windowUpdate(id, 2 ** 31 - 1);
  world.peer.settings({ initialWindowSize: 65_536 });
  await failure(log);
});

/** Floods and bombs: what comes costs no more than bounded memory, and never another request. */
import { describe, expect, test } from 'vitest';
import {
  encodeFields,
  encodeFrame,
  encodeIndexed,
  encodeInserted,
  encodeSettings,
  frameFlag,
} from '../../../../src/testing/index.ts';
import type { FieldList } from '../../../../src/testing/index.ts';
import { expectBody, failure, meet } from './world.ts';

const status = encodeFields([[':status', '200']]);

/** A list of so many fields. */
const list = (count: number, value: string): FieldList =>
  Array.from({ length: count }, (_, index) => [`x-${index}`, value] as const);

describe('a head', () => {
  test('[F178] of many small fields within maxHeaderSize comes through', async () => {
    await using world = await meet({ maxHeaderSize: 64 * 1024 });
    const { log, id } = await world.open();
    world.peer.answer(id, 'OK', list(400, 'v'));
    await expectBody(log, 'OK');
    expect(log.events[0]).toMatchObject({ headers: list(400, 'v').flat() });
  });

  test.each([
    ['many fields', list(5000, 'value')],
    ['one large field', [['x-large', 'x'.repeat(60_000)]] as FieldList],
    ['many empty fields', list(10_000, '')],
  ])(
    '[F178] beyond maxHeaderSize is a typed error of its request only: %s',
    async (_kind, fields) => {
      await using world = await meet({ maxHeaderSize: 16 * 1024 });
      const other = await world.open();
      const { log, id } = await world.open();
      const block = Buffer.concat([status, encodeFields(fields)]);
      world.peer.headers(id, block, { parts: Math.ceil(block.length / 16_384), endStream: true });
      await failure(log);
      expect(log.kinds).toEqual(['error']);
      world.peer.answer(other.id, 'other');
      await other.log.done;
      // Too many CONTINUATION frames cost the connection; the limit of fields only the stream.
      if (other.log.error !== undefined) await failure(other.log);
      else await world.serves();
    },
  );

  test('[F178] beyond maxHeaderSize in trailers is a typed error of its request only', async () => {
    await using world = await meet({ maxHeaderSize: 16 * 1024 });
    const { log, id } = await world.open();
    world.peer.respond(id);
    world.peer.data(id, 'body');
    world.peer.headers(id, [['x-large', 'x'.repeat(60_000)]], { parts: 4, endStream: true });
    await failure(log);
    await world.serves();
  });

  test('[F178] of 10 kB that stands for 40 MB is a typed error, and is never expanded', async () => {
    await using world = await meet({ maxHeaderSize: 64 * 1024 });
    const { log, id } = await world.open();
    const bomb = [
      status,
      encodeInserted('x', 'y'.repeat(4000)),
      Buffer.alloc(10_000, encodeIndexed(62)),
    ];
    world.peer.headers(id, Buffer.concat(bomb), { endStream: true });
    await failure(log);
    expect(log.kinds).toEqual(['error']);
  });

  test('[M25] in CONTINUATION frames without end costs the connection after a bounded number', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.headers(id, status, { endHeaders: false });
    const part = encodeFields([['x', 'y'.repeat(1000)]]);
    let sent = 0;
    while (!world.peer.socket.destroyed && log.endings === 0) {
      world.peer.continuation(id, part);
      await world.peer.flush();
      sent += part.length;
      expect(sent).toBeLessThan(10_000_000);
    }
    await failure(log);
    await world.closed;
    expect(log.kinds).toEqual(['error']);
  });

  test('[M25] in empty CONTINUATION frames without end costs the connection after a bounded number', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.headers(id, status, { endHeaders: false });
    const batch = Buffer.concat(
      Array.from({ length: 100 }, () => encodeFrame('CONTINUATION', 0, id, Buffer.alloc(0))),
    );
    let batches = 0;
    while (!world.peer.socket.destroyed && log.endings === 0 && batches < 10_000) {
      world.peer.send(batch);
      await world.peer.flush();
      batches += 1;
    }
    expect(batches).toBeLessThan(10_000);
    await failure(log);
    await world.closed;
  });
});

/** Frames that a server may send, but not thousands of them at once to a client that has asked for nothing. */
const floods: Record<string, (id: number) => Buffer> = {
  PING: () => encodeFrame('PING', 0, 0, Buffer.alloc(8)),
  'answers to PING': () => encodeFrame('PING', frameFlag.ACK, 0, Buffer.alloc(8)),
  'empty SETTINGS': () => encodeSettings({}),
  SETTINGS: () => encodeSettings({ maxConcurrentStreams: 100 }),
  'empty DATA': (id) => encodeFrame('DATA', 0, id),
  'DATA that is all padding': (id) => encodeFrame('DATA', frameFlag.PADDED, id, Buffer.from([0])),
  'WINDOW_UPDATE by 1': (id) => encodeFrame('WINDOW_UPDATE', 0, id, Buffer.from([0, 0, 0, 1])),
  PRIORITY: (id) => encodeFrame('PRIORITY', 0, id, Buffer.alloc(5)),
  'unknown frames': (id) => encodeFrame(0xcc, 0xff, id, Buffer.alloc(20)),
  'interim heads': (id) =>
    encodeFrame('HEADERS', frameFlag.END_HEADERS, id, encodeFields([[':status', '103']])),
  'RST_STREAM of a closed stream': (id) => encodeFrame('RST_STREAM', 0, id - 2, Buffer.alloc(4)),
};

describe('a flood of', () => {
  test.each(Object.entries(floods))(
    '20,000 frames does no harm, or ends the connection with typed errors: %s',
    async (kind, make) => {
      await using world = await meet();
      const before = await world.open();
      world.peer.answer(before.id, 'before');
      await expectBody(before.log, 'before');
      const { log, id } = await world.open();
      if (kind.includes('DATA')) world.peer.respond(id);
      const batch = Buffer.concat(Array.from({ length: 200 }, () => make(id)));
      for (let round = 0; round < 100 && world.wire.usable; round += 1) {
        world.peer.send(batch);
        await world.peer.flush();
      }
      await Promise.race([world.peer.roundTrip().catch(() => {}), world.closed]);
      if (log.endings > 0) {
        await failure(log);
        if (world.wire.usable) await world.serves();
      } else if (world.wire.usable) {
        if (kind.includes('DATA')) world.peer.data(id, 'after', { endStream: true });
        else world.peer.answer(id, 'after');
        await expectBody(log, 'after');
        await world.serves();
      } else {
        await failure(log);
      }
    },
  );

  test.each(['PING', 'SETTINGS'])(
    '%s by a server that reads nothing ends the connection before the answers fill the memory',
    async (type) => {
      await using world = await meet();
      const { log, id } = await world.open();
      world.peer.socket.pause();
      const one = type === 'PING' ? floods['PING'] : floods['SETTINGS'];
      const batch = Buffer.concat(Array.from({ length: 1000 }, () => one?.(id) as Buffer));
      for (let round = 0; round < 2000 && log.endings === 0; round += 1) {
        world.peer.send(batch);
        await Promise.race([world.peer.flush(), log.done]);
      }
      expect(log.endings, 'after 2,000,000 frames').toBe(1);
      await failure(log);
      world.peer.socket.resume();
      await world.closed;
    },
  );

  test('requests that the server resets at once leaves nothing behind', async () => {
    await using world = await meet({ settings: { maxConcurrentStreams: 1000 } });
    for (let round = 0; round < 20; round += 1) {
      const streams = [];
      for (let index = 0; index < 50; index += 1) streams.push(await world.open());
      for (const { id } of streams) {
        world.peer.respond(id);
        world.peer.reset(id, 'INTERNAL_ERROR');
      }
      for (const { log } of streams) await failure(log);
    }
    await world.serves();
  });
});

describe('a body', () => {
  test('beyond maxResponseSize is a typed error of its request, which is reset', async () => {
    await using world = await meet({ maxResponseSize: 10_000 });
    const { log, id } = await world.open();
    world.peer.respond(id);
    for (let sent = 0; sent < 50_000; sent += 1000) world.peer.data(id, 'x'.repeat(1000));
    const error = await failure(log);
    expect(error.name).toBe('ResponseTooLargeError');
    await world.peer.next('RST_STREAM', { stream: id });
    expect(log.body.length).toBeLessThanOrEqual(10_000);
    await world.serves();
  });

  test('[H176] without end, in pieces of one byte, can be given up, and its credit goes on', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    world.peer.respond(id);
    for (let index = 0; index < 1000; index += 1) world.peer.data(id, 'x');
    await log.until(() => log.body.length === 1000);
    log.exchange?.abort(new Error('enough'));
    const reset = await world.peer.next('RST_STREAM', { stream: id });
    expect(reset.error).toBe('CANCEL');
    for (let index = 0; index < 1000; index += 1) world.peer.data(id, 'x');
    await world.serves();
  });
});

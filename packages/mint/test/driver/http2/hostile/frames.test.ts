/**
 * Frames that are out of place, of the wrong size, or unknown (RFC 9113, 4 to 6).
 */
import { describe, expect, test } from 'vitest';
import { encodeFields, encodeFrame, frameFlag } from '../../../../src/testing/index.ts';
import type { Http2Peer } from '../../../../src/testing/index.ts';
import { clientPreface } from '../../../../src/http2/frames.ts';
import { uint32 } from '../../../../src/testing/frames.ts';
import { expectBody, failure, meet } from './world.ts';

type Misbehaviour = (peer: Http2Peer, id: number) => void;

const head = encodeFields([[':status', '200']]);

/** What costs the connection; `id` is the stream of a request without a response yet. */
const connectionErrors: Record<string, Misbehaviour> = {
  '[M24] DATA on stream 0': (peer) => peer.data(0, 'x'),
  '[M24] HEADERS on stream 0': (peer) => peer.respond(0),
  '[M24] RST_STREAM on stream 0': (peer) => peer.reset(0),

  '[M24] CONTINUATION on stream 0': (peer) => peer.continuation(0, head, true),
  '[M24] PING on a stream': (peer, id) => peer.frame('PING', 0, id, Buffer.alloc(8)),
  '[M24] GOAWAY on a stream': (peer, id) => peer.frame('GOAWAY', 0, id, Buffer.alloc(8)),
  '[M24] DATA on a stream never opened': (peer) => peer.data(99, 'x'),
  '[M24] HEADERS on a stream never opened': (peer) => peer.respond(99),
  '[M24] HEADERS on an even stream': (peer) => peer.respond(2),
  '[M24] DATA on an even stream': (peer) => peer.data(2, 'x'),
  '[M24] RST_STREAM on a stream never opened': (peer) => peer.reset(99),
  '[M24] RST_STREAM on an even stream': (peer) => peer.reset(2),
  '[M24] a PING of 7 bytes': (peer) => peer.frame('PING', 0, 0, Buffer.alloc(7)),
  '[M24] a PING of 9 bytes': (peer) => peer.frame('PING', 0, 0, Buffer.alloc(9)),
  '[M24] an RST_STREAM of 3 bytes': (peer, id) => peer.frame('RST_STREAM', 0, id, Buffer.alloc(3)),
  '[M24] an RST_STREAM of 5 bytes': (peer, id) => peer.frame('RST_STREAM', 0, id, Buffer.alloc(5)),
  '[M24] a GOAWAY of 7 bytes': (peer) => peer.frame('GOAWAY', 0, 0, Buffer.alloc(7)),
  '[M24] a DATA frame larger than maxFrameSize': (peer, id) => {
    peer.respond(id);
    peer.data(id, Buffer.alloc(16_385));
  },
  '[M24] a HEADERS frame larger than maxFrameSize': (peer, id) =>
    peer.respond(id, 200, [['x', 'x'.repeat(17_000)]]),
  '[M24] a length of 16 MB': (peer, id) =>
    peer.send(encodeFrame('DATA', 0, id, Buffer.alloc(100), 0xffffff)),
  '[M24] padding longer than the DATA': (peer, id) => {
    peer.respond(id);
    peer.frame('DATA', frameFlag.PADDED, id, Buffer.from([10, 1, 2]));
  },
  '[M24] padding longer than the HEADERS': (peer, id) =>
    peer.frame(
      'HEADERS',
      frameFlag.PADDED | frameFlag.END_HEADERS,
      id,
      Buffer.from([200, ...head]),
    ),
  '[M24] a padded DATA frame without a length of padding': (peer, id) => {
    peer.respond(id);
    peer.frame('DATA', frameFlag.PADDED, id);
  },
  '[M24] HEADERS too short for the priority they announce': (peer, id) =>
    peer.frame('HEADERS', frameFlag.PRIORITY | frameFlag.END_HEADERS, id, Buffer.alloc(3)),
  '[M25] CONTINUATION outside of a header block': (peer, id) => peer.continuation(id, head, true),
  '[M25] CONTINUATION after a whole header block': (peer, id) => {
    peer.respond(id);
    peer.continuation(id, head, true);
  },
  '[M25] CONTINUATION of another stream': (peer, id) => {
    peer.headers(id, head, { endHeaders: false });
    peer.continuation(id + 2, Buffer.alloc(0), true);
  },
  '[M25] DATA within a header block': (peer, id) => {
    peer.headers(id, head, { endHeaders: false });
    peer.data(id, 'x');
  },
  '[M25] PING within a header block': (peer, id) => {
    peer.headers(id, head, { endHeaders: false });
    peer.ping();
  },
  '[M25] an unknown frame within a header block': (peer, id) => {
    peer.headers(id, head, { endHeaders: false });
    peer.frame(200, 0, 0, Buffer.alloc(3));
  },
  '[M25] HEADERS of another stream within a header block': (peer, id) => {
    peer.headers(id, head, { endHeaders: false });
    peer.respond(id + 2);
  },
  '[M30] a PUSH_PROMISE': (peer, id) =>
    peer.pushPromise(id, 2, [
      [':method', 'GET'],
      [':path', '/pushed'],
      [':scheme', 'http'],
      [':authority', 'x'],
    ]),
  '[M30] a PUSH_PROMISE of an odd stream': (peer, id) => peer.pushPromise(id, id + 2, []),
  '[M30] a PUSH_PROMISE on stream 0': (peer) => peer.pushPromise(0, 2, []),
  'a second preface': (peer) => peer.send(clientPreface),
  'garbage between frames': (peer) => peer.send('\xff'.repeat(64)),
};

describe('costs the connection, with typed errors for all its requests:', () => {
  test.each(Object.entries(connectionErrors))('%s', async (_name, misbehave) => {
    await using world = await meet();
    const victim = await world.open();
    const other = await world.open({ method: 'POST', body: 'body' });
    misbehave(world.peer, victim.id);
    expect((await failure(victim.log)).name).toMatch(/^(ProtocolError|ConnectionClosedError)$/);
    expect((await failure(other.log)).name).toMatch(/^(ProtocolError|ConnectionClosedError)$/);
    expect(await world.closed).toBeInstanceOf(Error);
    await world.peer.closed;
  });
});

/** Errors of one stream. */
const streamErrors: Record<string, Misbehaviour> = {
  '[M24] DATA before the head': (peer, id) => peer.data(id, 'x'),
  '[M24] DATA with END_STREAM before the head': (peer, id) =>
    peer.data(id, 'x', { endStream: true }),
  '[M24] DATA between an interim head and the final one': (peer, id) => {
    peer.respond(id, 103);
    peer.data(id, 'x');
  },
  '[M24] a PRIORITY of 4 bytes': (peer, id) => peer.frame('PRIORITY', 0, id, Buffer.alloc(4)),
};

describe('is a typed error of its request, and leaves no other one waiting:', () => {
  test.each(Object.entries(streamErrors))('%s', async (_name, misbehave) => {
    await using world = await meet();
    const other = await world.open();
    const { log, id } = await world.open();
    misbehave(world.peer, id);
    await failure(log);
    await world.goesOn(other);
  });
});

/** What is unusual, and right; `id` is a request's stream, whose response is sent after it. */
const harmless: Record<string, Misbehaviour> = {
  '[M24] unknown frames on the connection and on streams': (peer, id) => {
    for (let type = 10; type < 256; type += 1) peer.frame(type, 0xff, type % 2 ? 0 : id, head);
    peer.frame(200, 0, 2, Buffer.alloc(100));
    peer.frame(200, 0, 999, Buffer.alloc(100));
  },
  '[M39] PRIORITY of any stream': (peer, id) => {
    for (const stream of [id, 2, 999]) {
      peer.frame('PRIORITY', 0, stream, Buffer.concat([uint32(0), Buffer.from([1])]));
    }
  },
  'ORIGIN and PRIORITY_UPDATE, even of garbage': (peer) => {
    peer.frame(12, 0, 0, Buffer.from([0, 50, 1, 2]));
    peer.frame(16, 0, 0, Buffer.alloc(20));
  },
  '[M36] a PING with an ACK that nobody asked for': (peer) => peer.ping(Buffer.alloc(8, 7), true),
  'an ALTSVC frame of garbage': (peer) => peer.frame(10, 0, 0, Buffer.alloc(20)),
  'unknown flags': (peer) => peer.frame('PING', 0xfe, 0, Buffer.alloc(8)),
  'the reserved bit of a stream id': (peer, id) =>
    peer.send(encodeFrame('WINDOW_UPDATE', 0, (id | 0x80000000) >>> 0, uint32(10))),
};

describe('is harmless:', () => {
  test.each(Object.entries(harmless))('%s', async (_name, behave) => {
    await using world = await meet();
    const { log, id } = await world.open();
    behave(world.peer, id);
    await world.peer.roundTrip();
    world.peer.answer(id, 'hello');
    await expectBody(log, 'hello');
    await world.serves();
  });

  test('[M36] each PING is answered with its own bytes', async () => {
    await using world = await meet();
    for (const text of ['12345678', '\0\0\0\0\0\0\0\0', 'abcdefgh']) {
      world.peer.ping(Buffer.from(text));
      const answer = await world.peer.next('PING', { ack: true });
      expect(answer.payload.toString()).toBe(text);
    }
  });

  test('[M25] a head in eight CONTINUATION frames, with padding, priority and empty ones', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    const block = encodeFields([
      [':status', '200'],
      ['x-field', 'value'],
    ]);
    world.peer.headers(id, block.subarray(0, 1), { endHeaders: false, padding: 9, dependsOn: 0 });
    for (const byte of block.subarray(1, 6)) world.peer.continuation(id, Buffer.from([byte]));
    world.peer.continuation(id, Buffer.alloc(0));
    world.peer.continuation(id, block.subarray(6));
    world.peer.continuation(id, Buffer.alloc(0), true);
    world.peer.data(id, 'hello', { endStream: true, padding: 255 });
    await expectBody(log, 'hello');
    expect(log.events[0]).toMatchObject({ headers: ['x-field', 'value'] });
  });

  test('[M25] a head of 120 kB in seven full CONTINUATION frames', async () => {
    await using world = await meet();
    const { log, id } = await world.open();
    const fields = Array.from(
      { length: 12 },
      (_, index) => [`x-${index}`, 'x'.repeat(10_000)] as const,
    );
    world.peer.respond(id, 200, fields, { parts: 8, endStream: true });
    await expectBody(log, '');
    expect(log.events[0]).toMatchObject({ headers: fields.flat() });
  });

  test('[M25] large fields of a request go out in CONTINUATION frames no larger than allowed', async () => {
    await using world = await meet();
    const log = world.send({ headers: ['x-large', 'x'.repeat(40_000), 'x-last', 'last'] });
    const request = await world.peer.readRequest();
    expect(request.fields.get('x-large')).toHaveLength(40_000);
    expect(request.fields.get('x-last')).toBe('last');
    const sizes = world.peer.frames.map(({ payload }) => payload.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16_384);
    world.peer.answer(request.stream);
    await expectBody(log, 'OK');
  });

  test('[M37] the pseudo-fields of a request, without host', async () => {
    await using world = await meet();
    const log = world.send({ method: 'PUT', target: '/path?a=b', headers: ['a', '1', 'B', '2'] });
    const request = await world.peer.readRequest();
    const names = [...request.fields].map(([name]) => name);
    expect(names.slice(0, 4).sort()).toEqual([':authority', ':method', ':path', ':scheme']);
    expect(request.fields.get(':method')).toBe('PUT');
    expect(request.fields.get(':path')).toBe('/path?a=b');
    expect(request.fields.get(':scheme')).toBe('http');
    expect(request.fields.get(':authority')).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(request.fields.get('a')).toBe('1');
    expect(request.fields.get('b')).toBe('2');
    expect(names).not.toContain('host');
    world.peer.answer(request.stream);
    await expectBody(log, 'OK');
  });
});

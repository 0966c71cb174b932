/** Whatever pieces the bytes come in, the connection says the same. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flag, frame, settingsFrame, uint32 } from '../support/h2-frames.ts';
import { indexed, indexing, literals, tableSize } from '../support/h2-hpack.ts';
import { Driven, greeting } from './drive.ts';
import type { Said } from '../support/said.ts';

const { END_HEADERS: endHeaders, END_STREAM: endStream, PADDED: padded } = flag;
const ok = literals([[':status', '200']]);

/** All that a server may say to five requests. */
const transcript = Buffer.concat([
  greeting,
  settingsFrame({ maxConcurrentStreams: 10, initialWindowSize: 1000, headerTableSize: 0 }),
  frame('PING', 0, 0, Buffer.from('12345678')),
  frame('WINDOW_UPDATE', 0, 0, uint32(1000)),
  frame('WINDOW_UPDATE', 0, 1, uint32(1000)),
  frame('HEADERS', endHeaders, 1, literals([[':status', '103']])),
  frame('HEADERS', 0, 1, Buffer.concat([indexed(8), indexing('x-a', '1')])),
  frame('CONTINUATION', 0, 1),
  frame('CONTINUATION', endHeaders, 1, indexed(62)),
  frame('DATA', 0, 1, Buffer.from('hello ')),
  frame(0xcc, 0xff, 1, Buffer.alloc(50)),
  frame('HEADERS', endHeaders, 3, Buffer.concat([indexed(8), indexed(62)])),
  frame('DATA', padded, 1, Buffer.from('\x02world\0\0')),
  frame('DATA', padded, 1, Buffer.from('\x04\0\0\0\0')),
  frame('DATA', 0, 3),
  frame('PRIORITY', 0, 3, Buffer.alloc(5)),
  frame('HEADERS', endHeaders | endStream, 1, literals([['t', 'x']])),
  frame('DATA', endStream | padded, 3, Buffer.from('\x03three\0\0\0')),
  frame('HEADERS', endHeaders | endStream | 0x20, 5, Buffer.concat([Buffer.alloc(5), ok])),
  frame('HEADERS', endHeaders, 7, Buffer.concat([tableSize(100), ok])),
  frame('RST_STREAM', 0, 7, uint32(8)),
  frame('DATA', endStream, 9, Buffer.from('before its head')),
  frame('GOAWAY', 0, 0, Buffer.concat([uint32(9), uint32(0), Buffer.from('bye')])),
  frame('PING', flag.ACK, 0, Buffer.from('\0\0\0\0\0\0\0\x07', 'latin1')),
]);

/** What the connection says and writes when the bytes come in these pieces. */
function play(
  bytes: Buffer,
  lengths?: readonly number[],
): { said: readonly Said[]; written: unknown[] } {
  const driven = new Driven();
  driven.open(5);
  driven.feed(bytes, lengths);
  expect(driven.fault).toBeUndefined();
  const written = driven
    .written()
    .map(({ type, stream, payload }) => [type, stream, payload.toString('hex')]);
  return { said: driven.said, written };
}

/** How long the pieces are between these places. */
function lengthsBetween(places: readonly number[], total: number): number[] {
  const all = [0, ...places.toSorted((a, b) => a - b), total];
  return all.slice(1).map((place, index) => place - (all[index] ?? 0));
}

const whole = play(transcript);

describe('a conversation', () => {
  test('says all that it says', () => {
    expect(whole.said.map(({ event, stream }) => `${event} ${stream ?? ''}`)).toEqual([
      'settings ',
      'settings ',
      'window ',
      'window ',
      'interim 1',
      'head 1',
      'data 1',
      'head 3',
      'data 1',
      'end 1',
      'data 3',
      'end 3',
      'head 5',
      'end 5',
      'head 7',
      'reset 7',
      'broken 9',
      'goaway ',
      'pong ',
    ]);
    expect(whole.said[5]).toMatchObject({ status: 200, list: ['x-a', '1', 'x-a', '1'] });
    expect(whole.said[9]).toMatchObject({ trailers: ['t', 'x'] });
  });

  test('says the same byte by byte', () => {
    expect(
      play(
        transcript,
        Array.from({ length: transcript.length }, () => 1),
      ),
    ).toEqual(whole);
  });

  test('says the same cut in two at any byte', () => {
    for (let at = 0; at <= transcript.length; at++) {
      expect(play(transcript, [at, transcript.length - at])).toEqual(whole);
    }
  });

  test('says the same in any pieces', () => {
    const places = fc.array(fc.nat(transcript.length), { maxLength: 40 });
    fc.assert(
      fc.property(places, (all) => {
        expect(play(transcript, lengthsBetween(all, transcript.length))).toEqual(whole);
      }),
    );
  });
});

describe('garbage', () => {
  /** What comes of bytes behind the greeting and the head of a response. */
  function outcome(bytes: Uint8Array, lengths?: readonly number[]): unknown {
    const driven = new Driven().feed(greeting);
    driven.open(3);
    driven.feed(frame('HEADERS', endHeaders, 1, ok));
    driven.feed(bytes, lengths);
    return [driven.said, driven.fault?.reason, driven.fault?.message];
  }

  const type = fc.oneof(fc.nat(9), fc.nat(255));
  const stream = fc.oneof(fc.constantFrom(0, 1, 2, 3, 5, 7), fc.nat(2 ** 31));
  const payload = fc.uint8Array({ maxLength: 40 });
  const frames = fc.array(fc.tuple(type, fc.nat(255), stream, payload), { maxLength: 8 });

  test('ends in the same way, however it is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(300), { maxLength: 20 }), (all, places) => {
        const bytes = Buffer.concat(all.map((each) => frame(...each)));
        const cuts = places.map((place) => Math.min(place, bytes.length));
        expect(outcome(bytes, lengthsBetween(cuts, bytes.length))).toEqual(outcome(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});

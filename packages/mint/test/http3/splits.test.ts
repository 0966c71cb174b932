import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Driven } from './drive.ts';
import { control, data, frame, goaway, headers, responseHead, settings } from './peer-frames.ts';

const exchanges: Readonly<Record<string, readonly [id: number, bytes: Buffer]>> = {
  'a response with all that one can have': [
    0,
    Buffer.concat([
      frame(0x2f, 'x'.repeat(100)),
      responseHead(103, [['link', '</style.css>; rel=preload']]),
      responseHead(200, [
        ['content-type', 'text/plain'],
        ['x-long', 'y'.repeat(2000)],
      ]),
      data('a'.repeat(300)),
      frame(0x0),
      data('b'.repeat(70)),
      headers([['x-sum', '12']]),
    ]),
  ],
  'a response that is malformed': [0, Buffer.concat([responseHead(200), responseHead(200)])],
  'a breach of the protocol': [0, Buffer.concat([responseHead(200), settings()])],
  'a control stream': [
    3,
    control(
      settings([
        [0x6, 5000],
        [0x8, 1],
      ]),
      frame(0x40_000, 'x'.repeat(70)),
      goaway(400),
      goaway(0),
    ),
  ],
};

function outcome(id: number, bytes: Buffer, lengths: readonly number[]): unknown {
  const driven = new Driven();
  driven.open();
  driven.feed(id, bytes, lengths);
  if (id === 0) driven.finish(0);
  const { said } = driven;
  return { said, reason: driven.fault?.reason };
}

test.each(Object.entries(exchanges))(
  '%s is the same as a whole, byte by byte, and in any pieces',
  (_, [id, bytes]) => {
    const whole = outcome(id, bytes, [bytes.length]);
    expect(
      outcome(
        id,
        bytes,
        Array.from(bytes, () => 1),
      ),
    ).toEqual(whole);
    const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: bytes.length });
    fc.assert(
      fc.property(pieces, (lengths) => {
        expect(outcome(id, bytes, lengths)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  },
);

test('the type of a stream may come byte by byte', () => {
  const bytes = Buffer.from('c2197c5eff14e88c0102', 'hex');
  const driven = new Driven().feed(7, bytes.subarray(0, 7), [1, 1, 1, 1, 1, 1, 1]);
  expect(driven.said).toEqual([]);
  driven.feed(7, bytes.subarray(7));
  expect(driven.said).toEqual([{ event: 'unwanted', code: 0x103 }]);
});

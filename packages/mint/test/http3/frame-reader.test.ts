import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as frame from '../../src/http3/frame-reader.ts';
import { FrameReader } from '../../src/http3/frame-reader.ts';
import { frameHeaderSize, writeFrameHeader } from '../../src/http3/frames.ts';
import { writeVarint } from '../../src/http3/varint.ts';

interface Frame {
  readonly type: number;
  readonly payload: string;
  readonly as: 'whole' | 'pieces' | 'skip';
}

const frames = fc.array(
  fc.record({
    type: fc.oneof(fc.nat(100), fc.maxSafeNat()),
    payload: fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 3000 }),
    as: fc.constantFrom('whole' as const, 'pieces' as const, 'skip' as const),
  }),
  { maxLength: 8 },
);

function bytesOf(list: readonly Frame[]): Buffer {
  return Buffer.concat(
    list.map(({ type, payload }) => {
      const bytes = Buffer.alloc(frameHeaderSize(type, payload.length));
      writeFrameHeader(bytes, 0, type, payload.length);
      return Buffer.concat([bytes, Buffer.from(payload)]);
    }),
  );
}

/** What a reader makes of pieces of these lengths. */
function read(
  reader: FrameReader,
  bytes: Buffer,
  list: readonly Frame[],
  lengths: number[],
): Frame[] {
  const found: { type: number; payload: string; as: Frame['as'] }[] = [];
  let from = 0;
  for (const length of lengths) {
    const piece = Buffer.concat([
      Buffer.from('??'),
      bytes.subarray(from, from + length),
      Buffer.from('?'),
    ]);
    from += length;
    let at = 2;
    for (let event = frame.header as number; event !== frame.more; at = reader.at) {
      event = reader.next(piece, at, piece.length - 1);
      if (event === frame.header) {
        const { as } = list[found.length] as Frame;
        reader[as]();
        found.push({
          type: reader.type,
          payload: as === 'skip' ? '?'.repeat(reader.length) : '',
          as,
        });
      } else if (event !== frame.more) {
        const last = found.at(-1) as { payload: string };
        last.payload += reader.bytes.toString('latin1', reader.from, reader.to);
      }
    }
    piece.fill('!');
  }
  return found;
}

function cut(total: number, sizes: readonly number[]): number[] {
  const lengths: number[] = [];
  for (let rest = total, index = 0; rest > 0; index++) {
    const length = Math.min(rest, sizes[index % sizes.length] ?? total);
    lengths.push(length);
    rest -= length;
  }
  return lengths;
}

describe('frames', () => {
  test('are read alike as a whole, byte by byte and in any pieces', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(frames, sizes, (list, pieces) => {
        const bytes = bytesOf(list);
        const expected = list.map((one) =>
          one.as === 'skip' ? { ...one, payload: '?'.repeat(one.payload.length) } : one,
        );
        for (const lengths of [[bytes.length], cut(bytes.length, [1]), cut(bytes.length, pieces)]) {
          const reader = new FrameReader();
          expect(read(reader, bytes, list, lengths)).toEqual(expected);
          expect(reader.isBetweenFrames).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['within a type', 1],
    ['before a length', 2],
    ['within a length', 3],
    ['before a payload', 4],
    ['within a payload', 6],
  ])('are incomplete %s', (_, length) => {
    for (const as of ['whole', 'pieces', 'skip'] as const) {
      const reader = new FrameReader();
      const bytes = Buffer.from([0x40, 0x01, 0x40, 0x03, 1, 2, 3]);
      read(reader, bytes, [{ type: 1, payload: '', as }], cut(length, [1]));
      expect(reader.isBetweenFrames).toBe(false);
    }
  });

  test('cost no more memory than twice what came of them, whatever length they announce', () => {
    const reader = new FrameReader();
    const head = Buffer.alloc(9);
    writeVarint(head, 1, 2 ** 40);
    expect(reader.next(head, 0, 9)).toBe(frame.header);
    reader.whole();
    const before = process.memoryUsage().arrayBuffers;
    expect(reader.next(Buffer.alloc(5000), 0, 5000)).toBe(frame.more);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});

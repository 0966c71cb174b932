import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  maxVarint,
  readVarint,
  varintSize,
  varintSizeOf,
  writeVarint,
} from '../../src/http3/varint.ts';

test.each([
  ['c2197c5eff14e88c', 151_288_809_941_952_652n],
  ['9d7f3e7d', 494_878_333n],
  ['7bbd', 15_293n],
  ['25', 37n],
  ['4025', 37n],
])('%s is %d (RFC 9000, A.1)', (hex, value) => {
  const bytes = Buffer.from(hex, 'hex');
  expect(readVarint(bytes, 0)).toBe(Number(value));
  expect(varintSizeOf(bytes[0] as number)).toBe(bytes.length);
});

test('an integer is read as it was written, in as few bytes as it takes or in more', () => {
  const sizes = fc.constantFrom(1, 2, 4, 8);
  fc.assert(
    fc.property(fc.maxSafeNat(), sizes, (value, atLeast) => {
      const size = Math.max(varintSize(value), atLeast);
      const bytes = Buffer.alloc(10, 0xff);
      expect(writeVarint(bytes, 1, value, size)).toBe(1 + size);
      expect(varintSizeOf(bytes[1] as number)).toBe(size);
      expect(readVarint(bytes, 1)).toBe(value);
      expect(bytes[1 + size]).toBe(0xff);
    }),
  );
});

test.each([
  [63, 1],
  [64, 2],
  [16_383, 2],
  [16_384, 4],
  [2 ** 30 - 1, 4],
  [2 ** 30, 8],
  [maxVarint, 8],
])('%d takes %d bytes', (value, size) => {
  expect(varintSize(value)).toBe(size);
});

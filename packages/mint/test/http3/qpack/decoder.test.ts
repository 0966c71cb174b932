import { describe, expect, test } from 'vitest';
import { badField, regularField, statusField } from '../../../src/compression/field-kind.ts';
import { staticEntries } from '../../../src/http3/qpack/static-table.ts';
import { Collected, hex } from '../../support/collected.ts';
import { decode } from './decode.ts';

const failed = expect.objectContaining({ reason: 'QPACK_DECOMPRESSION_FAILED' }) as Error;

describe('a section', () => {
  test('of a literal with the name of a static entry (RFC 9204, B.1)', () => {
    const { fields } = decode(hex('0000 510b 2f69 6e64 6578 2e68 746d 6c'));
    expect(fields).toEqual([[':path', '/index.html']]);
  });

  test.each([
    ['B.2', '0381 10 11'],
    ['B.4', '0500 80 c1 81'],
    ['B.5', '0600 80'],
  ])('that refers to a dynamic table is refused (RFC 9204, %s)', (_, section) => {
    expect(() => decode(hex(section))).toThrow(failed);
  });

  test('has each of the static entries by its index', () => {
    for (const [index, entry] of staticEntries.entries()) {
      const section = index < 63 ? [0, 0, 0xc0 | index] : [0, 0, 0xff, index - 63];
      expect(decode(Buffer.from(section)).fields).toEqual([entry]);
    }
  });

  test('has names and values that are Huffman-coded', () => {
    const { fields } = decode(hex('0000 2f 01 25a849e95ba97d7f 89 25a849e95bb8e8b4bf'));
    expect(fields).toEqual([['custom-key', 'custom-value']]);
  });

  test('may have nothing, and any base', () => {
    expect(decode(hex('0000')).fields).toEqual([]);
    expect(decode(hex('0005 d9')).fields).toEqual([[':status', '200']]);
  });

  test('may have integers of 62 bits, as the base, and written with zeros behind (RFC 9204, 4.1.1)', () => {
    expect(decode(hex('00 7fd8ebf5ff02 d9')).fields).toEqual([[':status', '200']]);
    expect(decode(hex('00 7f80ffffffffffffff3f d9')).fields).toEqual([[':status', '200']]);
    expect(decode(hex('0000 ff80808080808000')).fields).toEqual([[':status', '100']]);
  });

  test('tells what its fields are to a response, and their sizes', () => {
    const { kinds, size } = decode(hex('0000 d9 5a0161 2378787801 00 d1'));
    expect(kinds).toEqual([statusField, regularField, badField, badField]);
    expect(size).toBe(4 * 32 + 10 + 14 + 4 + 10);
  });

  test('has values without the white space around them', () => {
    expect(decode(hex('0000 2161 04 20622009')).fields).toEqual([['a', 'b']]);
  });

  test('hands nothing over to one that is full', () => {
    const full = new Collected();
    full.isFull = true;
    expect(decode(hex('0000 d9 5a0161 21610162'), full).fields).toEqual([]);
  });
});

test.each([
  ['nothing at all', ''],
  ['only half of a prefix', '00'],
  ['a base below 0', '0080'],
  ['an indexed field of the dynamic table', '0000 80'],
  ['a name of the dynamic table', '0000 4001 61'],
  ['an indexed field behind the base', '0000 10'],
  ['a name behind the base', '0000 0001 61'],
  ['an index that the static table does not have', '0000 ff24'],
  ['a name that the static table does not have', '0000 5f55 0161'],
  ['an integer without an end', '0000 ffff'],
  ['an integer beyond all bounds', '0000 ffffffffffffffffff7f'],
  ['a count of insertions beyond all bounds', 'ffffffffffffffffff7f 00'],
  ['a name longer than its section', '0000 2761'],
  ['a value longer than its section', '0000 51 05 61'],
  ['a name without a value', '0000 2161'],
  ['a static name without a value', '0000 51'],
  ['a Huffman code with EOS', '0000 51 84 ffffffff'],
  ['a Huffman code with a wrong padding', '0000 51 81 00'],
])('%s is an error of the connection', (_, section) => {
  expect(() => decode(hex(section))).toThrow(failed);
});

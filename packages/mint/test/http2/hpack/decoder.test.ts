import { describe, expect, test } from 'vitest';
import { Fault, HpackDecoder } from '../../../src/index.ts';
import {
  badField,
  lengthField,
  regularField,
  statusField,
} from '../../../src/compression/field-kind.ts';
import { indexed, indexing, literals, tableSize } from '../../support/h2-hpack.ts';
import { Collected, hex } from '../../support/collected.ts';
import { decode, decodeAlone } from './decode.ts';

const garbage: Record<string, Buffer> = {
  'index 0': hex('80'),
  'an index that no table has': indexed(62),
  'a name at an index that no table has': hex('7f 00 00'),
  'an index beyond all bounds': hex('ff ff ff ff ff ff 0f'),
  'an integer of more than 2^28': hex('ff ff ff ff ff 01'),
  'an integer of nothing but zeros without end': hex(`ff ${'80'.repeat(40)}`),
  'an integer that is cut off': hex('ff ff'),
  'a text longer than the block': hex('00 0a 61'),
  'a name that is missing': hex('00'),
  'a value that is missing': hex('04'),
  'a Huffman code with EOS': hex('00 84 ffff ffff 01 61'),
  'a table larger than allowed': tableSize(4097),
  'a change of the table behind a field': Buffer.concat([hex('82'), tableSize(0)]),
};

describe('a block is refused with COMPRESSION_ERROR for', () => {
  test.each(Object.entries(garbage))('%s', (_what, block) => {
    let thrown: unknown;
    try {
      decodeAlone(block);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Fault);
    expect(thrown).toMatchObject({ reason: 'COMPRESSION_ERROR' });
  });
});

describe('a field', () => {
  test.each([
    [':status', '200', statusField],
    ['content-length', '5', lengthField],
    ['x-any', 'value', regularField],
    [':path', '/', badField],
    ['X-Upper', 'value', badField],
    ['', 'value', badField],
    ['a b', 'value', badField],
    ['connection', 'close', badField],
    ['transfer-encoding', 'chunked', badField],
    ['x', 'a\nb', badField],
    ['x', 'a\rb', badField],
    ['x', 'a\0b', badField],
    ['x', 'a\x7fb', badField],
    ['x', 'caf\xe9\tau lait', regularField],
  ])('%j: %j is told by its kind, new and from the table', (name, value, kind) => {
    const decoder = new HpackDecoder();
    expect(decode(decoder, literals([[name, value]])).kinds).toEqual([kind]);
    expect(decode(decoder, indexing(name, value)).kinds).toEqual([kind]);
    expect(decode(decoder, indexed(62)).kinds).toEqual([kind]);
  });

  test('whose value is bad does not spoil another one with its name from the table', () => {
    const decoder = new HpackDecoder();
    decode(decoder, indexing('x-name', 'a\nb'));
    // A literal with the name of entry 62, and one with a name from the static table.
    expect(decode(decoder, hex('0f 2f 01 61'))).toMatchObject({
      fields: [['x-name', 'a']],
      kinds: [regularField],
    });
    expect(decode(decoder, hex('0f 0d 01 61')).fields).toEqual([['content-length', 'a']]);
  });

  test.each(['a=1 ', ' a=1', '\t a=1 \t'])(
    '[W9] has no white space around its value: %j, new and from the table',
    (value) => {
      const decoder = new HpackDecoder();
      expect(decode(decoder, indexing('set-cookie', value)).fields).toEqual([
        ['set-cookie', 'a=1'],
      ]);
      expect(decode(decoder, indexed(62)).fields).toEqual([['set-cookie', 'a=1']]);
      // It takes the space of all its bytes all the same (RFC 7541, 4.1).
      expect(decoder.size).toBe(10 + value.length + 32);
    },
  );

  test('[W9] of nothing but white space is empty', () => {
    expect(decodeAlone(literals([['x', ' \t ']]))).toEqual([['x', '']]);
  });
});

describe('the dynamic table', () => {
  test('drops its oldest entries for a new one, and all for one that is larger than itself', () => {
    const decoder = new HpackDecoder(100);
    decode(decoder, indexing('a', '1'));
    decode(decoder, indexing('b', '2'));
    expect(decoder.size).toBe(68);
    decode(decoder, indexing('c', '3'));
    expect(decoder.size).toBe(68);
    expect(decode(decoder, Buffer.concat([indexed(62), indexed(63)])).fields).toEqual([
      ['c', '3'],
      ['b', '2'],
    ]);
    expect(decode(decoder, indexing('large', 'x'.repeat(100))).fields).toHaveLength(1);
    expect(decoder.size).toBe(0);
  });

  test('has room for as many entries as its size allows, each at its index', () => {
    const decoder = new HpackDecoder();
    const values = Array.from({ length: 500 }, (_, index) => String(index));
    for (const value of values) decode(decoder, indexing('x', value));
    const kept = values.slice(-Math.floor(4096 / (1 + 3 + 32))).toReversed();
    const block = Buffer.concat(kept.map((_value, index) => indexed(62 + index)));
    expect(decode(decoder, block).fields.map(([, value]) => value)).toEqual(kept);
    expect(() => decode(decoder, indexed(62 + kept.length))).toThrow('which no table has');
  });

  test('may be made smaller and larger between blocks, also twice', () => {
    const decoder = new HpackDecoder();
    decode(decoder, indexing('a', '1'));
    decode(decoder, Buffer.concat([tableSize(0), tableSize(4096)]));
    expect(decoder.size).toBe(0);
    decode(decoder, indexing('a', '1'));
    expect(decoder.size).toBe(34);
  });

  test('stays right when nobody wants the fields any more', () => {
    const decoder = new HpackDecoder();
    const sink = new Collected();
    sink.isFull = true;
    const block = Buffer.concat([
      indexing('a', '1'),
      indexed(62),
      indexed(2),
      hex('00 01 62 01 32'),
    ]);
    decoder.decode(block, 0, block.length, sink);
    expect(sink.fields).toEqual([]);
    expect(decode(decoder, indexed(62)).fields).toEqual([['a', '1']]);
  });

  test('of a decoder without one takes nothing', () => {
    const decoder = new HpackDecoder(0);
    expect(decode(decoder, indexing('a', '1')).fields).toEqual([['a', '1']]);
    expect(decoder.size).toBe(0);
  });
});

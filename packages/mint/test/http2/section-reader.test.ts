import { describe, expect, test } from 'vitest';
import { SectionReader } from '../../src/http2/section-reader.ts';
import { indexed, indexing, literals, tableSize } from '../support/h2-hpack.ts';
import type { HeaderList } from '../support/h2-hpack.ts';

const read = (reader: SectionReader, block: Buffer) => reader.read(block, 0, block.length);
const ok: HeaderList = [[':status', '200']];

describe('a section', () => {
  test('has its status apart, and its fields in order', () => {
    const section = read(
      new SectionReader(1000),
      literals([...ok, ['a', '1'], ['content-length', '5'], ['a', '2']]),
    );
    expect(section.status).toBe(200);
    expect(section.fields.list).toEqual(['a', '1', 'content-length', '5', 'a', '2']);
    expect(section.fields.contentLength).toBe(5);
    expect(section.fault).toBeUndefined();
    expect(section.size).toBe(2 * (2 + 32) + 15 + 32);
  });

  test.each([
    ['names and values', [...ok, ['x', 'y'.repeat(1000)]] as HeaderList],
    ['names alone', [...ok, ...Array.from({ length: 11 }, () => ['n'.repeat(100), ''] as const)]],
  ])('[W1] of more than maxHeaderSize bytes is too large: %s', (_what, list) => {
    const section = read(new SectionReader(1000), literals(list));
    expect(section.fault?.tooLarge).toMatchObject({ limit: 1000 });
    expect(section.fields.list).toEqual([]);
    expect(read(new SectionReader(2000), literals(list)).fault).toBeUndefined();
  });

  test('[W1] of more than 1000 fields is too large, however small they are', () => {
    const reader = new SectionReader(262_144);
    const list = (count: number): HeaderList => [
      ...ok,
      ...Array.from({ length: count }, () => ['a', ''] as const),
    ];
    expect(read(reader, literals(list(1000))).fault).toBeUndefined();
    expect(read(reader, literals(list(1001))).fault?.tooLarge).toBeDefined();
  });

  test('that is too large leaves the tables right', () => {
    const reader = new SectionReader(100);
    const block = [literals([...ok, ['x', 'y'.repeat(200)]]), indexing('kept', 'value')];
    expect(read(reader, Buffer.concat(block)).fault?.tooLarge).toBeDefined();
    expect(read(reader, indexed(62)).fields.list).toEqual(['kept', 'value']);
  });
});

describe('a block that comes again', () => {
  test('is the same section, and not decoded again', () => {
    const reader = new SectionReader(1000);
    const block = literals([...ok, ['a', '1']]);
    const first = read(reader, block);
    expect(read(reader, Buffer.from(block))).toBe(first);
    expect(read(reader, literals([...ok, ['a', '2']]))).not.toBe(first);
  });

  test('is told from all others that came', () => {
    const reader = new SectionReader(10_000);
    for (let round = 0; round < 2; round++) {
      for (let length = 1; length < 300; length++) {
        const value = 'v'.repeat(length);
        const { fields } = read(reader, literals([...ok, ['x', value]]));
        expect(fields.list).toEqual(['x', value]);
      }
    }
  });

  test('that puts fields into the table puts them in again', () => {
    const reader = new SectionReader(1000);
    const block = Buffer.concat([indexed(8), indexing('a', '1'), indexing('b', '2')]);
    const first = read(reader, block);
    expect(read(reader, block)).toBe(first);
    const table = Buffer.concat([62, 63, 64, 65].map((index) => indexed(index)));
    expect(read(reader, table).fields.list).toEqual(['b', '2', 'a', '1', 'b', '2', 'a', '1']);
    expect(() => read(reader, indexed(66))).toThrow('which no table has');
  });

  test('that refers to the table is the same only as long as the table is', () => {
    const reader = new SectionReader(1000);
    read(reader, indexing('a', '1'));
    const block = Buffer.concat([indexed(8), indexed(62)]);
    const first = read(reader, block);
    expect(read(reader, block)).toBe(first);
    read(reader, indexing('b', '2'));
    expect(read(reader, block).fields.list).toEqual(['b', '2']);
  });

  test('that refers to the table and changes it means something else each time', () => {
    const reader = new SectionReader(1000);
    read(reader, indexing('a', '1'));
    const block = Buffer.concat([indexed(8), indexed(62), indexing('b', '2')]);
    expect(read(reader, block).fields.list).toEqual(['a', '1', 'b', '2']);
    expect(read(reader, block).fields.list).toEqual(['b', '2', 'b', '2']);
  });

  test('that changes the size of the table changes it again', () => {
    const reader = new SectionReader(1000);
    const block = Buffer.concat([tableSize(0), indexed(8)]);
    read(reader, block);
    read(reader, Buffer.concat([tableSize(4096), indexing('a', '1')]));
    read(reader, block);
    expect(() => read(reader, indexed(62))).toThrow('which no table has');
  });

  test('is refused again when it was refused', () => {
    const reader = new SectionReader(100);
    for (const block of [literals([['A', 'b']]), literals([['x', 'y'.repeat(200)]])]) {
      expect(read(reader, block).fault).toBeDefined();
      expect(read(reader, block).fault).toBeDefined();
    }
  });
});

/**
 * QPACK without a dynamic table (RFC 9204, 4.5), written down as the RFC has it:
 * bit by bit, without a thought to speed, and with nothing of the package but
 * the static table.
 */
import { staticEntries } from '../../src/http3/qpack/static-table.ts';
import { decodeHuffman } from '../../test/support/h2-hpack.ts';
import type { HeaderList } from '../../test/support/h2-hpack.ts';

/** The fields of a section. @throws Error when it is none. */
export function decodeSection(bytes: Buffer): HeaderList {
  const cursor = new Cursor(bytes);
  if (cursor.integer(8) !== 0n) throw new Error('Required Insert Count');
  if (cursor.flag(0x80)) throw new Error('a base below 0');
  cursor.integer(7);
  const list: (readonly [string, string])[] = [];
  while (!cursor.isAtEnd) list.push(field(cursor));
  return list;
}

function field(cursor: Cursor): readonly [string, string] {
  if (cursor.flag(0x80)) {
    if (!cursor.flag(0x40)) throw new Error('an indexed field of the dynamic table');
    return entry(cursor.integer(6));
  }
  if (cursor.flag(0x40)) {
    if (!cursor.flag(0x10)) throw new Error('a name of the dynamic table');
    const [name] = entry(cursor.integer(4));
    return [name, cursor.text(7)];
  }
  if (!cursor.flag(0x20)) throw new Error('a field behind the base');
  return [cursor.text(3), cursor.text(7)];
}

function entry(index: bigint): readonly [string, string] {
  const found = staticEntries[Number(index)];
  if (found === undefined) throw new Error('an index that the static table does not have');
  return found;
}

class Cursor {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  /** Whether the next byte has a bit. */
  flag(bit: number): boolean {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new Error('the section ends too early');
    return (byte & bit) !== 0;
  }

  /** An integer with a prefix of so many bits (RFC 7541, 5.1). */
  integer(bits: number): bigint {
    const mask = 2n ** BigInt(bits) - 1n;
    let value = BigInt(this.byte()) & mask;
    if (value < mask) return value;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(this.byte());
      value += (byte & 0x7fn) << shift;
      if (byte < 0x80n) return value;
    }
  }

  /** A text, whose length has a prefix of so many bits, behind the bit for Huffman. */
  text(bits: number): string {
    const isCoded = this.flag(2 ** bits);
    const length = this.integer(bits);
    const end = this.at + Number(length);
    if (end > this.bytes.length) throw new Error('the section ends within a text');
    const text = this.bytes.subarray(this.at, end);
    this.at = end;
    return isCoded ? decodeHuffman(text) : text.toString('latin1');
  }

  private byte(): number {
    this.flag(0);
    return this.bytes[this.at++] as number;
  }
}

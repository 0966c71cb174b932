/**
 * Header blocks of HPACK (RFC 7541) put together from their parts, so that a
 * script can make wrong ones, too; and the blocks of clients, read.
 */
import { Fields } from '../fields.ts';
import { HpackDecoder } from '../http2/hpack/decoder.ts';
import type { FieldSink } from '../compression/field-sink.ts';
import { maxIntegerSize, writeInteger } from '../compression/integer.ts';

/** Fields in order: names and values, of which each character is a byte (latin1). */
export type FieldList = readonly (readonly [name: string, value: string])[];

/**
 * A header block of literals without Huffman coding, which no table remembers.
 *
 * @example
 * const twoStatuses = encodeFields([[':status', '200'], [':status', '204']]);
 */
export function encodeFields(list: FieldList): Buffer {
  return Buffer.concat(
    list.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)])),
  );
}

/**
 * A part of a header block: the field of this number in the tables, the static one first (1 to 61).
 *
 * @example
 * const status200 = encodeIndexed(8);
 */
export function encodeIndexed(index: number): Buffer {
  return integer(index, 7, 0x80);
}

/**
 * A part of a header block: a field that goes into the dynamic table.
 *
 * @example
 * const block = Buffer.concat([encodeIndexed(8), encodeInserted('x-token', 'abc'), encodeIndexed(62)]);
 */
export function encodeInserted(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x40), text(name), text(value)]);
}

/**
 * A part of a header block: how many bytes the dynamic table may take from here on.
 *
 * @example
 * const emptied = Buffer.concat([encodeTableSize(0), encodeFields([[':status', '200']])]);
 */
export function encodeTableSize(size: number): Buffer {
  return integer(size, 5, 0x20);
}

/** Reads the header blocks of one client, in their order. */
export class HeaderBlockReader {
  private readonly decoder = new HpackDecoder();

  /** The fields of a block, not judged. @throws Fault */
  read(block: Buffer): Fields {
    const list: string[] = [];
    const sink: FieldSink = {
      isFull: false,
      add: (name, value) => list.push(name, value),
    };
    this.decoder.decode(block, 0, block.length, sink);
    return Fields.of(list);
  }
}

function integer(value: number, prefix: number, pattern: number): Buffer {
  const bytes = Buffer.alloc(maxIntegerSize);
  return bytes.subarray(0, writeInteger(bytes, 0, value, prefix, pattern));
}

function text(value: string): Buffer {
  return Buffer.concat([integer(value.length, 7, 0), Buffer.from(value, 'latin1')]);
}

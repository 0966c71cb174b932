/** Takes the fields of a block as they come. */
import { HpackDecoder } from '../../../src/http2/hpack/decoder.ts';
import type { FieldSink } from '../../../src/compression/field-sink.ts';

export class Collected implements FieldSink {
  isFull = false;
  readonly fields: (readonly [name: string, value: string])[] = [];
  readonly kinds: number[] = [];
  size = 0;

  add(name: string, value: string, kind: number, size: number): void {
    this.fields.push([name, value]);
    this.kinds.push(kind);
    this.size += size;
  }
}

/** The fields of a block. */
export function decode(decoder: HpackDecoder, block: Buffer): Collected {
  const collected = new Collected();
  decoder.decode(block, 0, block.length, collected);
  return collected;
}

/** The fields of one block, by a decoder of its own. */
export function decodeAlone(block: Buffer): Collected['fields'] {
  return decode(new HpackDecoder(), block).fields;
}

/** Bytes from digits to base 16, with or without blanks. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');
}

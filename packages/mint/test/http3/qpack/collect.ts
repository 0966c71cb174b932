/** Takes the fields of a section as they come. */
import type { FieldSink } from '../../../src/compression/field-sink.ts';
import { QpackDecoder } from '../../../src/http3/qpack/decoder.ts';

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

/** What a section has. */
export function decode(section: Buffer, collected: Collected = new Collected()): Collected {
  new QpackDecoder().decode(section, 0, section.length, collected);
  return collected;
}

/** Bytes from digits to base 16, with or without blanks. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');
}

import type { FieldSink } from '../../src/index.ts';
/** Takes the fields of a block of HPACK, or of a section of QPACK, as they come. */

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

/** Bytes from digits to base 16, with or without blanks. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');
}

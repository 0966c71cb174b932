/**
 * Integers and texts of HPACK and QPACK, read (RFC 7541, 5; RFC 9204, 4.1): the
 * parts of one encoded field section, from its first byte to its last.
 */
import { Fault } from '../errors/fault.ts';
import { hasBadValue } from './field-kind.ts';
import { decodedBytes, decodeHuffman } from './huffman.ts';

export class BlockReader {
  /** Where the next part begins. */
  at = 0;
  limit = 0;
  /** How long the text that was read last came. */
  textSize = 0;
  /** Whether it has a byte that no value may have. */
  isBadText = false;
  private readonly code: string;
  private readonly maxInteger: number;
  private bytes: Buffer = decodedBytes();

  /**
   * `code`: the name of the error that a section is which cannot be decoded; `maxInteger`: what no
   * integer may be beyond, however it is written.
   */
  constructor(code: string, maxInteger: number) {
    this.code = code;
    this.maxInteger = maxInteger;
  }

  /** Begins with the section from `from` to `to`. */
  begin(bytes: Buffer, from: number, to: number): void {
    this.bytes = bytes;
    this.at = from;
    this.limit = to;
  }

  /** The byte that the next part begins with. @throws {Fault} if there is none. */
  first(): number {
    if (this.at >= this.limit) throw this.corrupt('a section that ends within a field');
    return this.bytes[this.at] as number;
  }

  /** An integer whose prefix has the bits of `mask`. */
  integer(mask: number): number {
    const value = this.first() & mask;
    this.at++;
    return value < mask ? value : this.longInteger(value);
  }

  /**
   * A text, whose length has a prefix with the bits of `mask`, and above it the bit that says that it
   * is coded. A value comes without the white space around it (RFC 9110, 5.5).
   */
  text(mask: number, isValue: boolean): string {
    const isCoded = (this.first() & (mask + 1)) !== 0;
    const length = this.integer(mask);
    let { bytes } = this;
    let from = this.at;
    let to = from + length;
    if (to > this.limit) throw this.corrupt('a text longer than its section');
    this.at = to;
    if (isCoded) {
      to = decodeHuffman(bytes, from, to);
      if (to < 0) throw this.corrupt('a Huffman code that is none');
      from = 0;
      bytes = decodedBytes();
    }
    this.textSize = to - from;
    if (isValue) {
      this.isBadText = hasBadValue(bytes, from, to);
      while (from < to && isBlank(bytes[from] as number)) from++;
      while (to > from && isBlank(bytes[to - 1] as number)) to--;
    }
    return from === to ? '' : bytes.toString('latin1', from, to);
  }

  /** What a section is that cannot be decoded. */
  corrupt(detail: string): Fault {
    return new Fault(this.code, detail);
  }

  private longInteger(prefix: number): number {
    const { bytes, maxInteger } = this;
    let value = prefix;
    for (let factor = 1; ; factor *= 128) {
      if (this.at >= this.limit) throw this.corrupt('an integer without an end');
      const byte = bytes[this.at++] as number;
      value += (byte & 0x7f) * factor;
      if (value > maxInteger || factor > maxInteger) {
        throw this.corrupt('an integer beyond all bounds');
      }
      if (byte < 0x80) return value;
    }
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

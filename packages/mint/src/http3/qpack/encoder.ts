/**
 * Encodes field sections (RFC 9204, 4.5) with the static table alone: a section
 * stands by itself, and waits for no other stream.
 */
import { maxIntegerSize, writeInteger } from '../../compression/integer.ts';
import { isSensitive, writePlain, writeText } from '../../compression/text.ts';
import type { OutputBuffer } from '../../output-buffer.ts';
import { staticIndex, staticNameIndex } from './static-table.ts';

const getIndex = staticIndex(':method', 'GET');
const pathIndex = staticIndex(':path', '/');

/** The bit that says that no intermediary may put a field into its tables. */
const neverIndexed = 0x20;
const neverIndexedName = 0x10;

/**
 * Encodes field sections, in any order.
 *
 * @example
 * const encoder = new QpackEncoder();
 * const out = new OutputBuffer();
 * encoder.begin(out);
 * encoder.field(out, ':status', '200');
 * const section = out.take(); // 00 00 d9
 */
export class QpackEncoder {
  /** What is encoded once may be written again: there is no table that changes. */
  readonly version = 0;

  /** Begins a section: it refers to no dynamic table. */
  begin(out: OutputBuffer): void {
    out.ensure(2);
    out.bytes[out.at++] = 0;
    out.bytes[out.at++] = 0;
  }

  /** A field that the static table is searched for. */
  field(out: OutputBuffer, name: string, value: string): void {
    const known = staticIndex(name, value);
    if (known >= 0) this.index(out, known);
    else this.literal(out, name, value);
  }

  /** `:method`. */
  method(out: OutputBuffer, method: string): void {
    if (method === 'GET') this.index(out, getIndex);
    else this.field(out, ':method', method);
  }

  /** `:path`: rarely the same again, and written as it is, which takes the least time. */
  path(out: OutputBuffer, path: string): void {
    if (path === '/') {
      this.index(out, pathIndex);
      return;
    }
    out.ensure(path.length + 2 * maxIntegerSize);
    const at = writeInteger(out.bytes, out.at, pathIndex, 4, 0x50);
    out.at = writePlain(out.bytes, at, path);
  }

  private index(out: OutputBuffer, index: number): void {
    out.ensure(maxIntegerSize);
    out.at = writeInteger(out.bytes, out.at, index, 6, 0xc0);
  }

  private literal(out: OutputBuffer, name: string, value: string): void {
    out.ensure(name.length + value.length + 3 * maxIntegerSize);
    const { bytes } = out;
    const index = staticNameIndex(name);
    const isSecret = isSensitive(name, value);
    const at =
      index >= 0
        ? writeInteger(bytes, out.at, index, 4, isSecret ? 0x50 | neverIndexed : 0x50)
        : writeText(bytes, out.at, name, 3, isSecret ? 0x20 | neverIndexedName : 0x20);
    out.at = writeText(bytes, at, value);
  }
}

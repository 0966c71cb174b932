/**
 * Decodes field sections (RFC 9204, 4.5). This side offers no dynamic table, so
 * that a section stands by itself: one that refers to such a table is an error.
 */
import { BlockReader } from '../../compression/block-reader.ts';
import { badField, kindOfName } from '../../compression/field-kind.ts';
import type { FieldSink } from '../../compression/field-sink.ts';
import { fieldOverhead } from '../../syntax.ts';
import { staticEntries } from './static-table.ts';
import type { StaticEntry } from './static-table.ts';

/** All integers that may be sent are read (RFC 9204, 4.1.1): that of the base means nothing without a dynamic table. */
const maxInteger = 2 ** 62 - 1;

const staticKinds: readonly number[] = staticEntries.map(([name]) => kindOfName(name));

const staticSizes: readonly number[] = staticEntries.map(
  ([name, value]) => name.length + value.length + fieldOverhead,
);

/**
 * Decodes field sections, in any order.
 *
 * @example
 * const decoder = new QpackDecoder();
 * const section = Buffer.of(0x00, 0x00, 0xd9);
 * decoder.decode(section, 0, section.length, {
 *   isFull: false,
 *   add: (name, value) => console.log(name, value), // :status 200
 * });
 */
export class QpackDecoder {
  private readonly reader = new BlockReader('QPACK_DECOMPRESSION_FAILED', maxInteger);

  /**
   * Decodes a section.
   *
   * @throws {Fault} `QPACK_DECOMPRESSION_FAILED`, which is an error of the connection.
   */
  decode(bytes: Buffer, from: number, to: number, sink: FieldSink): void {
    const { reader } = this;
    reader.begin(bytes, from, to);
    if (reader.integer(0xff) !== 0) throw this.dynamic();
    const isNegative = (reader.first() & 0x80) !== 0;
    reader.integer(0x7f);
    if (isNegative) throw reader.corrupt('a base below 0');
    while (reader.at < to) this.field(bytes[reader.at] as number, sink);
  }

  private field(first: number, sink: FieldSink): void {
    const { reader } = this;
    if (first >= 0x80) {
      if ((first & 0x40) === 0) throw this.dynamic();
      this.indexed(reader.integer(0x3f), sink);
    } else if (first >= 0x40) {
      if ((first & 0x10) === 0) throw this.dynamic();
      const index = reader.integer(0x0f);
      const [name] = this.entry(index);
      this.value(name, name.length, staticKinds[index] as number, sink);
    } else if (first >= 0x20) {
      const name = reader.text(0x07, false);
      this.value(name, reader.textSize, kindOfName(name), sink);
    } else throw this.dynamic();
  }

  private indexed(index: number, sink: FieldSink): void {
    const [name, value] = this.entry(index);
    if (sink.isFull) return;
    sink.add(name, value, staticKinds[index] as number, staticSizes[index] as number);
  }

  private value(name: string, nameSize: number, kind: number, sink: FieldSink): void {
    const { reader } = this;
    const value = reader.text(0x7f, true);
    if (sink.isFull) return;
    const size = nameSize + reader.textSize + fieldOverhead;
    sink.add(name, value, reader.isBadText ? badField : kind, size);
  }

  private entry(index: number): StaticEntry {
    const entry = staticEntries[index];
    if (entry === undefined) {
      throw this.reader.corrupt(`index ${index}, which the static table does not have`);
    }
    return entry;
  }

  private dynamic(): Error {
    return this.reader.corrupt('a reference to a dynamic table, which was not offered');
  }
}

/**
 * Encodes header blocks (RFC 7541): one encoder a connection, in the order of
 * the blocks. Its dynamic table is filled once and then stays as it is, so that
 * what was encoded with it can be written again; only the peer can empty it.
 */
import type { OutputBuffer } from '../../output-buffer.ts';
import { fieldOverhead } from '../../syntax.ts';
import { maxIntegerSize, writeInteger } from '../../compression/integer.ts';
import { isSensitive, writePlain, writeText } from '../../compression/text.ts';
import { staticCount, staticIndex, staticNameIndex } from './static-table.ts';

/** As large as everybody's table is at first (RFC 9113, 6.5.2); larger ones are not used. */
const maxCapacity = 4096;

const getIndex = staticIndex(':method', 'GET');
const pathIndex = staticIndex(':path', '/');

/**
 * Encodes the header blocks of one connection, in order.
 *
 * @example
 * const encoder = new HpackEncoder();
 * const out = new OutputBuffer();
 * encoder.begin(out);
 * encoder.field(out, ':status', '200', false);
 * const block = out.take();
 */
export class HpackEncoder {
  /** Counts the changes of the dynamic table: what was encoded before one must not be written after it. */
  version = 0;
  private capacity = maxCapacity;
  private used = 0;
  /** The number of each entry, in the order in which they were inserted. */
  private readonly entries = new Map<string, number>();
  /** The peer has changed the size of the table, and awaits word of it. */
  private isResized = false;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  resize(peerCapacity: number): void {
    const capacity = Math.min(peerCapacity, maxCapacity);
    if (capacity === this.capacity && !this.isResized) return;
    this.capacity = capacity;
    this.isResized = true;
    this.entries.clear();
    this.used = 0;
    this.version++;
  }

  /** Begins a block: tells of a new size of the table, which is empty then. */
  begin(out: OutputBuffer): void {
    if (!this.isResized) return;
    this.isResized = false;
    out.ensure(2 * maxIntegerSize);
    // Emptied first, whatever sizes there were in between (RFC 7541, 4.2).
    out.bytes[out.at++] = 0x20;
    out.at = writeInteger(out.bytes, out.at, this.capacity, 5, 0x20);
  }

  /** A field that both tables are searched for. `mayInsert`: it will come again. */
  field(out: OutputBuffer, name: string, value: string, mayInsert: boolean): void {
    const known = staticIndex(name, value) || this.dynamicIndex(name, value);
    if (known > 0) this.index(out, known);
    else if (isSensitive(name, value)) this.literal(out, name, value, 0x10, 4);
    else if (mayInsert && this.insert(name, value)) this.literal(out, name, value, 0x40, 6);
    else this.literal(out, name, value, 0x00, 4);
  }

  /** `:method`. */
  method(out: OutputBuffer, method: string): void {
    if (method === 'GET') this.index(out, getIndex);
    else this.field(out, ':method', method, false);
  }

  /** `:path`: rarely the same again, and written as it is, which takes the least time. */
  path(out: OutputBuffer, path: string): void {
    if (path === '/') {
      this.index(out, pathIndex);
      return;
    }
    out.ensure(path.length + 2 * maxIntegerSize);
    out.bytes[out.at] = pathIndex;
    out.at = writePlain(out.bytes, out.at + 1, path);
  }

  private index(out: OutputBuffer, index: number): void {
    out.ensure(maxIntegerSize);
    out.at = writeInteger(out.bytes, out.at, index, 7, 0x80);
  }

  private dynamicIndex(name: string, value: string): number {
    if (this.entries.size === 0) return 0;
    const number = this.entries.get(keyOf(name, value));
    return number === undefined ? 0 : staticCount + this.entries.size - number;
  }

  /** Whether the field has its place in the table now. */
  private insert(name: string, value: string): boolean {
    const size = name.length + value.length + fieldOverhead;
    if (this.used + size > this.capacity) return false;
    this.used += size;
    this.entries.set(keyOf(name, value), this.entries.size);
    this.version++;
    return true;
  }

  private literal(
    out: OutputBuffer,
    name: string,
    value: string,
    pattern: number,
    prefix: number,
  ): void {
    out.ensure(name.length + value.length + 3 * maxIntegerSize);
    const index = staticNameIndex(name);
    out.at = writeInteger(out.bytes, out.at, index, prefix, pattern);
    if (index === 0) out.at = writeText(out.bytes, out.at, name);
    out.at = writeText(out.bytes, out.at, value);
  }
}

function keyOf(name: string, value: string): string {
  return `${name}\0${value}`;
}

/**
 * Decodes header blocks (RFC 7541): one decoder a connection, in the order of
 * the blocks. Names are judged once, when they come into the dynamic table; a
 * value with characters that no field may have makes its field `badField`.
 */
import { Fault } from '../../errors/fault.ts';
import { fieldOverhead } from '../../syntax.ts';
import { badField, hasBadValue, kindOfName, regularField } from './field-kind.ts';
import { decodedBytes, decodeHuffman } from './huffman.ts';
import { staticCount, staticNames, staticValues } from './static-table.ts';

/** What takes the fields of a block, in order. */
export interface FieldSink {
  /** Nothing further is wanted: what follows is decoded for the table's sake only. */
  readonly isFull: boolean;
  /** `kind` tells what the field is to a response; `size` is that of RFC 7541, 4.1: the bytes of name and value, and 32. */
  add(name: string, value: string, kind: number, size: number): void;
}

const staticKinds: readonly number[] = staticNames.map((name) =>
  name === '' ? regularField : kindOfName(name),
);

const staticSizes: readonly number[] = staticNames.map(
  (name, index) => name.length + (staticValues[index] as string).length + fieldOverhead,
);

/** An entry of the dynamic table. */
export class TableEntry {
  readonly name: string;
  readonly value: string;
  readonly kind: number;
  readonly size: number;

  constructor(name: string, value: string, kind: number, size: number) {
    this.name = name;
    this.value = value;
    this.kind = kind;
    this.size = size;
  }
}

const noEntry = new TableEntry('', '', regularField, 0);

/** How many entries the table has room for at first. */
const firstSlots = 16;

function emptySlots(count: number): TableEntry[] {
  return Array.from<TableEntry>({ length: count }).fill(noEntry);
}

/** Integers beyond this stand for nothing that a block can have. */
const maxInteger = 2 ** 28;

/**
 * Decodes the header blocks of one connection, in order.
 *
 * @example
 * const decoder = new HpackDecoder();
 * const block = Buffer.of(0x88);
 * decoder.decode(block, 0, block.length, {
 *   isFull: false,
 *   add: (name, value) => console.log(name, value), // :status 200
 * });
 */
export class HpackDecoder {
  /** Counts the changes of the dynamic table. */
  version = 0;
  /** Whether the block that was decoded last refers to the dynamic table, or changes its size. */
  isDependent = false;
  /** What that block has put into the table. */
  inserted: TableEntry[] = [];
  private readonly maxCapacity: number;
  private capacity: number;
  private used = 0;
  // The dynamic table: a ring, the newest entry at `newest`. Many servers never use it.
  private mask = firstSlots - 1;
  private entries: TableEntry[] = emptySlots(firstSlots);
  private newest = 0;
  private count = 0;
  // Where a block is being read.
  private bytes: Buffer = decodedBytes();
  private at = 0;
  private limit = 0;
  // The text that was read last: how long it came, and whether a value may be like that.
  private textSize = 0;
  private isBadText = false;

  /** `maxCapacity`: what SETTINGS_HEADER_TABLE_SIZE says of this side. */
  constructor(maxCapacity = 4096) {
    this.maxCapacity = maxCapacity;
    this.capacity = maxCapacity;
  }

  /**
   * Decodes a block.
   *
   * @throws {Fault} `COMPRESSION_ERROR`, after which the decoder can go on with no further block.
   */
  decode(bytes: Buffer, from: number, to: number, sink: FieldSink): void {
    this.bytes = bytes;
    this.at = from;
    this.limit = to;
    this.isDependent = false;
    this.inserted = [];
    let isFirst = true;
    while (this.at < to) {
      const first = bytes[this.at] as number;
      if (first >= 0x80) {
        this.indexed(this.integer(0x7f), sink);
      } else if (first >= 0x40) {
        this.literal(this.integer(0x3f), true, sink);
      } else if (first >= 0x20) {
        if (!isFirst) throw corrupt('a change of the table within a block');
        this.resize(this.integer(0x1f));
        continue;
      } else {
        this.literal(this.integer(0x0f), false, sink);
      }
      isFirst = false;
    }
  }

  /** How much the entries of the dynamic table take (RFC 7541, 4.1). */
  get size(): number {
    return this.used;
  }

  /** Does to the table what a block did that has come before, and put these into it. */
  insertAgain(entries: readonly TableEntry[]): void {
    for (const entry of entries) this.insert(entry);
  }

  private indexed(index: number, sink: FieldSink): void {
    if (index <= staticCount) {
      if (index === 0) throw corrupt('index 0');
      if (sink.isFull) return;
      sink.add(
        staticNames[index] as string,
        staticValues[index] as string,
        staticKinds[index] as number,
        staticSizes[index] as number,
      );
      return;
    }
    const { name, value, kind, size } = this.entry(index);
    if (!sink.isFull) sink.add(name, value, kind, size);
  }

  private literal(index: number, isIndexing: boolean, sink: FieldSink): void {
    let name: string;
    let kind: number;
    let size = fieldOverhead;
    if (index === 0) {
      name = this.text(false);
      size += this.textSize;
      kind = kindOfName(name);
    } else if (index <= staticCount) {
      name = staticNames[index] as string;
      size += name.length;
      kind = staticKinds[index] as number;
    } else {
      const entry = this.entry(index);
      name = entry.name;
      size += name.length;
      // The entry may be bad for its value's sake, which is not this one's.
      kind = entry.kind === badField ? kindOfName(name) : entry.kind;
    }
    const value = this.text(true);
    size += this.textSize;
    if (this.isBadText) kind = badField;
    if (isIndexing) {
      const entry = new TableEntry(name, value, kind, size);
      this.inserted.push(entry);
      this.insert(entry);
    }
    if (!sink.isFull) sink.add(name, value, kind, size);
  }

  // The dynamic table -----------------------------------------------------------

  private entry(index: number): TableEntry {
    const nth = index - staticCount - 1;
    if (nth >= this.count) throw corrupt(`index ${index}, which no table has`);
    this.isDependent = true;
    return this.entries[(this.newest - nth) & this.mask] as TableEntry;
  }

  private insert(entry: TableEntry): void {
    const { size } = entry;
    this.version++;
    if (size > this.capacity) {
      this.evict(0);
      return;
    }
    this.evict(this.capacity - size);
    if (this.count > this.mask) this.grow();
    this.newest = (this.newest + 1) & this.mask;
    this.entries[this.newest] = entry;
    this.used += size;
    this.count++;
  }

  private grow(): void {
    const { count } = this;
    const larger = emptySlots(2 * (this.mask + 1));
    for (let nth = 0; nth < count; nth++) {
      larger[count - 1 - nth] = this.entries[(this.newest - nth) & this.mask] as TableEntry;
    }
    this.entries = larger;
    this.mask = larger.length - 1;
    this.newest = count - 1;
  }

  private resize(capacity: number): void {
    if (capacity > this.maxCapacity) throw corrupt('a table larger than allowed');
    this.version++;
    this.isDependent = true;
    this.capacity = capacity;
    this.evict(capacity);
  }

  private evict(capacity: number): void {
    while (this.used > capacity) {
      const slot = (this.newest - --this.count) & this.mask;
      this.used -= (this.entries[slot] as TableEntry).size;
      this.entries[slot] = noEntry;
    }
  }

  // Primitives ------------------------------------------------------------------

  private integer(mask: number): number {
    const { bytes } = this;
    let value = (bytes[this.at++] as number) & mask;
    if (value < mask) return value;
    for (let factor = 1; ; factor *= 128) {
      if (this.at >= this.limit) throw corrupt('an integer without an end');
      const byte = bytes[this.at++] as number;
      value += (byte & 0x7f) * factor;
      if (value > maxInteger || factor > maxInteger) throw corrupt('an integer beyond all bounds');
      if (byte < 0x80) return value;
    }
  }

  /** Reads a text: as it is, or a value, without the white space around it (RFC 9110, 5.5). */
  private text(isValue: boolean): string {
    if (this.at >= this.limit) throw corrupt('a block that ends within a field');
    const isCoded = (this.bytes[this.at] as number) >= 0x80;
    const length = this.integer(0x7f);
    let bytes = this.bytes;
    let from = this.at;
    let to = from + length;
    if (to > this.limit) throw corrupt('a text longer than its block');
    this.at = to;
    if (isCoded) {
      to = decodeHuffman(bytes, from, to);
      if (to < 0) throw corrupt('a Huffman code that is none');
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
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function corrupt(detail: string): Fault {
  return new Fault('COMPRESSION_ERROR', detail);
}

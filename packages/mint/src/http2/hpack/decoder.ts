/**
 * Decodes header blocks (RFC 7541): one decoder a connection, in the order of
 * the blocks. Names are judged once, when they come into the dynamic table; a
 * value with characters that no field may have makes its field `badField`.
 */
import { BlockReader } from '../../compression/block-reader.ts';
import { badField, kindOfName, regularField } from '../../compression/field-kind.ts';
import type { FieldSink } from '../../compression/field-sink.ts';
import { fieldOverhead } from '../../syntax.ts';
import { staticCount, staticNames, staticValues } from './static-table.ts';

const staticKinds: readonly number[] = staticNames.map((name) =>
  name === '' ? regularField : kindOfName(name),
);

const staticSizes: readonly number[] = staticNames.map(
  (name, index) => name.length + (staticValues[index] as string).length + fieldOverhead,
);

/** Integers beyond this stand for nothing that a block can have. */
const maxInteger = 2 ** 28;

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
  private readonly reader = new BlockReader('COMPRESSION_ERROR', maxInteger);

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
    const { reader } = this;
    reader.begin(bytes, from, to);
    this.isDependent = false;
    this.inserted = [];
    let isFirst = true;
    while (reader.at < to) {
      const first = bytes[reader.at] as number;
      if (first >= 0x80) {
        this.indexed(reader.integer(0x7f), sink);
      } else if (first >= 0x40) {
        this.literal(reader.integer(0x3f), true, sink);
      } else if (first >= 0x20) {
        if (!isFirst) throw reader.corrupt('a change of the table within a block');
        this.resize(reader.integer(0x1f));
        continue;
      } else {
        this.literal(reader.integer(0x0f), false, sink);
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
      if (index === 0) throw this.reader.corrupt('index 0');
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
    const { reader } = this;
    let name: string;
    let kind: number;
    let size = fieldOverhead;
    if (index === 0) {
      name = reader.text(0x7f, false);
      size += reader.textSize;
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
    const value = reader.text(0x7f, true);
    size += reader.textSize;
    if (reader.isBadText) kind = badField;
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
    if (nth >= this.count) throw this.reader.corrupt(`index ${index}, which no table has`);
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
    if (capacity > this.maxCapacity) throw this.reader.corrupt('a table larger than allowed');
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
}

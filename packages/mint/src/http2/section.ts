/**
 * Header and trailer sections of responses: decoded, judged (RFC 9113, 8.2 and
 * 8.3), and bounded. Of a block that comes again, byte for byte, the section is
 * kept: most servers say nearly the same in each response.
 */
import { Fault } from '../errors/fault.ts';
import { Fields } from '../fields.ts';
import { fieldOverhead, maxFieldCount } from '../syntax.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import type { FieldSink } from '../compression/field-sink.ts';
import type { TableEntry } from './hpack/decoder.ts';
import { badField, lengthField, statusField } from '../compression/field-kind.ts';

/** What a header block says. It never changes. */
export class Section {
  /** What `:status` says; 0 without one, as in trailers. */
  readonly status: number;
  readonly fields: Fields;
  /** The bytes of names and values, and 32 a field (RFC 9113, 6.5.2). */
  readonly size: number;
  /** Why no response can have such a section. */
  readonly fault: Fault | undefined;

  constructor(status: number, fields: Fields, size: number, fault: Fault | undefined) {
    this.status = status;
    this.fields = fields;
    this.size = size;
    this.fault = fault;
  }
}

/** How many blocks are remembered, at most this long. */
const rememberedBlocks = 16;
const longestRemembered = 512;

class Remembered {
  readonly block: Buffer;
  /** Of the dynamic table with which it was decoded; -1 if that does not matter. */
  readonly version: number;
  /** What it puts into the table. */
  readonly inserted: readonly TableEntry[];
  readonly section: Section;

  constructor(block: Buffer, version: number, inserted: readonly TableEntry[], section: Section) {
    this.block = block;
    this.version = version;
    this.inserted = inserted;
    this.section = section;
  }

  /** Whether it means the same, if the block is. */
  isValid(version: number): boolean {
    return this.version === -1 || this.version === version;
  }
}

export class SectionReader implements FieldSink {
  /** No more fields are wanted: there are too many. */
  isFull = false;
  private readonly decoder: HpackDecoder;
  private readonly maxSize: number;
  private readonly maxCount: number;
  private readonly remembered: (Remembered | undefined)[] = Array.from<undefined>({
    length: rememberedBlocks,
  });
  // The section that is being read.
  private list: string[] = [];
  private status = 0;
  private contentLength = -1;
  private hasFields = false;
  private size = 0;
  private fields = 0;
  private problem = '';

  /** `maxSize`: the most bytes of names and values of one section. */
  constructor(maxSize: number, maxCount = maxFieldCount) {
    this.decoder = new HpackDecoder();
    this.maxSize = maxSize;
    this.maxCount = maxCount;
  }

  /**
   * Reads a whole block.
   *
   * @throws {Fault} `COMPRESSION_ERROR`: the connection is of no use any more.
   */
  read(bytes: Buffer, from: number, to: number): Section {
    const { decoder, remembered } = this;
    const length = to - from;
    const place =
      length === 0 || length > longestRemembered
        ? -1
        : (length * 7 + (bytes[to - 1] as number) * 3 + (bytes[from + (length >> 1)] as number)) %
          rememberedBlocks;
    const { version } = decoder;
    if (place >= 0) {
      const known = remembered[place];
      if (known !== undefined && known.isValid(version) && isSame(known.block, bytes, from, to)) {
        decoder.insertAgain(known.inserted);
        return known.section;
      }
    }
    const section = this.decode(bytes, from, to);
    // Not one that both refers to the table and changes it: it would never mean the same again.
    if (place >= 0 && (!decoder.isDependent || decoder.version === version)) {
      const block = Buffer.allocUnsafeSlow(length);
      bytes.copy(block, 0, from, to);
      const needed = decoder.isDependent ? version : -1;
      remembered[place] = new Remembered(block, needed, decoder.inserted, section);
    }
    return section;
  }

  add(name: string, value: string, kind: number, size: number): void {
    if (kind === statusField) {
      this.addStatus(value);
      return;
    }
    this.size += size;
    this.fields++;
    if (this.fields > this.maxCount || this.size - this.fields * fieldOverhead > this.maxSize) {
      this.isFull = true;
      return;
    }
    switch (kind) {
      case lengthField:
        this.addLength(value);
        break;
      case badField:
        this.problem ||= `the field ${JSON.stringify(name)} cannot stand in a response`;
        return;
    }
    this.hasFields = true;
    this.list.push(name, value);
  }

  private decode(bytes: Buffer, from: number, to: number): Section {
    this.isFull = false;
    this.list = [];
    this.status = 0;
    this.contentLength = -1;
    this.hasFields = false;
    this.size = 0;
    this.fields = 0;
    this.problem = '';
    this.decoder.decode(bytes, from, to, this);
    const { list, status, size } = this;
    this.list = [];
    if (this.isFull) return new Section(status, Fields.none, size, this.tooLarge());
    if (this.problem !== '') {
      return new Section(status, Fields.none, size, new Fault('malformed_response', this.problem));
    }
    return new Section(status, Fields.of(list, this.contentLength), size, undefined);
  }

  private addStatus(value: string): void {
    const status = value.length === 3 && /^[1-9]\d\d$/.test(value) ? Number(value) : 0;
    if (this.status !== 0) this.problem ||= 'it has two fields :status';
    else if (this.hasFields) this.problem ||= ':status comes after other fields';
    else if (status === 0) this.problem ||= `:status is ${JSON.stringify(value)}`;
    else this.status = status;
  }

  private addLength(value: string): void {
    const length = /^\d+$/.test(value) ? Number(value) : -1;
    if (this.contentLength >= 0) this.problem ||= 'it has two fields content-length';
    else if (length < 0 || !Number.isSafeInteger(length)) {
      this.problem ||= 'its content-length is no number of bytes';
    } else this.contentLength = length;
  }

  private tooLarge(): Fault {
    const received = this.size - this.fields * fieldOverhead;
    const detail = 'the section of fields is too large';
    return new Fault('too_large', detail, { limit: this.maxSize, received });
  }
}

function isSame(block: Buffer, bytes: Buffer, from: number, to: number): boolean {
  const { length } = block;
  if (length !== to - from) return false;
  for (let index = 0; index < length; index++) {
    if (block[index] !== bytes[from + index]) return false;
  }
  return true;
}

/**
 * Header and trailer sections of responses, from the header blocks of HPACK.
 */
import { BlockCache } from '../message/block-cache.ts';
import { SectionBuilder } from '../message/section.ts';
import type { Section } from '../message/section.ts';
import { maxFieldCount } from '../syntax.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import type { TableEntry } from './hpack/decoder.ts';

/** What a block was decoded to. */
interface Decoded {
  readonly section: Section;
  /** Of the dynamic table with which it was decoded; -1 if that does not matter. */
  readonly version: number;
  /** What it puts into the table. */
  readonly inserted: readonly TableEntry[];
}

export class SectionReader {
  private readonly decoder = new HpackDecoder();
  private readonly builder: SectionBuilder;
  private readonly blocks = new BlockCache<Decoded>();

  /** `maxSize`: the most bytes of names and values of one section; `maxCount`: the most fields. */
  constructor(maxSize: number, maxCount = maxFieldCount) {
    this.builder = new SectionBuilder(maxSize, maxCount);
  }

  /**
   * Reads a whole block.
   *
   * @throws {Fault} `COMPRESSION_ERROR`: the connection is of no use any more.
   */
  read(bytes: Buffer, from: number, to: number): Section {
    const { decoder, blocks, builder } = this;
    const { version } = decoder;
    const known = blocks.find(bytes, from, to);
    if (known !== undefined && (known.version === -1 || known.version === version)) {
      decoder.insertAgain(known.inserted);
      return known.section;
    }
    builder.begin();
    decoder.decode(bytes, from, to, builder);
    const section = builder.end();
    // Not one that both refers to the table and changes it: it would never mean the same again.
    if (!decoder.isDependent || decoder.version === version) {
      const needed = decoder.isDependent ? version : -1;
      blocks.keep(bytes, from, to, { section, version: needed, inserted: decoder.inserted });
    }
    return section;
  }
}

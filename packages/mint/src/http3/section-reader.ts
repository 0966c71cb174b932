/**
 * Header and trailer sections of responses, from field sections of QPACK.
 */
import { BlockCache } from '../message/block-cache.ts';
import { SectionBuilder } from '../message/section.ts';
import type { Section } from '../message/section.ts';
import { QpackDecoder } from './qpack/decoder.ts';

export class SectionReader {
  private readonly decoder = new QpackDecoder();
  private readonly builder: SectionBuilder;
  private readonly blocks = new BlockCache<Section>();

  /** `maxSize`: the most bytes of names and values of one section; `maxCount`: the most fields. */
  constructor(maxSize: number, maxCount: number) {
    this.builder = new SectionBuilder(maxSize, maxCount);
  }

  /**
   * Reads a whole section.
   *
   * @throws {Fault} `QPACK_DECOMPRESSION_FAILED`: the connection is of no use any more.
   */
  read(bytes: Buffer, from: number, to: number): Section {
    const { decoder, blocks, builder } = this;
    const known = blocks.find(bytes, from, to);
    if (known !== undefined) return known;
    builder.begin();
    decoder.decode(bytes, from, to, builder);
    const section = builder.end();
    blocks.keep(bytes, from, to, section);
    return section;
  }
}

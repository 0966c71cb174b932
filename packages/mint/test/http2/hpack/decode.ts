/** What HPACK decodes. */
import { HpackDecoder } from '../../../src/index.ts';
import { Collected } from '../../support/collected.ts';

/** The fields of a block. */
export function decode(decoder: HpackDecoder, block: Buffer): Collected {
  const collected = new Collected();
  decoder.decode(block, 0, block.length, collected);
  return collected;
}

/** The fields of one block, by a decoder of its own. */
export function decodeAlone(block: Buffer): Collected['fields'] {
  return decode(new HpackDecoder(), block).fields;
}

/** What QPACK decodes. */
import { QpackDecoder } from '../../../src/index.ts';
import { Collected } from '../../support/collected.ts';

/** What a section has. */
export function decode(section: Buffer, collected: Collected = new Collected()): Collected {
  new QpackDecoder().decode(section, 0, section.length, collected);
  return collected;
}

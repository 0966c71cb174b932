/** Header blocks to try: sections of responses, right and wrong, in every form of HPACK. */
import { HpackEncoder } from '../../src/http2/hpack/encoder.ts';
import { OutputBuffer } from '../../src/output-buffer.ts';
import { indexed, indexing, literals, tableSize } from '../../test/support/h2-hpack.ts';
import type { HeaderList } from '../../test/support/h2-hpack.ts';
import type { Random } from '../random.ts';

type Field = HeaderList[number];

const finals = ['200', '200', '200', '404', '500', '299', '999', '204', '304'];
const interims = ['103', '100', '199', '102'];
const badStatuses = ['', '0', '20', '2000', '101', '099', '2x0', ' 200', '200 ', '-20', '+20'];

const fields: readonly Field[] = [
  ['content-type', 'text/plain'],
  ['content-length', '5'],
  ['content-length', '0'],
  ['set-cookie', 'a=b; path=/'],
  ['server', 'nginx/1.27.0'],
  ['date', 'Mon, 30 Nov 2026 08:00:00 GMT'],
  ['x-a', '1'],
  ['x-empty', ''],
  ['x-high', '\xe9\xff'],
  ['x-long', 'x'.repeat(200)],
  ['etag', '"65f0-c"'],
];

const oddFields: readonly Field[] = [
  ['X-Upper', '1'],
  ['x y', '1'],
  ['x:y', '1'],
  ['', '1'],
  ['x-nul', 'a\0b'],
  ['x-cr', 'a\rb'],
  ['x-lf', 'a\nb'],
  ['x-del', 'a\x7fb'],
  ['x-control', 'a\x01b'],
  ['x-blank', ' a '],
  ['x-tab', '\ta\t'],
  ['x\xe9', '1'],
  ['connection', 'close'],
  ['keep-alive', 'timeout=5'],
  ['proxy-connection', 'close'],
  ['transfer-encoding', 'chunked'],
  ['upgrade', 'h2c'],
  ['te', 'trailers'],
  ['te', 'gzip'],
  ['host', 'a'],
  ['content-length', '-5'],
  ['content-length', ''],
  ['content-length', '5, 5'],
  ['content-length', '+5'],
  ['content-length', '99999999999999999999'],
  [':path', '/'],
  [':method', 'GET'],
  [':unknown', '1'],
  [':', '1'],
  [':status', '200'],
];

/** What a block is of. */
export type BlockKind = 'interim' | 'final' | 'trailers';

/** The fields of a section: mostly right ones. */
export function fieldList(random: Random, kind: BlockKind): HeaderList {
  const list: Field[] = [];
  if (kind !== 'trailers') {
    const usual = kind === 'interim' ? interims : finals;
    list.push([':status', random.of(random.once(30) ? badStatuses : usual)]);
  }
  for (let count = random.below(4); count > 0; count--) {
    list.push(random.of(random.once(25) ? oddFields : fields));
  }
  if (random.once(30)) list.push([':status', '200']);
  if (random.once(30)) list.reverse();
  return list;
}

/** A block: mostly a right one. */
export function block(random: Random, kind: BlockKind): Buffer {
  const bytes = encoded(fieldList(random, kind), random);
  return random.once(20) ? damaged(bytes, random) : bytes;
}

function encoded(list: readonly Field[], random: Random): Buffer {
  const parts: Uint8Array[] = [];
  if (random.once(15)) parts.push(tableSize(random.of([0, 50, 100, 200, 4096])));
  if (random.once(100)) parts.push(tableSize(random.of([4097, 65_536])));
  for (const field of list) {
    if (random.once(3)) parts.push(literals([field]));
    else if (random.once(2)) parts.push(indexing(...field));
    else parts.push(coded(field));
    if (random.once(10)) parts.push(indexed(random.of([16, 21, 31, 54, 61])));
    if (random.once(40)) parts.push(indexed(random.of([0, 2, 8, 62, 63, 64, 66, 70])));
  }
  return Buffer.concat(parts);
}

/** As our encoder writes it: with the static table and Huffman codes. */
function coded([name, value]: Field): Buffer {
  const out = new OutputBuffer();
  const encoder = new HpackEncoder();
  encoder.field(out, name, value, false);
  return Buffer.from(out.take());
}

function damaged(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const byte = Buffer.from([random.below(256)]);
  switch (random.below(4)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), byte, bytes.subarray(at + 1)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), byte, bytes.subarray(at)]);
    default:
      // A bit of it
      return Buffer.from(
        bytes.map((value, index) => (index === at ? value ^ (1 << random.below(8)) : value)),
      );
  }
}

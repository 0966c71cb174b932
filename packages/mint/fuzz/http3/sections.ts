/** Field sections to try: of responses, right and wrong, in every form of QPACK. */
import { writeInteger } from '../../src/compression/integer.ts';
import { QpackEncoder } from '../../src/http3/qpack/encoder.ts';
import { OutputBuffer } from '../../src/output-buffer.ts';
import type { HeaderList } from '../../test/support/h2-hpack.ts';
import { fieldList } from '../http2/blocks.ts';
import type { BlockKind } from '../http2/blocks.ts';
import type { Random } from '../random.ts';

/** A section: mostly a right one. */
export function section(random: Random, kind: BlockKind): Buffer {
  const bytes = encoded(fieldList(random, kind), random);
  return random.once(20) ? damaged(bytes, random) : bytes;
}

function encoded(list: HeaderList, random: Random): Buffer {
  const parts: Uint8Array[] = [prefix(random)];
  for (const field of list) {
    parts.push(random.once(2) ? coded(field) : literal(field, random));
    if (random.once(15)) parts.push(indexed(random));
    if (random.once(60)) parts.push(dynamic(random));
  }
  return Buffer.concat(parts);
}

/** Required Insert Count and base: both 0, as a rule. */
function prefix(random: Random): Buffer {
  if (!random.once(40)) return Buffer.of(0, 0);
  return Buffer.of(random.of([0, 0, 1, 255]), random.of([0, 5, 0x80, 0x7f, 0xff]));
}

/** As our encoder writes it: with the static table and Huffman codes. */
function coded([name, value]: HeaderList[number]): Buffer {
  const out = new OutputBuffer();
  new QpackEncoder().field(out, name, value);
  return Buffer.from(out.take());
}

/** A literal name and value, neither of them coded. */
function literal([name, value]: HeaderList[number], random: Random): Buffer {
  const isNever = random.once(3) ? 0x10 : 0;
  return Buffer.concat([
    integer(name.length, 3, 0x20 | isNever),
    Buffer.from(name, 'latin1'),
    integer(value.length, 7, 0),
    Buffer.from(value, 'latin1'),
  ]);
}

/** A field of the static table, or beyond it. */
function indexed(random: Random): Buffer {
  return integer(random.once(10) ? random.below(200) : random.below(99), 6, 0xc0);
}

/** A reference to a dynamic table. */
function dynamic(random: Random): Buffer {
  return Buffer.from(random.of(['80', '10', '00', '4001', '41']), 'hex');
}

function integer(value: number, bits: number, pattern: number): Buffer {
  const bytes = Buffer.alloc(8);
  return bytes.subarray(0, writeInteger(bytes, 0, value, bits, pattern));
}

function damaged(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const byte = Buffer.of(random.below(256));
  switch (random.below(3)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), byte, bytes.subarray(at + 1)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), byte, bytes.subarray(at)]);
  }
}

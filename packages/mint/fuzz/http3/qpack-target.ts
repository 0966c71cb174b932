/** Our decoder of QPACK beside one that is written down as the RFC has it; and back again. */
import { Fault } from '../../src/errors/index.ts';
import { QpackDecoder } from '../../src/http3/qpack/decoder.ts';
import { QpackEncoder } from '../../src/http3/qpack/encoder.ts';
import { OutputBuffer } from '../../src/output-buffer.ts';
import type { HeaderList } from '../../test/support/h2-hpack.ts';
import type { BlockKind } from '../http2/blocks.ts';
import type { Random } from '../random.ts';
import type { Finding, FuzzTarget } from '../target.ts';
import { decodeSection } from './reference.ts';
import { section } from './sections.ts';

const kinds: readonly BlockKind[] = ['interim', 'final', 'trailers'];

export const qpack: FuzzTarget = {
  name: 'qpack',

  tryOne(random: Random): Promise<readonly Finding[]> {
    const bytes = random.once(10) ? garbage(random) : section(random, random.of(kinds));
    const ours = ourFields(bytes);
    const findings = [beside(bytes, ours)];
    if (ours !== undefined) findings.push(again(ours));
    return Promise.resolve(findings);
  },
};

function beside(bytes: Buffer, ours: HeaderList | undefined): Finding {
  const theirs = referenceFields(bytes);
  const [mine, other] = [ours, theirs].map((list) => JSON.stringify(list));
  const isSame = mine === other;
  const both = ours === undefined ? 'both refuse' : 'both read the same';
  return {
    kind: isSame ? both : 'read otherwise than by the reference',
    verdict: isSame ? 'same' : 'failure',
    input: `decode(hex('${bytes.toString('hex')}'))`,
    detail: `ours ${mine}, reference ${other}`,
  };
}

/** What was read is written, and read again. */
function again(fields: HeaderList): Finding {
  const out = new OutputBuffer();
  const encoder = new QpackEncoder();
  encoder.begin(out);
  for (const [name, value] of fields) encoder.field(out, name, value);
  const bytes = Buffer.from(out.take());
  const [before, after] = [fields, ourFields(bytes)].map((list) => JSON.stringify(list));
  return {
    kind: before === after ? 'read as it was written' : 'read otherwise than written',
    verdict: before === after ? 'same' : 'failure',
    input: `decode(hex('${bytes.toString('hex')}'))`,
    detail: `written ${before}, read ${after}`,
  };
}

/** Undefined for a section that is none. */
function ourFields(bytes: Buffer): HeaderList | undefined {
  const list: (readonly [string, string])[] = [];
  try {
    new QpackDecoder().decode(bytes, 0, bytes.length, {
      isFull: false,
      add: (name, value) => list.push([name, value]),
    });
  } catch (error) {
    if (!(error instanceof Fault) || error.reason !== 'QPACK_DECOMPRESSION_FAILED') throw error;
    return undefined;
  }
  return list;
}

function referenceFields(bytes: Buffer): HeaderList | undefined {
  try {
    // White space around a value is no part of it.
    return decodeSection(bytes).map(([name, value]) => [
      name,
      value.replaceAll(/^[ \t]+|[ \t]+$/g, ''),
    ]);
  } catch {
    return undefined;
  }
}

function garbage(random: Random): Buffer {
  const bytes = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
  return random.once(2) ? Buffer.concat([Buffer.of(0, 0), bytes]) : bytes;
}

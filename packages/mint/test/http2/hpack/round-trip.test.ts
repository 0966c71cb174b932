import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HpackDecoder, HpackEncoder, OutputBuffer } from '../../../src/index.ts';
import { HpackDecoder as IndependentDecoder } from '../../support/h2-hpack.ts';
import { decode } from './decode.ts';

const names = fc.oneof(
  fc.constantFrom(':method', ':path', 'accept', 'cookie', 'authorization', 'user-agent', 'x-a'),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
);
// White space around a value is not kept, so that there is none.
const values = fc.oneof(
  fc.constantFrom('', 'GET', 'POST', '/', 'a', 'b'),
  fc.stringMatching(/^[!-~\x80-\xff]([ -~\x80-\xff]{0,60}[!-~\x80-\xff])?$/),
);
const fields = fc.array(fc.tuple(names, values, fc.boolean()), { maxLength: 12 });
const steps = fc.array(fc.oneof(fields, fc.nat(5000)), { maxLength: 12 });

describe('a list of fields', () => {
  test('is what it was, whatever the tables are and become, for two decoders', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder();
        const independent = new IndependentDecoder();
        const out = new OutputBuffer();
        for (const step of all) {
          if (typeof step === 'number') {
            encoder.resize(step);
            continue;
          }
          encoder.begin(out);
          for (const [name, value, mayInsert] of step) encoder.field(out, name, value, mayInsert);
          const block = out.take();
          const expected = step.map(([name, value]) => [name, value]);
          expect(decode(decoder, block).fields).toEqual(expected);
          expect(independent.decode(block)).toEqual(expected);
        }
      }),
    );
  });
});

/** The blocks of the same fields, three times. */
function encodeThrice(name: string, value: string): Buffer[] {
  const encoder = new HpackEncoder();
  const out = new OutputBuffer();
  return [1, 2, 3].map(() => {
    encoder.field(out, name, value, true);
    return out.take();
  });
}

describe('the encoder', () => {
  test('has a field that comes again in the table', () => {
    const [first, second, third] = encodeThrice('user-agent', 'linnet/1.0');
    expect(first?.[0]).toBe(0x40 | 58);
    expect(second).toEqual(Buffer.from([0xbe]));
    expect(third).toEqual(second);
  });

  test.each([
    ['authorization', 'Bearer 0123456789012345678901234567890123456789'],
    ['proxy-authorization', 'Basic Zm9v'],
    ['cookie', 'short=1'],
  ])('never has %s: %s in a table, and forbids it to others', (name, value) => {
    for (const block of encodeThrice(name, value)) {
      expect((block[0] ?? 0) & 0xf0).toBe(0x10);
    }
  });

  test('has a long cookie in the table', () => {
    expect(encodeThrice('cookie', 'session=0123456789012345678901234567890')[1]).toHaveLength(1);
  });

  test('fills the table once, and leaves it as it is', () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    const out = new OutputBuffer();
    const all = Array.from({ length: 200 }, (_, index) => ['x', `value-${index}`] as const);
    for (let round = 0; round < 3; round++) {
      const { version } = encoder;
      for (const [name, value] of all) encoder.field(out, name, value, true);
      expect(decode(decoder, out.take()).fields).toEqual(all);
      expect(encoder.version > version).toBe(round === 0);
    }
    expect(decoder.size).toBeLessThanOrEqual(4096);
    expect(decoder.size).toBeGreaterThan(4000);
  });

  test('says so when the peer has made the table smaller, and larger again, at the next block', () => {
    const encoder = new HpackEncoder();
    const out = new OutputBuffer();
    encoder.field(out, 'x', 'y', true);
    out.take();
    encoder.resize(0);
    encoder.resize(100);
    encoder.begin(out);
    encoder.begin(out);
    expect(out.take()).toEqual(Buffer.from([0x20, 0x3f, 100 - 31]));
    encoder.resize(100);
    encoder.begin(out);
    expect(out.length).toBe(0);
  });

  test('never has a table larger than 4096 bytes', () => {
    const encoder = new HpackEncoder();
    const out = new OutputBuffer();
    encoder.resize(2 ** 32 - 1);
    encoder.begin(out);
    expect(out.length).toBe(0);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QpackEncoder, OutputBuffer } from '../../../src/index.ts';
import { staticEntries } from '../../../src/http3/qpack/static-table.ts';
import { decode } from './decode.ts';

function encode(...list: readonly (readonly [name: string, value: string])[]): Buffer {
  const encoder = new QpackEncoder();
  const out = new OutputBuffer();
  encoder.begin(out);
  for (const [name, value] of list) encoder.field(out, name, value);
  return out.take();
}

const names = fc.oneof(
  fc.constantFrom(...staticEntries.map(([name]) => name)),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/),
);
// White space around a value is not kept, so that there is none.
const values = fc.oneof(
  fc.constantFrom(...staticEntries.map(([, value]) => value)),
  fc.stringMatching(/^[!-~\x80-\xff]([ -~\x80-\xff]{0,200}[!-~\x80-\xff])?$/),
);

describe('the encoder', () => {
  test('writes what the decoder reads, whatever the fields are', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(names, values), { maxLength: 20 }), (list) => {
        expect(decode(encode(...list)).fields).toEqual(list);
      }),
    );
  });

  test('writes every static entry as its index', () => {
    for (const entry of staticEntries) {
      const section = encode(entry);
      expect(section.length).toBeLessThanOrEqual(4);
      expect(decode(section).fields).toEqual([entry]);
    }
  });

  test('writes methods and paths as `field` does, as far as it counts', () => {
    const encoder = new QpackEncoder();
    const out = new OutputBuffer();
    encoder.begin(out);
    for (const method of ['GET', 'POST', 'PURGE']) encoder.method(out, method);
    for (const path of ['/', '/users?page=2']) encoder.path(out, path);
    expect(decode(out.take()).fields).toEqual([
      [':method', 'GET'],
      [':method', 'POST'],
      [':method', 'PURGE'],
      [':path', '/'],
      [':path', '/users?page=2'],
    ]);
  });

  test.each([
    ['authorization', 'Bearer 0123456789', 0xf0, 0x70],
    ['cookie', 'short=1', 0xf0, 0x70],
    ['proxy-authorization', 'Basic Zm9v', 0xf0, 0x30],
    ['cookie', 'session=0123456789012345678901234567890', 0xf0, 0x50],
    ['x-public', 'Basic Zm9v', 0xf0, 0x20],
  ])('says of %s: %s whether others may put it into their tables', (name, value, mask, bits) => {
    expect((encode([name, value])[2] as number) & mask).toBe(bits);
  });
});

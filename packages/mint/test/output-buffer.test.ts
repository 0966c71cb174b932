import { describe, expect, test } from 'vitest';
import { OutputBuffer } from '../src/index.ts';

function append(out: OutputBuffer, size: number, byte: number): void {
  out.ensure(size);
  out.bytes.fill(byte, out.at, out.at + size);
  out.at += size;
}

const sizes = { small: 100, large: 40_000 };

describe.each(Object.entries(sizes))('an output of %s pieces', (_name, size) => {
  test('never writes over what was taken', () => {
    const out = new OutputBuffer();
    const taken = Array.from({ length: 20 }, (_, byte) => {
      append(out, size, byte);
      return out.take();
    });
    for (const [byte, piece] of taken.entries()) {
      expect(piece.equals(Buffer.alloc(size, byte))).toBe(true);
    }
  });

  test('writes over what was lent only when all of its slab is back', () => {
    const out = new OutputBuffer();
    const lent: Buffer[] = [];
    for (let byte = 0; byte < 60; byte++) {
      append(out, size, byte);
      lent.push(out.lend());
      for (const piece of lent) expect(new Set(piece).size).toBe(1);
      if (byte % 3 < 2) continue;
      lent.shift();
      out.giveBack();
    }
    for (const [index, piece] of lent.entries()) {
      expect(piece.equals(Buffer.alloc(size, 60 - lent.length + index))).toBe(true);
    }
  });

  test('uses the memory again of what is back', () => {
    const out = new OutputBuffer();
    const memory = new Set<ArrayBufferLike>();
    for (let round = 0; round < 100; round++) {
      append(out, size, 1);
      memory.add(out.lend().buffer);
      out.giveBack();
    }
    expect(memory.size).toBe(1);
  });

  test('keeps what waits while what was lent before it comes back', () => {
    const out = new OutputBuffer();
    append(out, size, 1);
    out.lend();
    append(out, size, 2);
    out.giveBack();
    append(out, size, 3);
    const expected = Buffer.concat([Buffer.alloc(size, 2), Buffer.alloc(size, 3)]);
    expect(out.lend().equals(expected)).toBe(true);
  });
});

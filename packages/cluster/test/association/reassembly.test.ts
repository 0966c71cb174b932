import { describe, expect, test } from 'vitest';
import { mostLongSignals, Reassembly } from '../../src/association/reassembly.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test('parts of several signals that come mixed become whole signals', () => {
  const reassembly = new Reassembly(100, 100);
  expect(reassembly.add({ number: 1, length: 3, part: bytes(1, 2) })).toBe('incomplete');
  expect(reassembly.add({ number: 2, length: 2, part: bytes(7) })).toBe('incomplete');
  expect(reassembly.add({ number: 1, length: 3, part: bytes(3) })).toEqual(bytes(1, 2, 3));
  expect(reassembly.add({ number: 2, length: 2, part: bytes(8) })).toEqual(bytes(7, 8));
});

test('a part is copied: its carrier may use the bytes again', () => {
  const reassembly = new Reassembly(100, 100);
  const part = bytes(1, 2);
  reassembly.add({ number: 1, length: 3, part });
  part.fill(0);
  expect(reassembly.add({ number: 1, length: 3, part: bytes(3) })).toEqual(bytes(1, 2, 3));
});

describe('it refuses', () => {
  test('a signal that is longer than one may be', () => {
    const reassembly = new Reassembly(1000, 100);
    expect(reassembly.add({ number: 1, length: 101, part: bytes(1) })).toBe('refused');
  });

  test('signals that are longer together than all may be', () => {
    const reassembly = new Reassembly(100, 60);
    expect(reassembly.add({ number: 1, length: 60, part: bytes(1) })).toBe('incomplete');
    expect(reassembly.add({ number: 2, length: 60, part: bytes(1) })).toBe('refused');
  });

  test('more signals at a time than a sender has', () => {
    const reassembly = new Reassembly(1000, 100);
    for (let number = 0; number < mostLongSignals; number++) {
      expect(reassembly.add({ number, length: 2, part: bytes(1) })).toBe('incomplete');
    }
    const next = { number: mostLongSignals, length: 2, part: bytes(1) };
    expect(reassembly.add(next)).toBe('refused');
    reassembly.add({ number: 0, length: 2, part: bytes(2) });
    expect(reassembly.add(next)).toBe('incomplete');
  });

  test('a part beyond the end of its signal, and one that says another length', () => {
    const reassembly = new Reassembly(1000, 100);
    reassembly.add({ number: 1, length: 3, part: bytes(1, 2) });
    expect(reassembly.add({ number: 1, length: 3, part: bytes(3, 4) })).toBe('refused');
    expect(reassembly.add({ number: 1, length: 50, part: bytes(3) })).toBe('refused');
  });
});

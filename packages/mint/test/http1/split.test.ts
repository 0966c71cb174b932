import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exchanges } from './exchanges.ts';
import { byByte, readResponse } from './read-response.ts';

test('the recorded exchanges end in every way', () => {
  const outcomes = new Set(
    exchanges.map(({ bytes, settings }) => readResponse(bytes, { eof: true, ...settings }).outcome),
  );
  for (const outcome of ['complete', 'handover', 'truncated', 'header_too_large']) {
    expect(outcomes).toContain(outcome);
  }
  expect(outcomes.size).toBeGreaterThan(10);
});

describe.each(exchanges)('$name', ({ bytes, settings }) => {
  const options = { eof: true, ...settings };
  const whole = readResponse(bytes, options);

  test('is read byte by byte as it is whole', () => {
    expect(readResponse(byByte(bytes), options)).toEqual(whole);
  });

  test('is read in any two pieces as it is whole', () => {
    for (let at = 0; at <= bytes.length; at++) {
      const pieces = [bytes.slice(0, at), bytes.slice(at)];
      expect({ at, ...readResponse(pieces, options) }).toEqual({ at, ...whole });
    }
  });

  test('is read in random pieces as it is whole, empty ones among them', () => {
    const cuts = fc.array(fc.nat(bytes.length), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, (at) => {
        expect(readResponse(cut(bytes, at), options)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });
});

/** The pieces between these places. */
function cut(text: string, places: readonly number[]): string[] {
  const sorted = [0, ...places.toSorted((a, b) => a - b), text.length];
  return sorted.slice(1).map((to, index) => text.slice(sorted[index], to));
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArrivedText } from '../../src/testing/arrived-text.ts';

const letters = (lengths: fc.StringConstraints) =>
  fc.string({ ...lengths, unit: fc.constantFrom('a', 'b') });

test('text in pieces is searched and cut as the whole of it is', () => {
  fc.assert(
    fc.property(
      fc.array(letters({ minLength: 1, maxLength: 5 }), { maxLength: 8 }),
      letters({ minLength: 1, maxLength: 4 }),
      fc.nat(40),
      fc.nat(40),
      fc.boolean(),
      (pieces, mark, from, to, isPutTogether) => {
        const text = new ArrivedText();
        for (const piece of pieces) text.add(piece);
        const whole = pieces.join('');
        if (isPutTogether) text.all();
        expect(text.length).toBe(whole.length);
        expect(text.indexOf(mark, from)).toBe(whole.indexOf(mark, from));
        expect(text.slice(from, to)).toBe(from < to ? whole.slice(from, to) : '');
        expect(text.all()).toBe(whole);
      },
    ),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Top } from '../../src/collect/top.ts';

test('has the first ones of whatever is added, in their order', () => {
  const ascending = (one: number, other: number): number => one - other;
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 20 }), (numbers, capacity) => {
      const top = new Top<number>(capacity, ascending);
      for (const number of numbers) top.add(number);
      expect(top.list()).toEqual(numbers.toSorted(ascending).slice(0, capacity));
    }),
  );
});

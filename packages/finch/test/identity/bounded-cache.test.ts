import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedCache } from '../../src/identity/index.ts';

test('keeps what was asked for lately and forgets the rest', () => {
  const cache = new BoundedCache<string, number>(2);
  cache.set('kept', 0);
  for (let index = 1; index <= 10; index++) {
    cache.set(`once${index}`, index);
    expect(cache.get('kept')).toBe(0);
  }
  expect(cache.get('once1')).toBeUndefined();
  expect(cache.get('once10')).toBe(10);
});

test('gives nothing but what was set last, and keeps at most twice its limit', () => {
  const operation = fc.record({ key: fc.integer({ min: 0, max: 9 }), isSet: fc.boolean() });
  fc.assert(
    fc.property(fc.array(operation), fc.integer({ min: 1, max: 4 }), (operations, limit) => {
      const cache = new BoundedCache<number, number>(limit);
      const model = new Map<number, number>();
      for (const [step, { key, isSet }] of operations.entries()) {
        if (isSet) {
          cache.set(key, step);
          model.set(key, step);
        } else if (![undefined, model.get(key)].includes(cache.get(key))) {
          return false;
        }
      }
      const found = [...model.keys()].filter((key) => cache.get(key) !== undefined);
      return found.length <= 2 * limit;
    }),
  );
});

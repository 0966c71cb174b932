import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from '../../../src/process/values/ring.ts';

type Step = { readonly op: 'push' | 'shift' | 'clear' } | { readonly op: 'remove'; at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ op: 'push' as const }) },
  { weight: 3, arbitrary: fc.constant({ op: 'shift' as const }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('remove' as const), at: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.constant({ op: 'clear' as const }) },
);

test('behaves as an array in any order of operations', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const ring = new Ring<number>(16);
      const model: number[] = [];
      const taken: number[] = [];
      const expected: number[] = [];
      let next = 0;
      for (const { op, ...rest } of steps) {
        if (op === 'push') {
          ring.push(next);
          model.push(next++);
        } else if (op === 'clear') {
          ring.clear();
          model.length = 0;
        } else if (model.length > 0) {
          const at = op === 'remove' ? (rest as { at: number }).at % model.length : 0;
          taken.push(op === 'remove' ? ring.remove(at) : ring.shift());
          expected.push(...model.splice(at, 1));
        }
        expect(taken).toEqual(expected);
        expect(ring.size).toBe(model.length);
        expect(model.map((_, index) => ring.at(index))).toEqual(model);
      }
    }),
  );
});

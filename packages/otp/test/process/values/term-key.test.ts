import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { promises } from '../../support/promises.ts';
import { isKey, keyOf } from '../../../src/process/values/term-key.ts';

const object = {};
const symbol = Symbol('s');
const primitive = fc.oneof(
  fc.constantFrom(
    undefined,
    null,
    true,
    false,
    NaN,
    0,
    '0',
    '',
    'a',
    ',',
    '"',
    '\u0001',
    '\u0001"',
  ),
  fc.constantFrom(1n, symbol, Symbol.for('s'), Symbol.for('t'), object, keyOf),
  fc.integer({ min: -3, max: 3 }),
  fc.string({ maxLength: 2 }),
);
const { key } = fc.letrec<{ key: unknown }>((tie) => ({
  key: fc.oneof({ withCrossShrink: true }, primitive, fc.array(tie('key'), { maxLength: 3 })),
}));

test('[C6] two keys are the same exactly when they are equal by value, objects by identity', () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(Object.is(keyOf(a), keyOf(b))).toBe(isDeepStrictEqual(a, b));
    }),
    { numRuns: 5000 },
  );
});

test('[C6] a copy of an array is the same key, also after the original was changed', () => {
  const id = ['shard', 1, ['a', { object }]];
  const before = keyOf(id);
  expect(keyOf([...id])).toBe(before);
  id.push(2);
  expect(keyOf(id)).not.toBe(before);
});

test('[C6] promises and arrays that contain themselves are no keys, alone or within', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const badarg = expect.objectContaining({ code: 'ERR_BADARG' }) as Error;
  for (const value of Object.values(promises).map((make) => make())) {
    for (const wrong of [value, [value], ['a', [value]]]) expect(isKey(wrong)).toBe(false);
    expect(() => keyOf(value)).toThrow(badarg);
  }
  for (const value of [cyclic, ['a', cyclic]]) {
    expect(isKey(value)).toBe(false);
    expect(() => keyOf(value)).toThrow(badarg);
  }
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(keyOf(proxy)).toBe(proxy);
});

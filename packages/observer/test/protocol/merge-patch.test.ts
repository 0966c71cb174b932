import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyPatch, diff, type MergePatch } from '../../src/protocol/merge-patch.ts';

test('a patch has what changed only, and null for what is gone', () => {
  const before = { at: 1, rows: { a: { n: 1, s: 'x' }, b: { n: 2 } }, order: ['a', 'b'] };
  const after = { at: 2, rows: { a: { n: 1, s: 'y' }, c: { n: 3 } }, order: ['a', 'c'] };
  const patch = diff(before, after);
  expect(patch).toEqual({
    at: 2,
    rows: { a: { s: 'y' }, b: null, c: { n: 3 } },
    order: ['a', 'c'],
  });
  expect(applyPatch(before, patch ?? {})).toEqual(after);
  expect(diff(after, structuredClone(after))).toBeUndefined();
});

test('what did not change is shared with the document before', () => {
  const before = { rows: { a: { n: 1 }, b: { n: 2 } } };
  const after = applyPatch(before, { rows: { b: { n: 3 } } });
  expect(after.rows.a).toBe(before.rows.a);
  expect(before.rows.b.n).toBe(2);
});

test('names of the language are members like any other', () => {
  const before = { rows: {} };
  const after = { rows: { constructor: { n: 1 }, toString: { n: 2 } } };
  expect(applyPatch(before, diff(before, after) ?? {})).toEqual(after);
});

const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.integer(), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'toString', 'constructor', '__proto__'),
    tie('value'),
    { maxKeys: 4 },
  ),
})).object as fc.Arbitrary<object>;

test('a document with its patch is the next document, whatever they are', () => {
  fc.assert(
    fc.property(document, document, (before, after) => {
      const patch = diff(before, after);
      const sent = patch === undefined ? {} : (JSON.parse(JSON.stringify(patch)) as MergePatch);
      expect(applyPatch(before, sent)).toEqual(after);
    }),
  );
});

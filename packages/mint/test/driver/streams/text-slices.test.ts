import { expect, test } from 'vitest';
import { TextSlices } from '../../../src/driver/streams/text-slices.ts';

test.each([1, 9, 10, 11, 20, 25])('a text of %i bytes comes in slices of 10', (length) => {
  const text = '0123456789abcdefghijklmnop'.slice(0, length);
  const slices = new TextSlices(text, 10);
  expect(slices.length).toBe(length);
  const pieces: string[] = [];
  for (let slice = slices.next(); slice !== undefined; slice = slices.next()) {
    pieces.push(Buffer.from(slice).toString());
    expect(slices.isOver).toBe(pieces.join('').length === length);
  }
  expect(pieces.join('')).toBe(text);
  expect(pieces.slice(0, -1).every((piece) => piece.length === 10)).toBe(true);
  expect(slices.next()).toBeUndefined();
});

test('all slices are in the same memory', () => {
  const slices = new TextSlices('a'.repeat(30), 10);
  const [first, second] = [slices.next(), slices.next()];
  expect(second?.buffer).toBe(first?.buffer);
});

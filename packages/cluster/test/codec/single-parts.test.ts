import { Alias, Pid } from '@linnet/otp';
import { expect, test } from 'vitest';
import { Addresses } from '../../src/codec/address-table.ts';
import { Codec } from '../../src/codec/codec.ts';
import { hasSingleParts } from '../../src/codec/single-parts.ts';

const peer = { name: 'b@host', creation: 7 };
const pid = new Pid(peer.name, peer.creation, 3);
const third = new Pid('third@host', 3, 4);
const shared = { shared: true };
const circle: unknown[] = [];
circle.push([circle]);

test.each<readonly [string, unknown]>([
  ['a call', [65, 1, 2, 'counter', ['echo', 'text']]],
  ['a message with a field that is an object', [2, 9, { job: { id: 1 }, at: 5n }]],
  [
    'pids and aliases',
    [2, 9, { from: pid, to: pid, alias: new Alias(peer.name, peer.creation, 4) }],
  ],
  ['an object without a prototype', [Object.assign(Object.create(null), { a: 1 })]],
  ['nothing', []],
])('%s holds no object twice', (_, value) => {
  expect(hasSingleParts(value)).toBe(true);
});

test.each<readonly [string, unknown]>([
  ['an object that is there twice', [shared, shared]],
  ['one that is there on two levels', [[shared], shared]],
  ['a circle', circle],
  ['a map', [new Map()]],
  ['bytes', [new Uint8Array(3)]],
  ['an error', [new Error('no')]],
  ['many levels', [[[[[[1]]]]]]],
])('of %s, this is not known', (_, value) => {
  expect(hasSingleParts(value)).toBe(false);
});

test('what is written without looking for objects that are there twice is read the same', () => {
  const codec = new Codec(new Addresses());
  const value = [2, 1, { a: undefined, b: null, c: [1, -0.5, 2 ** 40, -(2n ** 70n), 'ä', third] }];
  expect(hasSingleParts(value)).toBe(true);
  expect(codec.decode(codec.encode(value, peer), peer)).toEqual(value);
});

test('an object that is there twice is one object on the other node, whatever was sent before', () => {
  const codec = new Codec(new Addresses());
  codec.encode([{ alone: 1 }], peer);
  const [first, second] = codec.decode(codec.encode([shared, shared], peer), peer) as unknown[];
  expect(first).toEqual(shared);
  expect(second).toBe(first);
});

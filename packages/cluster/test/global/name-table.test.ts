/** What a node knows of names, when others have given one twice. */
import { Pid } from '@linnet/otp';
import { expect, test } from 'vitest';
import { NameTable, type Registration } from '../../src/global/name-table.ts';

const of = (node: string, stamp: number, name = 'n'): Registration => ({
  name,
  pid: new Pid(node, 1, 1),
  stamp,
  onConflict: 'exit',
  strict: false,
});
const older = (_name: string, first: Pid): Pid => first;

test('a node that sees two processes with a name keeps both until one of their nodes takes its own back', () => {
  const table = new NameTable(older);
  const [b, c] = [of('b@x', 1), of('c@x', 2)];
  expect(table.add(b)).toBeUndefined();
  expect(table.add(c)).toEqual({ winner: b, losers: [c] });
  expect(table.get('n')).toBe(b);
  // b and c do not see each other: b frees its name, and c has never lost its own.
  expect(table.delete('n', b.pid)).toBe(true);
  expect(table.get('n')).toBe(c);
  expect(table.takeNode('c@x')).toEqual([c]);
  expect(table.has('n')).toBe(false);
});

test('the order in which registrations come makes no difference', () => {
  const all = [of('a@x', 2), of('b@x', 1), of('c@x', 1)];
  for (const [i, j, k] of [
    [0, 1, 2],
    [1, 0, 2],
    [2, 1, 0],
    [2, 0, 1],
  ] as const) {
    const table = new NameTable(older);
    for (const index of [i, j, k]) table.add(all[index] ?? of('x@x', 9));
    expect(table.get('n')).toBe(all[1]);
    expect(table.nextStamp()).toBe(3);
  }
});

test('a name that neither keeps is registered, and nobody has it', () => {
  const table = new NameTable(() => undefined);
  table.add(of('a@x', 1));
  table.add(of('b@x', 2));
  expect(table.has('n')).toBe(true);
  expect(table.get('n')).toBeUndefined();
  expect(table.names()).toEqual([]);
});

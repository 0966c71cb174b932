/** What a node knows of names, when others have given one twice. */
import { exit, Pid, receive, spawn } from '@linnet/otp';
import { expect, test } from 'vitest';
import { NameTable, type Registration } from '../../src/global/name-table.ts';
import { Cluster } from '../../src/index.ts';

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

test('where `resolve` throws, neither keeps the name', () => {
  const table = new NameTable(() => {
    throw new Error('as asked');
  });
  table.add(of('a@x', 1));
  expect(table.add(of('b@x', 2))?.winner).toBeUndefined();
  expect(table.get('n')).toBeUndefined();
});

test('a process that was there before its node had a name belongs to it, and wins or loses as others see it', async () => {
  const pid = spawn(() => receive());
  const own = { ...of('z@x', 1), pid };
  await using _cluster = await Cluster.start({ name: 'z@x', cookie: 'secret' });
  const table = new NameTable(older);
  table.add(own);
  expect(table.of('z@x')).toEqual([own]);
  // Both are as old; all nodes compare the same names of nodes.
  const other = of('p@x', 1);
  expect(table.add(other)?.winner).toBe(other);
  exit(pid, 'kill');
});

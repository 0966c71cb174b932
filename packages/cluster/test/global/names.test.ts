/** What a node promises, and what it holds back of a node that has gone. */
import { exit, isAlive, onDeath, Pid, receive, spawn } from '@linnet/otp';
import { settle } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import type { Registration } from '../../src/global/name-table.ts';
import { type Departure, Names } from '../../src/global/names.ts';

const idle = (): Pid => spawn(() => receive());

function newNames() {
  const departures: Departure[] = [];
  const names = new Names(
    { resolve: (_name, older) => older, majorityOf: 1, releaseMs: 20_000 },
    { died: () => {}, hold: (departure) => departures.push(departure) },
  );
  return { names, departures };
}

const strict = (node: string): Registration => ({
  name: 'leader',
  pid: new Pid(node, 1, 1),
  stamp: 1,
  onConflict: 'exit',
  strict: true,
});

test('a strict name is held for the whole time after each departure of its node', () => {
  const { names, departures } = newNames();
  names.add(strict('b@x'));
  names.left('b@x');
  names.synced('b@x', [strict('b@x')]);
  names.left('b@x');
  const [first, second] = departures as [Departure, Departure];
  const rival = idle();
  // The time of the first departure ends soon after the second one has begun.
  names.ended(first);
  expect(names.promise('leader', rival, true)).toBe(false);
  names.ended(second);
  expect(names.promise('leader', rival, true)).toBe(true);
  exit(rival, 'kill');
});

test('a name is not promised to a process that has died meanwhile, nor to one whose node has gone', async () => {
  const { names } = newNames();
  const dead = idle();
  exit(dead, 'kill');
  await settle();
  const rival = idle();
  expect(names.promise('a', dead, false)).toBe(false);
  expect(names.promise('a', rival, false)).toBe(true);
  expect(names.promise('b', new Pid('gone@x', 1, 1), false)).toBe(false);
  expect(names.promise('b', rival, false)).toBe(true);
  exit(rival, 'kill');
});

test('a strict name that was promised to a process whose node has gone is held: it may have it by now', () => {
  const { names, departures } = newNames();
  const rival = idle();
  expect(names.promise('leader', new Pid('gone@x', 1, 1), true)).toBe(false);
  expect(names.promise('leader', rival, true)).toBe(false);
  names.ended(departures[0] as Departure);
  expect(names.promise('leader', rival, true)).toBe(true);
  exit(rival, 'kill');
});

test('when the table ends, so do the processes of this node with strict names', async () => {
  const { names } = newNames();
  const [leader, other] = [idle(), idle()];
  const { promise, resolve } = Promise.withResolvers<unknown>();
  onDeath(leader, resolve);
  const given = { onConflict: 'exit', strict: true } as const;
  expect(names.enter({ ...given, name: 'leader', pid: leader })).toBe(true);
  expect(names.enter({ ...given, name: 'other', pid: other, strict: false })).toBe(true);
  names.close();
  expect(await promise).toEqual({ shutdown: ['no_majority', 'leader'] });
  expect(isAlive(other)).toBe(true);
  exit(other, 'kill');
});

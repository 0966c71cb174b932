import {
  GenServer,
  Supervisor,
  exit,
  isAlive,
  noreply,
  reply,
  setLogger,
  stop,
  whereis,
  type Pid,
} from '@linnet/otp';
import { settle } from '@linnet/otp/testing';
import { expect, test } from 'vitest';

setLogger({ error() {}, warn() {}, debug() {} });

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: { value: (n) => reply(n, n), fail: (n) => stop('boom', n) },
  handleInfo: (n) => noreply(n),
});

test.for(['one_for_one', 'one_for_all', 'rest_for_one'] as const)('%s', async (strategy) => {
  await using sup = await Supervisor.startLink(
    [Counter.childSpec(1, { name: 'a' }), [Counter, 2], Counter.childSpec(3, { name: 'c' })],
    { strategy, name: 'sup' },
  );
  const kids = async () =>
    Object.fromEntries((await sup.whichChildren()).map((c) => [c.id as string, c.pid]));
  expect(Object.keys(await kids())).toEqual(['c', 'Counter', 'a']);
  const before = await kids();
  exit(before['Counter'] as Pid, 'kill');
  await settle();
  const after = await kids();
  expect(Object.keys(before).filter((k) => before[k] !== after[k])).toEqual(
    {
      one_for_one: ['Counter'],
      one_for_all: ['c', 'Counter', 'a'],
      rest_for_one: ['c', 'Counter'],
    }[strategy],
  );
  const pid = await sup.startChild(Counter.childSpec(4, { name: 'd' }));
  expect(whereis('d')).toBe(pid);
  await sup.terminateChild('d');
  expect(isAlive(pid)).toBe(false);
  expect(await Supervisor.countChildren('sup')).toEqual({
    specs: 4,
    active: 3,
    supervisors: 0,
    workers: 4,
  });
  await sup.restartChild('d');
  await expect(sup.deleteChild('d')).rejects.toMatchObject({ reason: 'running' });
});

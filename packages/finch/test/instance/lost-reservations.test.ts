/** The process that holds the reserved keys is killed: the pools that run reserve theirs anew. */
import { exit, Supervisor, whereis, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, leakCheck } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Finch, Pool } from '../../src/index.ts';
import { uniqueName } from '../support/unique-name.ts';

const user = Pool.new('http://127.0.0.1:1', { tag: 'user' });

/** An instance, and pools of the user's. */
async function start(...pools: Pool[]): Promise<{ name: string; reservations: string }> {
  leakCheck(onTestFinished);
  const name = uniqueName();
  const supervisor = await Supervisor.startLink(
    [
      Finch.childSpec({ name }),
      ...pools.map((pool) => Pool.childSpec({ finch: name, pool, size: 1 })),
    ],
    { strategy: 'one_for_one', maxRestarts: 1_000_000, maxSeconds: 1 },
  );
  onTestFinished(() => supervisor.stop());
  return { name, reservations: `${name}.Reservations` };
}

const poolsOf = (name: string) =>
  Finch.get(name)
    .listPools()
    .map(({ pool, userManaged }) => ({ key: pool.key, userManaged }));

test('an instance that starts after that takes the pools of users over all the same', async () => {
  using _crashes = captureCrashReports();
  const { name, reservations } = await start(user);
  const former = whereis(reservations);
  exit(former as Pid, 'kill');
  await eventually(() => expect(whereis(reservations)).toBeDefined());
  expect(whereis(reservations)).not.toBe(former);

  exit(whereis(name) as Pid, 'kill');
  await eventually(() => expect(poolsOf(name)).toEqual([{ key: user.key, userManaged: true }]));
});

test('so does one that starts at the same time', async () => {
  using _crashes = captureCrashReports();
  const { name, reservations } = await start(user);
  for (let moment = 0; moment < 400; moment += 1) {
    exit(whereis(name) as Pid, 'kill');
    for (let left = moment; left > 0; left--) await Promise.resolve();
    const holder = whereis(reservations);
    if (holder !== undefined) exit(holder, 'kill');
    await eventually(() => expect(poolsOf(name)).toEqual([{ key: user.key, userManaged: true }]));
    await eventually(() => expect(whereis(reservations)).toBeDefined());
  }
});

test('the key of a pool that was stopped stays free', async () => {
  using _crashes = captureCrashReports();
  const stopped = Pool.new('http://127.0.0.1:1', { tag: 'stopped' });
  const { name, reservations } = await start(user, stopped);
  await Finch.get(name).stopPool(stopped, { grace: 0 });
  const former = whereis(reservations);
  exit(former as Pid, 'kill');
  await eventually(() => expect(whereis(reservations)).toBeDefined());

  exit(whereis(name) as Pid, 'kill');
  await eventually(() => expect(poolsOf(name)).toEqual([{ key: user.key, userManaged: true }]));
  await Finch.get(name).startPool(stopped);
  expect(poolsOf(name)).toContainEqual({ key: stopped.key, userManaged: false });
});

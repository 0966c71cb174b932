/** The registry of an instance dies while others use it: that is no crash of theirs. */
import { exit, isAlive, Registry, Supervisor, whereis, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, leakCheck } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Finch, Pool } from '../../src/index.ts';
import { registryName } from '../../src/instance/instance.ts';
import { uniqueName } from '../support/unique-name.ts';

const url = 'http://127.0.0.1:1';

/** An instance with a pool of its own, and one of the user's; both are started again however often. */
async function start(): Promise<string> {
  leakCheck(onTestFinished);
  const name = uniqueName();
  const supervisor = await Supervisor.startLink(
    [
      Finch.childSpec({ name, pools: [[Pool.new(url, { tag: 'declared' }), { size: 1 }]] }),
      Pool.childSpec({ finch: name, pool: Pool.new(url, { tag: 'user' }), size: 1 }),
    ],
    { strategy: 'one_for_one', maxRestarts: 1_000_000, maxSeconds: 1 },
  );
  onTestFinished(() => supervisor.stop());
  return name;
}

function bothPoolsAreUp(name: string): void {
  const pools = Finch.get(name).listPools();
  expect(pools.map(({ status }) => status)).toEqual(['up', 'up']);
}

/** The registry's supervisor or, which it restarts by itself, its partition. */
function partOfRegistry(name: string, isPartition: boolean): Pid | undefined {
  const registry = whereis(registryName(name));
  if (registry === undefined || !isPartition) return registry;
  try {
    return Registry.details(registryName(name)).partitions[0];
  } catch {
    // It has its name before it can be asked.
    return undefined;
  }
}

async function microtasks(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await Promise.resolve();
}

test.each([
  ['the registry', false],
  ['its partition', true],
])(
  'when %s dies at any moment of a start, no process crashes with an Error',
  async (_, isPartition) => {
    using crashes = captureCrashReports();
    const name = await start();
    for (let moment = 0; moment < 120; moment += 2) {
      // Everything starts again; and the registry dies at this moment of that.
      const [pool] = Finch.get(name)
        .listPools()
        .filter(({ userManaged }) => userManaged);
      exit(whereis(name) as Pid, 'kill');
      exit(pool?.pid as Pid, 'kill');
      await microtasks(moment);
      const part = partOfRegistry(name, isPartition);
      if (part !== undefined && isAlive(part)) exit(part, 'kill');
      await eventually(() => bothPoolsAreUp(name));
    }
    const errors = crashes.reports.filter(({ reason }) => reason instanceof Error);
    expect(errors).toEqual([]);
  },
);

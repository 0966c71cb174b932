import {
  DynamicSupervisor,
  exit,
  Registry,
  Supervisor,
  type ChildSpec,
  type Pid,
  type RestartBackoff,
  type Strategy,
} from '@linnet/otp';
import { expectNoLeaks, processSnapshot, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { child, counts, list, pidOf, reasonOf, startAs } from './support.ts';

const backoff: RestartBackoff = { initial: 100, max: 400 };
const often = { maxRestarts: 1000, maxSeconds: 1 };

/** Kills a child, and gives the ms until it runs again. */
async function restartAfter(
  clock: TestClock,
  supervisor: { whichChildren(): Promise<{ pid: unknown }[]> },
): Promise<number> {
  const [running] = await supervisor.whichChildren();
  exit(running?.pid as Pid, 'kill');
  await settle();
  const start = clock.now();
  while ((await supervisor.whichChildren())[0]?.pid === 'restarting') await clock.advanceToNext();
  return clock.now() - start;
}

describe('a child with a back-off', () => {
  test('waits longer each time, up to a limit, and begins anew when it has run for a while', async () => {
    const clock = new TestClock().install(onTestFinished);
    await using supervisor = await Supervisor.startLink([child('c', { backoff })], {
      strategy: 'one_for_one',
      ...often,
    });
    const waits = [];
    for (let i = 0; i < 5; i++) waits.push(await restartAfter(clock, supervisor));
    expect(waits).toEqual([100, 200, 400, 400, 400]);
    await clock.advance(399);
    expect(await restartAfter(clock, supervisor)).toBe(400);
    await clock.advance(400);
    expect(await restartAfter(clock, supervisor)).toBe(100);
  });

  test('has its own factor and time of recovery', async () => {
    const clock = new TestClock().install(onTestFinished);
    const own = { initial: 10, max: 1000, factor: 3, resetAfter: 50 };
    await using supervisor = await Supervisor.startLink([child('c', { backoff: own })], {
      strategy: 'one_for_one',
      ...often,
    });
    const waits = [];
    for (let i = 0; i < 3; i++) waits.push(await restartAfter(clock, supervisor));
    expect(waits).toEqual([10, 30, 90]);
    await clock.advance(50);
    expect(await restartAfter(clock, supervisor)).toBe(10);
  });

  test('is restarting meanwhile, and the supervisor serves others', async () => {
    const clock = new TestClock().install(onTestFinished);
    await using supervisor = await Supervisor.startLink([child('c', { backoff })], {
      strategy: 'one_for_one',
    });
    exit(await pidOf(supervisor, 'c'), 'boom');
    await settle();
    expect(await list(supervisor)).toEqual([['c', 'restarting']]);
    expect(await counts(supervisor)).toEqual([1, 0, 0, 1]);
    expect(await reasonOf(supervisor.restartChild('c'))).toBe('restarting');
    expect(await reasonOf(supervisor.deleteChild('c'))).toBe('restarting');
    expect(await reasonOf(supervisor.startChild(child('c')))).toBe('already_present');
    await supervisor.startChild(child('d'));
    await clock.advance(100);
    expect(await counts(supervisor)).toEqual([2, 2, 0, 2]);
  });

  test('that is terminated while it waits is not restarted', async () => {
    const clock = new TestClock().install(onTestFinished);
    const before = processSnapshot();
    const supervisor = await Supervisor.startLink([child('c', { backoff })], {
      strategy: 'one_for_one',
    });
    exit(await pidOf(supervisor, 'c'), 'boom');
    await settle();
    await supervisor.terminateChild('c');
    await clock.advance(1000);
    expect(await list(supervisor)).toEqual([['c', undefined]]);
    await supervisor.restartChild('c');
    await supervisor.stop();
    await expectNoLeaks(before);
  });

  test('waits between starts that fail as well', async () => {
    const clock = new TestClock().install(onTestFinished);
    const spec = child('c', { backoff }, {}, ['ok', 'error', 'raise', 'ok']);
    await using supervisor = await Supervisor.startLink([spec], {
      strategy: 'one_for_one',
      ...often,
    });
    expect(await restartAfter(clock, supervisor)).toBe(100 + 200 + 400);
  });

  test('counts against the limit when its time has come', async () => {
    const clock = new TestClock().install(onTestFinished);
    const supervisor = await Supervisor.startLink([child('c', { backoff })], {
      strategy: 'one_for_one',
      maxRestarts: 0,
    });
    exit(await pidOf(supervisor, 'c'), 'boom');
    await settle();
    expect(await list(supervisor)).toEqual([['c', 'restarting']]);
    await clock.advance(100);
    await expect(supervisor.whichChildren()).rejects.toMatchObject({ why: 'noproc' });
  });

  test('leaves no timer behind when its supervisor is stopped or killed', async () => {
    new TestClock().install(onTestFinished);
    for (const end of ['stop', 'kill']) {
      const before = processSnapshot();
      const supervisor = await Supervisor.startLink([child('c', { backoff })], {
        strategy: 'one_for_one',
      });
      exit(await pidOf(supervisor, 'c'), 'boom');
      await settle();
      if (end === 'stop') await supervisor.stop();
      else exit(supervisor.pid, 'kill');
      await expectNoLeaks(before);
    }
  });
});

test.for<[strategy: Strategy, stopped: string[]]>([
  ['one_for_all', ['a', 'b', 'c']],
  ['rest_for_one', ['b', 'c']],
])('with %s the group is stopped at once, and started after the wait', async ([strategy, ids]) => {
  const clock = new TestClock().install(onTestFinished);
  await using supervisor = await Supervisor.startLink(
    [child('a'), child('b', { backoff }), child('c')],
    { strategy },
  );
  const before = new Map((await list(supervisor)) as [string, unknown][]);
  exit(before.get('b') as Pid, 'boom');
  await settle();
  const meanwhile = new Map((await list(supervisor)) as [string, unknown][]);
  for (const id of ['a', 'c']) {
    expect(meanwhile.get(id)).toBe(ids.includes(id) ? undefined : before.get(id));
  }
  expect(meanwhile.get('b')).toBe('restarting');
  await clock.advance(100);
  const after = new Map((await list(supervisor)) as [string, unknown][]);
  expect(await counts(supervisor)).toEqual([3, 3, 0, 3]);
  for (const id of ['a', 'b', 'c'])
    expect(after.get(id) === before.get(id)).toBe(!ids.includes(id));
});

describe.each(['DynamicSupervisor', 'simple_one_for_one'] as const)('under %s', (kind) => {
  async function start() {
    if (kind === 'DynamicSupervisor') {
      const supervisor = await DynamicSupervisor.startLink(often);
      await supervisor.startChild({ id: 'c', start: () => startAs('ok'), backoff });
      return supervisor;
    }
    const template = { id: 'c', start: () => startAs('ok'), backoff };
    const supervisor = await Supervisor.startLink([template], {
      strategy: 'simple_one_for_one',
      ...often,
    });
    await supervisor.startChild([]);
    return supervisor;
  }

  test('a child with a back-off waits as elsewhere', async () => {
    const clock = new TestClock().install(onTestFinished);
    await using supervisor = await start();
    const waits = [];
    for (let i = 0; i < 4; i++) waits.push(await restartAfter(clock, supervisor));
    expect(waits).toEqual([100, 200, 400, 400]);
  });

  test('one that is terminated while it waits is gone, and leaves no timer', async () => {
    new TestClock().install(onTestFinished);
    const before = processSnapshot();
    const supervisor = await start();
    const [running] = await supervisor.whichChildren();
    exit(running?.pid as Pid, 'boom');
    await settle();
    await supervisor.terminateChild(running?.pid as Pid);
    expect(await supervisor.whichChildren()).toEqual([]);
    expect(processSnapshot().timers).toBe(before.timers);
    await supervisor.stop();
    await expectNoLeaks(before);
  });

  test('one that waits when the supervisor ends leaves no timer', async () => {
    new TestClock().install(onTestFinished);
    for (const end of ['stop', 'kill']) {
      const before = processSnapshot();
      const supervisor = await start();
      exit((await supervisor.whichChildren())[0]?.pid as Pid, 'boom');
      await settle();
      if (end === 'stop') await supervisor.stop();
      else exit(supervisor.pid, 'kill');
      await expectNoLeaks(before);
    }
  });
});

test('a nested supervisor can have one, whatever makes its specification', () => {
  const specs: ChildSpec[] = [
    Supervisor.childSpec({ strategy: 'one_for_one', children: [], backoff }),
    DynamicSupervisor.childSpec({ backoff }),
    Registry.childSpec({ name: 'R', keys: 'unique', backoff }),
  ];
  for (const spec of specs) expect(spec.backoff).toBe(backoff);
});

test.each([
  null,
  5,
  {},
  { initial: 100 },
  { initial: -1, max: 5 },
  { initial: 10, max: 5 },
  { initial: 1, max: Number.POSITIVE_INFINITY },
  { ...backoff, factor: 0.5 },
  { ...backoff, resetAfter: -1 },
])('a back-off of %o is refused', async (wrong) => {
  const spec = { ...child('c'), backoff: wrong as never };
  const start = Supervisor.startLink([spec], { strategy: 'one_for_one' });
  expect(await reasonOf(start)).toEqual(['start_spec', ['invalid_backoff', wrong]]);
});

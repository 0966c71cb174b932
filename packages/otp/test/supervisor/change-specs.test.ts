import {
  ignore,
  isAlive,
  Supervisor,
  type AutoShutdown,
  type ChildSpec,
  type Startable,
  type SupervisorInit,
} from '@linnet/otp';
import { describe, expect, test } from 'vitest';
import { child, counts, crash, list, pidOf, reasonOf, startAs } from './support.ts';

const one_for_one = { strategy: 'one_for_one' } as const;
const init = (
  children: Array<ChildSpec<Startable>>,
  autoShutdown: AutoShutdown = 'never',
): SupervisorInit => ({
  ...one_for_one,
  autoShutdown,
  children,
});

describe('replacing child specifications', () => {
  test('[OTP S068] known children keep running, new ones wait, others are kept', async () => {
    await using supervisor = await Supervisor.startLink(
      [child('child1'), child('child2')],
      one_for_one,
    );
    const [first, second] = [await pidOf(supervisor, 'child1'), await pidOf(supervisor, 'child2')];
    await Supervisor.changeSpecs(supervisor, init([child('child1', { restart: 'transient' })]));
    expect(await supervisor.getChildSpec('child1')).toMatchObject({ restart: 'transient' });
    expect(await list(supervisor)).toEqual([
      ['child2', second],
      ['child1', first],
    ]);

    await Supervisor.changeSpecs(supervisor, init([child('child1'), child('child3')]));
    expect(await list(supervisor)).toEqual([
      ['child2', second],
      ['child3', undefined],
      ['child1', first],
    ]);
    const third = await supervisor.restartChild('child3');
    expect(await pidOf(supervisor, 'child3')).toBe(third);
    await crash(first, 'kill');
    expect(await counts(supervisor)).toEqual([3, 3, 0, 3]);
  });

  test('[OTP S068] new flags hold from now on', async () => {
    await using supervisor = await Supervisor.startLink([child('a'), child('b')], one_for_one);
    await Supervisor.changeSpecs(supervisor, {
      strategy: 'one_for_all',
      maxRestarts: 7,
      maxSeconds: 9,
      children: [child('a'), child('b')],
    });
    const b = await pidOf(supervisor, 'b');
    await crash(await pidOf(supervisor, 'a'), 'kill');
    expect(await pidOf(supervisor, 'b')).not.toBe(b);
  });

  test('[OTP S068] ignore changes nothing', async () => {
    await using supervisor = await Supervisor.startLink([child('a')], one_for_one);
    await Supervisor.changeSpecs(supervisor, () => ignore);
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test.for([
    ['a wrong flag', { ...one_for_one, maxSeconds: 0, children: [] }, ['invalid_period', 0]],
    ['a wrong child', { ...one_for_one, children: [{ id: 1 }] }, 'missing_start'],
    ['a duplicate', init([child('x'), child('x')]), ['duplicate_child_name', 'x']],
    [
      'another kind of supervisor',
      { strategy: 'simple_one_for_one', children: [child('x')] },
      ['invalid_strategy', 'simple_one_for_one'],
    ],
    ['nonsense', 'nonsense', 'nonsense'],
  ] as Array<[string, unknown, unknown]>)('[OTP S068] %s is refused', async ([, given, reason]) => {
    await using supervisor = await Supervisor.startLink([child('a')], one_for_one);
    const changed = Supervisor.changeSpecs(supervisor, given as SupervisorInit);
    expect(await reasonOf(changed)).toEqual(['error', reason]);
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('[OTP S069] simple_one_for_one takes exactly one', async () => {
    const simple = { strategy: 'simple_one_for_one' } as const;
    const template = { id: 'child', start: () => startAs('ok') };
    await using supervisor = await Supervisor.startLink([template], simple);
    await supervisor.startChild([]);
    const changed = { ...template, restart: 'temporary' } as const;
    await Supervisor.changeSpecs(supervisor, { ...simple, children: [changed] });
    const [[, pid]] = (await list(supervisor)) as [[undefined, never]];
    expect(await supervisor.getChildSpec(pid)).toMatchObject({ restart: 'temporary' });
    for (const children of [[], [template, { ...template, id: 2 }]]) {
      const failed = Supervisor.changeSpecs(supervisor, { ...simple, children } as never);
      expect(await reasonOf(failed)).toMatchObject(['error', ['ok', expect.anything()]]);
    }
    await crash(pid, 'kill');
    expect(await list(supervisor)).toEqual([]);
  });

  const significant = { restart: 'transient', significant: true } as const;

  test.for<[from: AutoShutdown, to: AutoShutdown, ends: number | undefined]>([
    ['never', 'any_significant', 1],
    ['any_significant', 'never', undefined],
    ['never', 'all_significant', 2],
    ['all_significant', 'never', undefined],
    ['any_significant', 'all_significant', 2],
    ['all_significant', 'any_significant', 1],
  ])('[OTP S078–S083] from %s to %s', async ([from, to, ends]) => {
    const kind = (mode: AutoShutdown) =>
      mode === 'never' ? ({ restart: 'transient' } as const) : significant;
    const specs = (mode: AutoShutdown) => [
      child('child1', kind(mode)),
      child('child2', kind(mode)),
    ];
    const supervisor = await Supervisor.startLink(specs(from), {
      ...one_for_one,
      autoShutdown: from,
    });
    await Supervisor.changeSpecs(supervisor, init(specs(to), to));
    for (const [i, id] of ['child1', 'child2'].entries()) {
      await crash(await pidOf(supervisor, id), 'normal');
      expect(isAlive(supervisor.pid)).toBe(i + 1 !== ends);
      if (!isAlive(supervisor.pid)) return;
    }
    const refused = await reasonOf(supervisor.startChild(child('child3', significant)));
    expect(refused).toMatchObject(['bad_combination', expect.anything()]);
    await supervisor.stop();
  });

  test('[OTP S079] a child that is significant already does not end it under never', async () => {
    await using supervisor = await Supervisor.startLink([child('child1', significant)], {
      ...one_for_one,
      autoShutdown: 'any_significant',
    });
    await Supervisor.changeSpecs(supervisor, init([]));
    await crash(await pidOf(supervisor, 'child1'), 'normal');
    expect(await list(supervisor)).toEqual([['child1', undefined]]);
  });

  test('[OTP S084] a child becomes significant, and another no longer is', async () => {
    const plain = { restart: 'transient' } as const;
    const supervisor = await Supervisor.startLink(
      [child('child1', plain), child('child2', significant)],
      { ...one_for_one, autoShutdown: 'any_significant' },
    );
    const changed = [child('child1', significant), child('child2', plain)];
    await Supervisor.changeSpecs(supervisor, init(changed, 'any_significant'));
    await crash(await pidOf(supervisor, 'child2'), 'normal');
    expect(isAlive(supervisor.pid)).toBe(true);
    await crash(await pidOf(supervisor, 'child1'), 'normal');
    expect(isAlive(supervisor.pid)).toBe(false);
  });
});

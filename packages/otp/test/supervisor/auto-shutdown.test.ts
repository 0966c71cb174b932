import { isAlive, Supervisor, type AutoShutdown, type Restart } from '@linnet/otp';
import { describe, expect, test } from 'vitest';
import { child, counts, crash, Deaths, list, pidOf } from './support.ts';

const one_for_one = { strategy: 'one_for_one', maxRestarts: 100 } as const;
const modes: readonly AutoShutdown[] = ['never', 'any_significant', 'all_significant'];
const ends = ['kill', 'abnormal', 'normal'] as const;

const two = (restart: Restart, significant: boolean) => [
  child('child1', { restart, significant }),
  child('child2', { restart, significant }),
];

describe('children that are not significant', () => {
  test.for(modes)(
    '[OTP S071] [OTP S072] never end the supervisor under %s',
    async (autoShutdown) => {
      for (const restart of ['temporary', 'transient'] as const) {
        await using supervisor = await Supervisor.startLink([], { ...one_for_one, autoShutdown });
        for (const end of ends) {
          const id = `${restart} ${end}`;
          await supervisor.startChild(child(id, { restart }));
          await crash(await pidOf(supervisor, id), end);
        }
        await supervisor.startChild(child('stopped', { restart }));
        await supervisor.terminateChild('stopped');
        const alive = restart === 'temporary' ? 0 : 2;
        expect((await counts(supervisor))[1]).toBe(alive);
      }
    },
  );
});

describe('significant children', () => {
  test.for(ends)('[OTP S073] temporary, any_significant: %s ends the supervisor', async (end) => {
    const supervisor = await Supervisor.startLink(two('temporary', true), {
      ...one_for_one,
      autoShutdown: 'any_significant',
    });
    const deaths = await new Deaths().watchAll(supervisor);
    await crash(await pidOf(supervisor, 'child1'), end);
    expect(deaths.list.slice(1)).toEqual([
      ['child2', 'shutdown'],
      ['supervisor', 'shutdown'],
    ]);
  });

  test.for(ends)('[OTP S073] temporary, all_significant: the last %s ends it', async (end) => {
    const supervisor = await Supervisor.startLink(two('temporary', true), {
      ...one_for_one,
      autoShutdown: 'all_significant',
    });
    await crash(await pidOf(supervisor, 'child1'), end);
    expect(await counts(supervisor)).toEqual([1, 1, 0, 1]);
    await crash(await pidOf(supervisor, 'child2'), end);
    expect(isAlive(supervisor.pid)).toBe(false);
  });

  test('[OTP S074] transient, any_significant: a failure restarts, an orderly end ends it', async () => {
    const supervisor = await Supervisor.startLink(two('transient', true), {
      ...one_for_one,
      autoShutdown: 'any_significant',
    });
    await crash(await pidOf(supervisor, 'child1'), 'kill');
    await crash(await pidOf(supervisor, 'child1'), 'abnormal');
    expect(await counts(supervisor)).toEqual([2, 2, 0, 2]);
    await crash(await pidOf(supervisor, 'child1'), 'normal');
    expect(isAlive(supervisor.pid)).toBe(false);
  });

  test('[OTP S074] transient, all_significant: the last orderly end ends it', async () => {
    const supervisor = await Supervisor.startLink(two('transient', true), {
      ...one_for_one,
      autoShutdown: 'all_significant',
    });
    await crash(await pidOf(supervisor, 'child1'), 'normal');
    expect(await counts(supervisor)).toEqual([2, 1, 0, 2]);
    await crash(await pidOf(supervisor, 'child2'), { shutdown: 'done' });
    expect(isAlive(supervisor.pid)).toBe(false);
  });

  test.for(['any_significant', 'all_significant'] as const)(
    '[OTP S073] [OTP S074] terminateChild has no effect under %s',
    async (autoShutdown) => {
      await using supervisor = await Supervisor.startLink(
        [...two('transient', true), child('child3', { restart: 'temporary', significant: true })],
        { ...one_for_one, autoShutdown },
      );
      for (const id of ['child1', 'child2', 'child3']) await supervisor.terminateChild(id);
      expect(await counts(supervisor)).toEqual([2, 0, 0, 2]);
    },
  );

  test('a child that is being restarted counts as running, one that is stopped does not', async () => {
    const supervisor = await Supervisor.startLink(
      [
        child('child1', { restart: 'transient', significant: true }),
        child('child2', { restart: 'transient', significant: true }),
        child('child3', { restart: 'transient', significant: true }),
      ],
      { ...one_for_one, autoShutdown: 'all_significant' },
    );
    await supervisor.terminateChild('child1');
    await crash(await pidOf(supervisor, 'child2'), 'normal');
    expect(await counts(supervisor)).toEqual([3, 1, 0, 3]);
    await crash(await pidOf(supervisor, 'child3'), 'normal');
    expect(isAlive(supervisor.pid)).toBe(false);
  });

  const strategies = ['one_for_one', 'one_for_all', 'rest_for_one'] as const;
  const bystanders = strategies.flatMap((strategy) =>
    (['any_significant', 'all_significant'] as const).map((mode) => ({ strategy, mode })),
  );

  test.for(bystanders)(
    '[OTP S076] one that dies with a sibling does not end it: $strategy, $mode',
    async ({ strategy, mode }) => {
      const significant = { restart: 'temporary', significant: true } as const;
      await using supervisor = await Supervisor.startLink(
        [child('child1', significant), child('child2'), child('child3', significant)],
        { strategy, autoShutdown: mode },
      );
      await crash(await pidOf(supervisor, 'child2'), 'kill');
      const left = {
        one_for_one: ['child3', 'child2', 'child1'],
        one_for_all: ['child2'],
        rest_for_one: ['child2', 'child1'],
      };
      expect((await list(supervisor)).map(([id]) => id)).toEqual(left[strategy]);
    },
  );

  test.for([true, false])(
    '[OTP S077] the end goes up if the supervisor is significant: %s',
    async (significant) => {
      const inner = Supervisor.childSpec({
        id: 'B',
        restart: 'transient',
        significant,
        strategy: 'one_for_one',
        autoShutdown: 'any_significant',
        children: [child('C', { restart: 'transient', significant: true })],
      });
      await using outer = await Supervisor.startLink([inner], {
        strategy: 'one_for_one',
        autoShutdown: 'any_significant',
      });
      await crash(await pidOf(await pidOf(outer, 'B'), 'C'), 'normal');
      expect(isAlive(outer.pid)).toBe(!significant);
    },
  );
});

/** Facts observed on Erlang/OTP that no numbered case of its own tests states. */
import {
  exit,
  GenServer,
  isAlive,
  PartitionSupervisor,
  receive,
  spawnLink,
  Supervisor,
  type Pid,
} from '@linnet/otp';
import { describe, expect, test } from 'vitest';
import { child, crash, Deaths, list, pidOf, reasonOf, Worker } from './support.ts';

const one_for_one = { strategy: 'one_for_one' } as const;

describe('facts about supervisors', () => {
  test('[SUP06] the newest child is listed first', async () => {
    await using supervisor = await Supervisor.startLink([child('a'), child('b')], one_for_one);
    await supervisor.startChild(child('c'));
    expect((await list(supervisor)).map(([id]) => id)).toEqual(['c', 'b', 'a']);
  });

  test('[SUP07] restartChild keeps the position', async () => {
    await using supervisor = await Supervisor.startLink([child('a'), child('b')], one_for_one);
    await supervisor.terminateChild('a');
    await supervisor.restartChild('a');
    expect((await list(supervisor)).map(([id]) => id)).toEqual(['b', 'a']);
  });

  test('[SUP09] terminateChild of a temporary child forgets it', async () => {
    await using supervisor = await Supervisor.startLink(
      [child('a', { restart: 'temporary' })],
      one_for_one,
    );
    await supervisor.terminateChild('a');
    expect(await list(supervisor)).toEqual([]);
    expect(await reasonOf(supervisor.restartChild('a'))).toBe('not_found');
  });

  test('[SUP12] a start function that gives already_started is told bare, as in newer OTP', async () => {
    const named = (id: string) => ({ ...Worker.childSpec({}, { name: 'taken' }), id });
    await using supervisor = await Supervisor.startLink([named('a')], one_for_one);
    const pid = await pidOf(supervisor, 'a');
    expect(await reasonOf(supervisor.startChild(named('b')))).toEqual(['already_started', pid]);
  });

  test('[SUP19] arguments of startChild follow those of the template', async () => {
    const seen: unknown[] = [];
    const start =
      (own: number) =>
      (...args: number[]): Pid => {
        seen.push([own, ...args]);
        return spawnLink(() => receive());
      };
    await using supervisor = await Supervisor.startLink([{ id: 'x', start: start(1) }], {
      strategy: 'simple_one_for_one',
    });
    await supervisor.startChild([2, 3]);
    expect(seen).toEqual([[1, 2, 3]]);
  });

  test('[SUP22] a supervisor ends with the reason of the stop, its children with shutdown', async () => {
    const supervisor = await Supervisor.startLink([child('c')], one_for_one);
    const deaths = await new Deaths().watchAll(supervisor);
    await GenServer.stop(supervisor, 'boom');
    expect(deaths.list).toEqual([
      ['c', 'shutdown'],
      ['supervisor', 'boom'],
    ]);
  });

  test('[SUP24] a child that ends normally while it is stopped is no crash', async () => {
    const told: unknown[] = [];
    const polite = {
      trap: true,
      onTerminate: (reason: unknown) => {
        told.push(reason);
        exit('normal');
      },
    };
    await using supervisor = await Supervisor.startLink([child('c', {}, polite)], one_for_one);
    await supervisor.terminateChild('c');
    expect(told).toEqual(['shutdown']);
    expect(await list(supervisor)).toEqual([['c', undefined]]);
  });

  test('[SUP02] [PS06] the limit holds: one restart more ends the supervisor with shutdown', async () => {
    for (const supervisor of [
      await Supervisor.startLink([child('c')], { ...one_for_one, maxRestarts: 1 }),
      await PartitionSupervisor.startLink({ child: child('c'), partitions: 1 }),
    ]) {
      const deaths = new Deaths();
      deaths.watch('supervisor', supervisor.pid);
      for (let i = 0; i < 4 && isAlive(supervisor.pid); i++) {
        const [[, pid]] = (await list(supervisor)) as [[unknown, Pid]];
        await crash(pid, 'boom');
      }
      expect(deaths.list).toEqual([['supervisor', 'shutdown']]);
    }
  });
});

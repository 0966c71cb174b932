/** Global names over several nodes. */
import {
  type AnySupervisorHandle,
  type DownMessage,
  exit,
  isAlive,
  monitor,
  type Pid,
  receive,
  resume,
  self,
  send,
  spawn,
  spawnLink,
  suspend,
  trapExit,
  whereis,
} from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Global, Node } from '../../src/index.ts';
import { rendezvous } from '../../src/shared/rendezvous.ts';
import { raceForNames } from '../support/name-race.ts';
import { startWorkers, workerNode } from '../support/with-workers.ts';

let supervisor: AnySupervisorHandle;
beforeAll(async () => {
  supervisor = await startWorkers(2);
});
afterAll(async () => {
  await supervisor.stop();
});

const has =
  <K extends string>(key: K) =>
  (m: unknown): m is Record<K, unknown> =>
    typeof m === 'object' && m !== null && key in m;

async function namesOn(node: string): Promise<string[]> {
  await Node.spawn(node, 'tellNames', [self()]);
  const { names } = await receive(has('names'));
  return (names as Array<[string, Pid]>).map(([name, pid]) => `${name} ${String(pid)}`).toSorted();
}

const namesHere = (): string[] =>
  Global.names()
    .map((name) => `${name} ${String(Global.whereis(name))}`)
    .toSorted();

test('a name belongs to one process of the cluster, until that dies', async () => {
  await inProcess(async () => {
    const there = await Node.spawn(workerNode(1), 'registers', ['leader', self()]);
    expect(await receive(has('registered'))).toEqual({ registered: true });
    await eventually(() => expect(Global.whereis('leader')).toBe(there));
    expect(await Global.register('leader')).toBe(false);
    send(Global.via('leader'), 'end');
    await eventually(() => expect(Global.whereis('leader')).toBeUndefined());
    await eventually(async () => expect(await Global.register('leader')).toBe(true));
    expect(whereis(Global.via('leader'))).toBe(self());
    expect(await Global.unregister('leader')).toBe(true);
  });
});

test('a name that was not promised in time is free for others', async () => {
  await inProcess(async () => {
    const other = workerNode(1);
    await eventually(() => expect(Global.nodes()).toHaveLength(3));
    const name = Array.from({ length: 100 }, (_, i) => `slow-${i}`).find(
      (each) => rendezvous(each, Global.nodes()) === other,
    ) as string;
    const keeper = { name: 'Linnet.Global', node: other };
    await suspend(keeper);
    await expect(Global.register(name, self(), { timeout: 50 })).rejects.toMatchObject({
      code: 'ERR_CALL_TIMEOUT',
    });
    await resume(keeper);
    // The one that did not get it goes on.
    expect(isAlive(self())).toBe(true);
    const rival = spawn(() => receive());
    expect(await Global.register(name, rival)).toBe(true);
    exit(rival, 'kill');
  });
});

test('a name is a text that is not empty', async () => {
  for (const name of ['', 7, Symbol('leader'), undefined]) {
    await expect(
      Global.register(
        name as string,
        spawn(() => receive()),
      ),
    ).rejects.toThrow('name must be a string that is not empty');
  }
});

test('of three nodes that race for 3000 names, each name has one winner, and the tables are equal', async () => {
  await inProcess(async () => {
    // Until then, a name may be given twice.
    await eventually(async () => {
      expect(Global.nodes()).toHaveLength(3);
      for (const i of [1, 2]) {
        await Node.spawn(workerNode(i), 'tellNodes', [self()]);
        expect(await receive(has('nodes'))).toEqual({ nodes: 3 });
      }
    });
    const names = Array.from({ length: 3000 }, (_, i) => `race-${i}`);
    const nodes = [Node.self(), workerNode(1), workerNode(2)];
    const { won, racers } = await raceForNames(nodes, names);
    const counts = nodes.map((node) => won.get(node) ?? 0);
    expect(counts.reduce((a, b) => a + b)).toBe(3000);
    // All of them were in it.
    expect(Math.min(...counts)).toBeGreaterThan(0);
    await eventually(async () => {
      const here = namesHere();
      expect(here).toHaveLength(3000);
      expect(await namesOn(workerNode(1))).toEqual(here);
      expect(await namesOn(workerNode(2))).toEqual(here);
    });
    for (const pid of racers) exit(pid, 'kill');
    await eventually(() => expect(Global.names()).toEqual([]));
  });
});

test('after a cut, one of two processes with one name stays, and the other is told', async () => {
  await supervisor.stop();
  supervisor = await startWorkers(1);
  const other = workerNode(1);
  await inProcess(async () => {
    const theirs = await Node.spawn(other, 'registersAlone', ['torn', Node.self(), self()]);
    expect(await receive((m) => m === 'monitoring')).toBe('monitoring');
    Node.disconnect(other);
    // Each side gives the name to a process of its own.
    trapExit();
    const ours = spawnLink(async () => {
      while (!(await Global.register('torn')))
        await new Promise((resolve) => setImmediate(resolve));
      await receive();
    });
    await eventually(() => expect(Global.whereis('torn')).toBe(ours));
    await Node.connect(other);
    await eventually(async () => {
      const here = namesHere();
      expect(here).toHaveLength(1);
      expect(await namesOn(other)).toEqual(here);
    });
    const winner = Global.whereis('torn');
    expect([ours, theirs]).toContain(winner);
    const ref = monitor(winner === ours ? theirs : ours);
    const { reason } = await receive((m): m is DownMessage => ref.isDownMessage(m));
    expect(['noproc', { shutdown: ['name_conflict', 'torn'] }]).toContainEqual(reason);
  });
});

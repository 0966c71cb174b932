/** Children of a ClusterSupervisor move as nodes come, leave and die. */
import { type AnySupervisorHandle, GenServer, isAlive, type Pid, Supervisor } from '@linnet/otp';
import { captureCrashReports, eventually } from '@linnet/otp/testing';
import { afterEach, expect, test } from 'vitest';
import { Cluster, ClusterSupervisor, Node } from '../../src/index.ts';
import { mainNode, workerNode } from '../support/with-workers.ts';
import { workersOf } from '../support/workers-of.ts';
import { activeTallies, passiveTallies } from './moving-jobs.ts';
import { program } from './moving-worker.ts?program';

let supervisor: AnySupervisorHandle | undefined;
afterEach(async () => {
  await supervisor?.stop();
  supervisor = undefined;
});

/** This node alone; workers join with {@link join}. */
async function startAlone(): Promise<AnySupervisorHandle> {
  supervisor = await Supervisor.startLink(
    [Cluster.childSpec({ name: mainNode, cookie: 'secret' }), activeTallies(), passiveTallies()],
    { strategy: 'rest_for_one' },
  );
  return supervisor;
}

async function join(count: number): Promise<void> {
  await Supervisor.at(supervisor?.pid ?? 'absent').startChild(
    workersOf(program, count, { restart: 'temporary' }),
  );
  await eventually(() => expect(ClusterSupervisor.nodes('active')).toHaveLength(1 + count));
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `tally-${i}`);
/** A hundred at once: each start may take 5 s, with those that came before it. */
async function startAll(name: string, count: number): Promise<Pid[]> {
  const pids: Pid[] = [];
  while (pids.length < count) {
    const from = pids.length;
    const batch = ids(count).slice(from, from + 100);
    pids.push(
      ...(await Promise.all(
        batch.map((id, i) =>
          ClusterSupervisor.startChild(name, { id, module: 'tally', arg: from + i }),
        ),
      )),
    );
  }
  return pids;
}
const children = (name: string) =>
  ClusterSupervisor.whichChildren(name).toSorted((a, b) => (a.id < b.id ? -1 : 1));
const on = (name: string, node: string): string[] =>
  children(name).flatMap((each) => (each.node === node ? [each.id] : []));
const countOf = (name: string, id: string): Promise<number> =>
  GenServer.call<number>(ClusterSupervisor.whereis(name, id) ?? 'absent', 'count');
const running = (pids: readonly Pid[]): number => pids.filter((pid) => isAlive(pid)).length;

test('when a node joins, children move to it with what they hand over, or stay, as is wanted', async () => {
  await startAlone();
  const active = await startAll('active', 40);
  await startAll('passive', 40);
  for (const pid of active) GenServer.cast(pid, ['add', 1000]);
  await join(1);
  await eventually(
    () => {
      expect(on('active', workerNode(1)).length).toBeGreaterThan(5);
      expect(children('active').map(({ id }) => id)).toEqual(ids(40).toSorted());
      // Those that have moved run here no more, and none is on its way.
      expect(running(active)).toBe(40 - on('active', workerNode(1)).length);
    },
    { timeout: 20_000 },
  );
  const moved = on('active', workerNode(1));
  for (const id of moved) {
    expect(await countOf('active', id)).toBe(1000 + Number(id.slice('tally-'.length)));
  }
  expect(on('passive', mainNode)).toHaveLength(40);
});

test('one that crashes after it has moved begins anew; one that hands nothing over in time does, too', async () => {
  using crashes = captureCrashReports();
  await startAlone();
  await startAll('active', 20);
  for (const id of ids(10)) {
    await ClusterSupervisor.startChild('active', { id: `slow ${id}`, module: 'slow', arg: 7 });
  }
  await join(1);
  await eventually(() => {
    expect(on('active', workerNode(1)).some((id) => id.startsWith('slow'))).toBe(true);
    expect(on('active', workerNode(1)).some((id) => id.startsWith('tally'))).toBe(true);
    expect(children('active')).toHaveLength(30);
  });
  const [id = ''] = on('active', workerNode(1)).filter((each) => each.startsWith('tally'));
  const pid = ClusterSupervisor.whereis('active', id);
  expect(await GenServer.call(pid ?? 'absent', 'handedOver')).toBe(true);
  GenServer.cast(pid ?? 'absent', 'crash');
  await eventually(async () => {
    const again = ClusterSupervisor.whereis('active', id);
    expect(again).not.toBe(pid);
    expect(await GenServer.call(again ?? 'absent', 'handedOver')).toBe(false);
  });
  expect(crashes.reports).toEqual([]);
});

test('a temporary child stays where it is; what cannot be sent is not handed over, and harms no other child', async () => {
  await startAlone();
  const stays = await Promise.all(
    ids(20).map((id) =>
      ClusterSupervisor.startChild('active', {
        id: `temporary ${id}`,
        module: 'tally',
        arg: 1,
        restart: 'temporary',
      }),
    ),
  );
  for (const id of ids(20)) {
    await ClusterSupervisor.startChild('active', { id, module: 'wordless', arg: 7 });
  }
  await join(1);
  await eventually(
    async () => {
      const moved = on('active', workerNode(1));
      expect(moved.length).toBeGreaterThan(3);
      expect(moved.some((id) => id.startsWith('temporary'))).toBe(false);
      expect(children('active')).toHaveLength(40);
      for (const id of moved) expect(await countOf('active', id)).toBe(7);
    },
    { timeout: 20_000 },
  );
  expect(running(stays)).toBe(20);
});

test('a child that the new node cannot start goes on where it was', async () => {
  await startAlone();
  for (const id of ids(20)) {
    const pid = await ClusterSupervisor.startChild('active', { id, module: 'local', arg: 1 });
    GenServer.cast(pid, ['add', 5]);
  }
  await join(1);
  // What belongs there comes back: as another process, with what it has handed over.
  await eventually(async () => {
    expect(on('active', mainNode)).toHaveLength(20);
    for (const id of ids(20)) expect(await countOf('active', id)).toBe(6);
  });
});

test('a node that leaves hands its children over before it goes', async () => {
  await startAlone();
  await join(2);
  const pids = await startAll('active', 30);
  await startAll('passive', 30);
  for (const pid of pids) GenServer.cast(pid, ['add', 100]);
  await eventually(() => expect(children('active')).toHaveLength(30));
  const leaving = on('active', workerNode(1));
  expect(leaving.length).toBeGreaterThan(0);
  GenServer.cast({ name: 'control', node: workerNode(1) }, 'leave');
  await eventually(() => expect(Node.list()).toEqual([workerNode(2)]));
  // At once: all that ran there runs elsewhere already.
  await eventually(async () => {
    expect(children('active').map(({ id }) => id)).toEqual(ids(30).toSorted());
    expect(children('passive')).toHaveLength(30);
    for (const id of leaving) {
      expect(await countOf('active', id)).toBe(100 + Number(id.slice('tally-'.length)));
    }
  });
});

test('1,000 children of which a third is lost with its node run soon after, each once', async () => {
  await startAlone();
  await join(2);
  await startAll('passive', 1000);
  await eventually(() => expect(children('passive')).toHaveLength(1000));
  // Its next run may be there before they are moved, and take some of them.
  const lost = new Set(
    children('passive').flatMap(({ node, pid }) => (node === workerNode(1) ? [String(pid)] : [])),
  );
  expect(lost.size).toBeGreaterThan(200);
  GenServer.cast({ name: 'control', node: workerNode(1) }, 'die');
  await eventually(
    async () => {
      const now = children('passive');
      expect(now.map(({ id }) => id)).toEqual(ids(1000).toSorted());
      expect(now.some(({ pid }) => lost.has(String(pid)))).toBe(false);
      const counts = await Promise.all(now.map(({ pid }) => GenServer.call<number>(pid, 'count')));
      expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    },
    { timeout: 20_000 },
  );
});

test('Cluster.stop of a node that is alone waits for nobody', async () => {
  const cluster = await Cluster.start({ name: mainNode, cookie: 'secret' });
  const { pid } = cluster;
  const started = await activeTallies().start();
  const child = await ClusterSupervisor.startChild('active', { id: 'a', module: 'tally', arg: 1 });
  await cluster.stop();
  expect(isAlive(pid)).toBe(false);
  // Its supervisor is not part of the cluster any more, and takes no more children.
  expect(isAlive(child)).toBe(true);
  await expect(
    ClusterSupervisor.startChild('active', { id: 'b', module: 'tally', arg: 1 }),
  ).rejects.toThrow('leaving');
  await GenServer.stop(started);
});

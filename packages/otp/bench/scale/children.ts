/** Many children: started, killed, terminated and stopped. */
import {
  DynamicSupervisor,
  exit,
  GenServer,
  PartitionSupervisor,
  receive,
  Supervisor,
  Task,
  type ChildSpec,
  type Pid,
  type Restart,
  type Strategy,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import type { Timed } from './stopwatch.ts';

const Worker = GenServer.define({ name: 'Worker', init: () => 0 });

const spec = (id: number, restart: Restart): ChildSpec => ({
  id,
  start: () => Worker.startLink(),
  restart,
});

const specs = (count: number, restart: Restart): ChildSpec[] =>
  Array.from({ length: count }, (_, id) => spec(id, restart));

const limits = (count: number) => ({ maxRestarts: 100 * count, maxSeconds: 1000 });

async function childrenOf(supervisor: Pid): Promise<Pid[]> {
  const children = await Supervisor.whichChildren(supervisor);
  return children.flatMap(({ pid }) => (typeof pid === 'object' ? [pid] : [])).toReversed();
}

function killAll(pids: readonly Pid[]): Promise<void> {
  for (const pid of pids) exit(pid, 'kill');
  return settle({ timeout: 600_000 });
}

async function fixed(strategy: Strategy, count: number, timed: Timed): Promise<void> {
  const options = { strategy, ...limits(count) };
  const start = () => Supervisor.startLink(specs(count, 'permanent'), options);
  const supervisor = await timed('boot', start);
  const pids = await childrenOf(supervisor.pid);
  await timed('kill all at once', () => killAll(pids));
  await timed('stop', () => supervisor.stop());
}

/** One at a time under a supervisor of many: the last child, over and over. */
async function restartLast(strategy: Strategy, count: number, timed: Timed): Promise<void> {
  const supervisor = await Supervisor.startLink(specs(count, 'permanent'), {
    strategy,
    ...limits(count),
  });
  await timed('restart the last', async () => {
    for (let i = 0; i < count; i++) {
      const { pid } = await supervisor.whichChild(count - 1);
      exit(pid as Pid, 'kill');
    }
  });
  await supervisor.stop();
}

async function oneByOne(count: number, timed: Timed): Promise<void> {
  const supervisor = await Supervisor.startLink([], { strategy: 'one_for_one', ...limits(count) });
  const ids = Array.from({ length: count }, (_, id) => id);
  const all = (work: (id: number) => Promise<unknown>) => Promise.all(ids.map(work));
  await timed('start', () => all((id) => supervisor.startChild(spec(id, 'permanent'))));
  await timed('terminate', () => all((id) => supervisor.terminateChild(id)));
  await timed('restart', () => all((id) => supervisor.restartChild(id)));
  const pids = await childrenOf(supervisor.pid);
  await timed('terminate the dead', async () => {
    const ends = ids.map((id) => supervisor.terminateChild(id));
    for (const pid of pids) exit(pid, 'kill');
    await Promise.all(ends);
  });
  await timed('delete', () => all((id) => supervisor.deleteChild(id)));
  await supervisor.stop();
}

async function significant(count: number, timed: Timed): Promise<void> {
  const ended = (id: number): ChildSpec => ({
    id,
    start: () => Task.startLink(() => receive()),
    restart: 'temporary',
    significant: true,
  });
  const supervisor = await Supervisor.startLink(
    Array.from({ length: count }, (_, id) => ended(id)),
    { strategy: 'one_for_one', autoShutdown: 'all_significant' },
  );
  const pids = await childrenOf(supervisor.pid);
  await timed('end until the last', () => killAll(pids.slice(1)));
  await supervisor.stop();
}

async function dynamic(count: number, timed: Timed): Promise<void> {
  const supervisor = await DynamicSupervisor.startLink(limits(count));
  const start = (restart: Restart) => () =>
    Promise.all(specs(count, restart).map((each) => supervisor.startChild(each)));
  const terminate = (pids: readonly Pid[]) =>
    Promise.all(pids.map((pid) => supervisor.terminateChild(pid)));
  const first = await timed('start', start('permanent'));
  await timed('terminate', () => terminate(first));
  const second = await start('permanent')();
  await timed('kill all at once', () => killAll(second));
  await timed('stop', () => supervisor.stop());
}

async function simple(count: number, timed: Timed): Promise<void> {
  const template = { id: 'worker', start: (_n: number) => Worker.startLink() };
  const supervisor = await Supervisor.startLink([template], {
    strategy: 'simple_one_for_one',
    ...limits(count),
  });
  const start = () =>
    Promise.all(Array.from({ length: count }, (_, n) => supervisor.startChild([n])));
  const first = await timed('start', start);
  await timed('terminate', () => Promise.all(first.map((pid) => supervisor.terminateChild(pid))));
  const second = await start();
  await timed('kill all at once', () => killAll(second));
  await timed('stop', () => supervisor.stop());
}

async function partitioned(count: number, timed: Timed): Promise<void> {
  const parts = await PartitionSupervisor.startLink({
    child: [DynamicSupervisor, limits(count)],
    partitions: 8,
  });
  const at = (key: number) => ({ via: [parts, ['user', key]] as const });
  const pids = await timed('start by key', () =>
    Promise.all(
      Array.from({ length: count }, (_, key) =>
        DynamicSupervisor.startChild(at(key), spec(key, 'permanent')),
      ),
    ),
  );
  await timed('terminate by key', () =>
    Promise.all(pids.map((pid, key) => DynamicSupervisor.terminateChild(at(key), pid))),
  );
  await parts.stop();
}

async function partitions(count: number, timed: Timed): Promise<void> {
  const child = { id: 'worker', start: (_partition: number) => Worker.startLink() };
  const start = () => PartitionSupervisor.startLink({ child, partitions: count, ...limits(count) });
  const parts = await timed('boot', start);
  const pids = await childrenOf(parts.pid);
  await timed('kill all at once', () => killAll(pids));
  await timed('stop', () => parts.stop());
}

async function tasks(count: number, timed: Timed): Promise<void> {
  const supervisor = await Task.Supervisor.startLink();
  const started = await timed('start', () =>
    Promise.all(Array.from({ length: count }, (_, n) => supervisor.asyncNolink(() => n))),
  );
  await timed('await all', () => Task.awaitMany(started));
  await inProcess(() =>
    timed('await all in a process', () =>
      Task.awaitMany(Array.from({ length: count }, (_, n) => Task.async(() => n))),
    ),
  );
  await supervisor.stop();
}

/** By name: each runs its steps with so many children. */
export const childCases: Readonly<Record<string, (count: number, timed: Timed) => Promise<void>>> =
  {
    'static one_for_one': (count, timed) => fixed('one_for_one', count, timed),
    'static one_for_all': (count, timed) => fixed('one_for_all', count, timed),
    'static rest_for_one': (count, timed) => fixed('rest_for_one', count, timed),
    'one_for_one among many': (count, timed) => restartLast('one_for_one', count, timed),
    'rest_for_one among many': (count, timed) => restartLast('rest_for_one', count, timed),
    'static, one by one': oneByOne,
    'static, significant': significant,
    DynamicSupervisor: dynamic,
    simple_one_for_one: simple,
    'PartitionSupervisor of DynamicSupervisors': partitioned,
    'PartitionSupervisor of workers': partitions,
    'Task.Supervisor': tasks,
  };

import {
  DynamicSupervisor,
  exit,
  GenServer,
  introspect,
  introspectInTurns,
  Pid,
  Supervisor,
  type ProcessNode,
  type Snapshot,
} from '@linnet/otp';
import { captureCrashReports } from '@linnet/otp/testing';
import { setImmediate } from 'node:timers';
import { expect, onTestFinished, test } from 'vitest';

/** How many processes were looked at in the present turn, and in the longest one. */
const looks = { now: 0, most: 0 };

const Watched = GenServer.define({
  name: 'Watched',
  init: () => 0,
  formatStatus: (status) => {
    looks.now++;
    looks.most = Math.max(looks.most, looks.now);
    return status;
  },
});

async function startMany(count: number): Promise<{ supervisor: Pid; pids: Pid[] }> {
  const supervisor = await DynamicSupervisor.startLink();
  onTestFinished(() => supervisor[Symbol.asyncDispose]());
  for (let i = 0; i < count; i++) {
    await DynamicSupervisor.startChild(
      supervisor.pid,
      Watched.childSpec(undefined, { restart: 'temporary' }),
    );
  }
  const children = await DynamicSupervisor.whichChildren(supervisor.pid);
  return {
    supervisor: supervisor.pid,
    pids: children.flatMap(({ pid }) => (Pid.isPid(pid) ? [pid] : [])),
  };
}

/** Calls back in each turn of the event loop until it is disposed of. */
function eachTurn(act: () => void): Disposable {
  let next = setImmediate(function again() {
    act();
    next = setImmediate(again);
  });
  return { [Symbol.dispose]: () => clearImmediate(next) };
}

function find({ roots, others }: Snapshot, pid: Pid): ProcessNode | undefined {
  const stack = [...roots, ...others];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.pid === String(pid)) return node;
    stack.push(...node.children);
  }
  return undefined;
}

test('a snapshot in turns is the same as one at once, while nothing changes', async () => {
  await startMany(30);
  const withoutTimes = (snapshot: Snapshot): unknown =>
    JSON.parse(
      JSON.stringify({ ...snapshot, takenAt: 0 }, (key, value: unknown) =>
        key === 'uptime' ? 0 : value,
      ),
    );
  expect(withoutTimes(await introspectInTurns())).toEqual(withoutTimes(introspect()));
});

test('of many processes, no turn looks at more than some hundred', async () => {
  await startMany(3000);
  looks.most = looks.now = 0;
  let turns = 0;
  using _ = eachTurn(() => {
    turns++;
    looks.now = 0;
  });
  const { processCount } = await introspectInTurns();
  expect(processCount).toBeGreaterThanOrEqual(3000);
  expect(looks.most).toBeLessThanOrEqual(500);
  // Beside looking at each, putting each in its place takes turns as well.
  expect(turns).toBeGreaterThanOrEqual(12);
});

test('servers that take long to show themselves hold up one step, not the others', async () => {
  const Slow = GenServer.define({
    name: 'Slow',
    init: () => 0,
    formatStatus: (status) => {
      looks.now++;
      looks.most = Math.max(looks.most, looks.now);
      for (const end = performance.now() + 1; performance.now() < end;);
      return status;
    },
  });
  const children = Array.from({ length: 150 }, (_, id) => Slow.childSpec(undefined, { id }));
  await using supervisor = await Supervisor.startLink(children, { strategy: 'one_for_one' });
  looks.most = looks.now = 0;
  using _ = eachTurn(() => void (looks.now = 0));
  expect(find(await introspectInTurns(), supervisor.pid)?.children).toHaveLength(150);
  expect(looks.most).toBeLessThanOrEqual(50);
});

test('what starts and ends meanwhile is in it or is not, and does no harm', async () => {
  using _ = captureCrashReports();
  const { supervisor, pids } = await startMany(1500);
  const started: Array<Promise<unknown>> = [];
  const snapshot = introspectInTurns();
  for (const pid of pids.splice(0, 700)) exit(pid, 'kill');
  for (let i = 0; i < 100; i++) {
    started.push(
      DynamicSupervisor.startChild(
        supervisor,
        Watched.childSpec(undefined, { restart: 'temporary' }),
      ),
    );
  }
  const node = find(await snapshot, supervisor);
  await Promise.all(started);
  const listed = new Set(node?.children.map(({ pid }) => pid));
  for (const pid of pids) expect(listed).toContain(String(pid));
  expect(find(introspect(), supervisor)?.children).toHaveLength(900);
});

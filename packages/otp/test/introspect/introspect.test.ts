import {
  DynamicSupervisor,
  exit,
  formatTree,
  GenServer,
  introspect,
  listProcesses,
  Machine,
  receive,
  register,
  reply,
  self,
  send,
  spawn,
  spawnLink,
  subscribe,
  Supervisor,
  trapExit,
  whereis,
  type Pid,
  type ProcessNode,
  type Snapshot,
  type SystemEvent,
} from '@linnet/otp';
import { captureCrashReports, expectNoLeaks, processSnapshot, settle } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { setup } from 'xstate';

const Idle = GenServer.define({
  name: 'Idle',
  init: () => ({ secret: 'kept' }),
  handleCall: { ping: (state) => reply('pong', state) },
});

/** A process that waits for ever; it ends with the test. */
function idle(body: () => void = () => {}): Pid {
  const pid = spawn(async () => {
    body();
    for (;;) await receive((message) => message === 'never');
  });
  onTestFinished(() => exit(pid, 'kill'));
  return pid;
}

function find(snapshot: Snapshot, pid: Pid): ProcessNode | undefined {
  const stack = [...snapshot.roots, ...snapshot.others];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.pid === pid.toString()) return node;
    stack.push(...node.children);
  }
  return undefined;
}

test('shows a process outside any tree with its name, mailbox and status', async () => {
  using _ = captureCrashReports();
  const pid = idle(() => register('lonely'));
  await settle();
  send(pid, 1);
  send(pid, 2);
  const snapshot = introspect();
  expect(snapshot.others).toContainEqual({
    pid: pid.toString(),
    name: 'lonely',
    label: 'process',
    type: 'worker',
    status: 'runnable',
    mailbox: 2,
    uptime: expect.any(Number) as number,
    children: [],
  });
  await settle();
  expect(find(introspect(), pid)?.status).toBe('waiting');
});

test('puts processes below the one that started and linked them', async () => {
  using _ = captureCrashReports();
  const pids: Pid[] = [];
  const root = idle(() => {
    pids.push(
      spawnLink(async () => {
        pids.push(spawnLink(() => receive()));
        await receive();
      }),
    );
    pids.push(spawn(() => receive()));
  });
  await settle();
  const snapshot = introspect();
  const [child, unlinked, grandchild] = pids as [Pid, Pid, Pid];
  const node = snapshot.roots.find(({ pid }) => pid === root.toString());
  expect(node?.children.map(({ pid }) => pid)).toEqual([child.toString()]);
  expect(node?.children[0]?.children.map(({ pid }) => pid)).toEqual([grandchild.toString()]);
  expect(snapshot.others.map(({ pid }) => pid)).toContain(unlinked.toString());
  exit(unlinked, 'kill');
});

test('is plain data without the state of servers', async () => {
  await using server = await Idle.start();
  const snapshot = introspect();
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  expect(find(snapshot, server.pid)).toMatchObject({ label: 'Idle' });
  expect(JSON.stringify(snapshot)).not.toContain('kept');
});

test('survives a chain of fifty thousand processes', async () => {
  using _ = captureCrashReports();
  const before = processSnapshot();
  const root = spawn(chain(50_000));
  await settle();
  const snapshot = introspect();
  expect(snapshot.processCount).toBeGreaterThanOrEqual(50_000);
  expect(formatTree(snapshot)).toContain(`${'   '.repeat(64)}└─ …`);
  exit(root, 'kill');
  await expectNoLeaks(before);

  function chain(length: number): () => Promise<unknown> {
    return () => {
      if (length > 1) spawnLink(chain(length - 1));
      return receive();
    };
  }
});

test('prints trees with restarts, states and children that are not running', () => {
  const worker = {
    type: 'worker',
    status: 'waiting',
    mailbox: 0,
    uptime: 1,
    children: [],
  } as const;
  const snapshot: Snapshot = {
    node: 'nonode@nohost',
    takenAt: 0,
    processCount: 5,
    timers: 0,
    roots: [
      {
        ...worker,
        pid: '#PID<0.1.0>',
        name: 'shop',
        label: 'supervisor',
        type: 'supervisor',
        supervisor: { strategy: 'one_for_one', intensity: 3, period: 5, restarts: 1 },
        children: [
          {
            ...worker,
            pid: '#PID<0.2.0>',
            id: 'lines',
            label: 'supervisor',
            type: 'supervisor',
            supervisor: { strategy: 'rest_for_one', intensity: 1, period: 5, restarts: 0 },
            children: [
              { ...worker, pid: '#PID<0.3.0>', id: 'a', label: 'Line', state: { on: 'idle' } },
              { ...worker, id: 'b', label: 'process', status: 'restarting' },
            ],
          },
          { ...worker, pid: '#PID<0.4.0>', name: 'Orders', label: 'Orders', mailbox: 7 },
        ],
      },
    ],
    others: [{ ...worker, pid: '#PID<0.9.0>', label: 'process' }],
  };
  expect(formatTree(snapshot)).toBe(
    [
      'shop  supervisor one_for_one  1 of 3 restarts in 5 s  #PID<0.1.0>',
      '├─ lines  supervisor rest_for_one  0 of 1 restarts in 5 s  #PID<0.2.0>',
      '│  ├─ a  Line  [on.idle]  #PID<0.3.0>',
      '│  └─ b  process  [restarting]',
      '└─ Orders  7 waiting  #PID<0.4.0>',
      '',
      'outside any tree',
      '└─ process  #PID<0.9.0>',
    ].join('\n'),
  );
  expect(formatTree(snapshot, { pids: false, others: false })).not.toContain('PID');
});

describe('a supervision tree', () => {
  const light = setup({}).createMachine({
    initial: 'red',
    states: { red: { on: { GO: 'green' } }, green: { initial: 'steady', states: { steady: {} } } },
  });
  const Light = Machine.define(light);

  async function tree() {
    const crashes = captureCrashReports();
    onTestFinished(() => crashes[Symbol.dispose]());
    const supervisor = await Supervisor.startLink(
      [
        Idle.childSpec(undefined, { name: 'first' }),
        { id: 'lights', type: 'supervisor', start: () => lights() },
        Idle.childSpec(undefined, { id: 'second', restart: 'transient' }),
      ],
      { strategy: 'rest_for_one', maxRestarts: 7, maxSeconds: 60, name: 'tree' },
    );
    onTestFinished(() => supervisor.stop());
    return supervisor;
  }

  const lights = () =>
    DynamicSupervisor.startLink({ name: 'lights' }).then(async (supervisor) => {
      await supervisor.startChild({ id: 'light', start: () => Light.startLink() });
      return supervisor;
    });

  test('is shown with strategies, restarts, states and children that are not running', async () => {
    const supervisor = await tree();
    exit(whereis('first') as Pid, 'kill');
    await settle();
    await GenServer.stop(findChild('second'));
    await settle();
    expect(formatTree(rootOf('tree'), { pids: false })).toBe(
      [
        'tree  supervisor rest_for_one  1 of 7 restarts in 60 s',
        '├─ first  Idle  restarted 1×',
        '├─ lights  dynamic_supervisor one_for_one  0 of 3 restarts in 5 s  restarted 1×',
        '│  └─ Machine  [red]',
        '└─ second  process  [stopped]  restarted 1×',
      ].join('\n'),
    );
    expect(findNode('second')).toMatchObject({ restart: 'transient', status: 'stopped' });
    expect(findNode('first')).toMatchObject({ restart: 'permanent', type: 'worker', restarts: 1 });
    expect(await supervisor.countChildren()).toMatchObject({ specs: 3 });
  });

  test('feeds a restart with the new process', async () => {
    await tree();
    const events: SystemEvent[] = [];
    using _ = subscribe((event) => void events.push(event));
    exit(findChild('second'), 'boom');
    await settle();
    const { supervisor } = events.find((event) => event.type === 'restart') ?? {};
    expect(supervisor).toBe(whereis('tree'));
    expect(events.map((event) => event.type)).toEqual(['exit', 'crash', 'spawn', 'restart']);
  });

  function rootOf(name: string): Snapshot {
    const snapshot = introspect();
    const roots = snapshot.roots.filter((root) => root.name === name);
    return { ...snapshot, roots, others: [] };
  }

  function findNode(id: string): ProcessNode | undefined {
    const stack = [...rootOf('tree').roots];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (node.id === id) return node;
      stack.push(...node.children);
    }
    return undefined;
  }

  function findChild(id: string): Pid {
    const text = findNode(id)?.pid;
    return listProcesses().find((pid) => pid.toString() === text) as Pid;
  }
});

test('feeds starts, exits and crashes in order, outside any process', async () => {
  using _ = captureCrashReports();
  const events: SystemEvent[] = [];
  const selves: unknown[] = [];
  using _subscription = subscribe((event) => {
    events.push(event);
    try {
      selves.push(self());
    } catch (error) {
      selves.push((error as { code?: unknown }).code);
    }
  });
  const pids: Pid[] = [];
  const parent = spawn(() => {
    trapExit();
    register('feeder');
    pids.push(spawnLink(() => exit('boom')));
    return receive();
  });
  await settle();
  const child = pids[0] as Pid;
  expect(events).toMatchObject([
    { type: 'spawn', pid: parent, label: 'process', parent: undefined },
    { type: 'spawn', pid: child, parent },
    { type: 'exit', pid: child, reason: 'boom' },
    { type: 'crash', report: { pid: child, reason: 'boom' } },
    { type: 'exit', pid: parent, name: 'feeder', reason: 'normal' },
  ]);
  expect(new Set(selves)).toEqual(new Set(['ERR_NO_PROCESS']));
});

test('stops feeding after the end of the subscription', async () => {
  const events: SystemEvent[] = [];
  const unsubscribe = subscribe((event) => void events.push(event));
  spawn(() => {});
  unsubscribe();
  await settle();
  spawn(() => {});
  await settle();
  expect(events).toEqual([]);
});

test('drops a listener that throws and goes on', async () => {
  using crashes = captureCrashReports();
  using _ = subscribe(() => {
    throw new Error('listener');
  });
  let ran = 0;
  for (let i = 0; i < 3; i++) spawn(() => void ran++);
  await settle();
  expect(ran).toBe(3);
  expect(crashes.logs).toHaveLength(1);
});

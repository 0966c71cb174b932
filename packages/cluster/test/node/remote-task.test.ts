/** Tasks whose function runs on another node. */
import {
  type AnySupervisorHandle,
  type DownMessage,
  exit,
  type ExitMessage,
  monitor,
  type Pid,
  receive,
  self,
  spawn,
  Supervisor,
  Task,
  trapExit,
} from '@linnet/otp';
import { captureCrashReports, eventually, inProcess } from '@linnet/otp/testing';
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest';
import { Cluster, RemoteTask } from '../../src/index.ts';
import { mainNode, workerNode } from '../support/with-workers.ts';
import { workersOf } from '../support/workers-of.ts';
import type { modules } from './task-modules.ts';
import { program } from './task-worker.ts?program';

const node = workerNode(1);
const tasks = RemoteTask.of<typeof modules>();

let supervisor: AnySupervisorHandle;
beforeAll(async () => {
  supervisor = await Supervisor.startLink(
    [
      Cluster.childSpec({ name: mainNode, cookie: 'secret' }),
      [Task.Supervisor, { name: 'here' }],
      workersOf(program, 1),
    ],
    { strategy: 'rest_for_one' },
  );
  await eventually(() => Task.Supervisor.children({ name: 'tasks', node }));
});
afterAll(async () => {
  await supervisor.stop();
});

const isRunning = (m: unknown): m is { running: boolean } =>
  typeof m === 'object' && m !== null && 'running' in m;
const isDown = (m: unknown): m is DownMessage =>
  typeof m === 'object' && m !== null && 'type' in m && m.type === 'DOWN';
const isExit = (m: unknown): m is ExitMessage =>
  typeof m === 'object' && m !== null && 'type' in m && m.type === 'EXIT';
const there = (name: string) => ({ name, node });

test('a task runs a function there, and its result is typed', async () => {
  await inProcess(async () => {
    const task = tasks.async(node, 'sum', [1, 2]);
    const sum = await task.await();
    expect(sum).toBe(3);
    expectTypeOf(sum).toEqualTypeOf<number>();
    const later = await tasks.async(node, 'later', ['x']).await();
    expectTypeOf(later).toEqualTypeOf<{ value: string }>();
    expect(later).toEqual({ value: 'x' });
    expect(await RemoteTask.async(node, 'sum', [2, 2]).await()).toBe(4);
  });
});

test('several at once, and a stream of them', async () => {
  await inProcess(async () => {
    const started = [1, 2, 3].map((n) => tasks.async(node, 'sum', [n, n]));
    expect(await Task.awaitMany(started)).toEqual([2, 4, 6]);
    const sums: unknown[] = [];
    for await (const item of Task.asyncStream([1, 2, 3], (n) => tasks.run(node, 'sum', [n, 1]))) {
      sums.push(item);
    }
    expect(sums).toMatchObject([2, 3, 4].map((value) => ({ value })));
  });
});

test('when the function fails, the owner ends with it, or is told', async () => {
  using crashes = captureCrashReports();
  await inProcess(async () => {
    trapExit();
    const task = tasks.async(node, 'fails', ['as asked']);
    await expect(task.await()).rejects.toMatchObject({
      code: 'ERR_TASK_EXIT',
      why: expect.objectContaining({ name: 'RangeError', message: 'as asked' }) as Error,
    });
    expect((await receive(isExit)).reason).toMatchObject({ message: 'as asked' });
    const nolink = await tasks.asyncNolink('here', node, 'exits', ['why']);
    await expect(nolink.await()).rejects.toMatchObject({ why: 'why' });
    const owner = spawn(async () => {
      await tasks.async(node, 'exits', ['why']).await();
    });
    monitor(owner);
    expect(await receive(isDown)).toMatchObject({ reason: 'why' });
  });
  expect(crashes.reports.length).toBeGreaterThan(0);
});

test('what is not in the modules, and what cannot be sent back, is the failure of the task', async () => {
  await inProcess(async () => {
    trapExit();
    await expect(RemoteTask.async(node, 'absent', []).await()).rejects.toMatchObject({
      why: ['undef', 'absent'],
    });
    await expect(tasks.async(node, 'callback', []).await()).rejects.toMatchObject({
      why: expect.objectContaining({ code: 'ERR_DATA_CLONE' }) as Error,
    });
    // On this node, which has no modules.
    await expect(tasks.run(mainNode, 'sum', [1, 1])).rejects.toThrow('undef');
    await expect(tasks.run('absent@127.0.0.1', 'sum', [1, 2])).rejects.toMatchObject({
      code: 'ERR_SPAWN',
    });
  });
});

test('under a Task.Supervisor there, its limit holds, and it ends the tasks with itself', async () => {
  await inProcess(async () => {
    trapExit();
    const sup = there('tasks');
    expect(await tasks.async(sup, 'sum', [1, 2]).await()).toBe(3);
    const waiting = [1, 2].map(() => tasks.async(sup, 'waits', [self()]));
    for (const _ of waiting) await receive(isRunning);
    expect(await Task.Supervisor.children(sup)).toHaveLength(2);
    await expect(tasks.async(sup, 'sum', [1, 2]).await()).rejects.toThrow('maximum number');
    for (const task of waiting) expect(await task.shutdown()).toBeUndefined();
    await eventually(async () => expect(await Task.Supervisor.children(sup)).toEqual([]));
  });
});

test('the process there ends with the task, and the task with its owner', async () => {
  await inProcess(async () => {
    const sup = there('tasks');
    const me = self();
    const runningThere = async (): Promise<Pid> => {
      await receive(isRunning);
      const [pid] = await Task.Supervisor.children(sup);
      if (pid === undefined) throw new Error('no task runs there');
      return pid;
    };
    const task = tasks.async(sup, 'waits', [me]);
    monitor(await runningThere());
    await task.shutdown('brutal_kill');
    expect(await receive(isDown)).toMatchObject({ reason: 'killed' });
    const owner = spawn(async () => {
      await tasks.async(sup, 'waits', [me]).await('infinity');
    });
    monitor(await runningThere());
    exit(owner, 'shutdown');
    expect(await receive(isDown)).toMatchObject({ reason: 'shutdown' });
  });
});

test('when the node goes, the task ends with noconnection', async () => {
  using crashes = captureCrashReports();
  await inProcess(async () => {
    trapExit();
    const waiting = tasks.async(node, 'waits', [self()]);
    await receive(isRunning);
    const dying = tasks.async(node, 'dies', []);
    await expect(waiting.await()).rejects.toMatchObject({ why: 'noconnection' });
    await expect(dying.await()).rejects.toMatchObject({ why: 'noconnection' });
  });
  expect(crashes.reports).toBeDefined();
});

import {
  callers,
  exit,
  isAlive,
  monitor,
  processInfo,
  receive,
  self,
  send,
  spawn,
  Supervisor,
  SupervisorError,
  Task,
  TaskLimitError,
  trapExit,
  whereis,
  type DownMessage,
  type Pid,
  type StreamItem,
  type TaskSupervisorHandle,
  type TaskSupervisorOptions,
} from '@linnet/otp';
import { inProcess, leakCheck, settle, startSupervised, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mailbox, quietCrashes } from '../support/mailbox.ts';
import { collect } from './collect.ts';

quietCrashes();

const never = (): Promise<never> => new Promise(() => {});
const ok = <T>(value: T): StreamItem<T> => ({ type: 'ok', value });

async function startTasks(options?: TaskSupervisorOptions): Promise<TaskSupervisorHandle> {
  const { handle } = await startSupervised(
    () => Task.Supervisor.startLink(options),
    onTestFinished,
  );
  return handle;
}

/** The reason with which a process ends that runs `body`. */
function reasonOf(body: () => unknown): Promise<unknown> {
  return inProcess(async () => {
    monitor(spawn(body));
    return ((await receive()) as DownMessage).reason;
  });
}

test('[OTP U001] is a child of a supervisor, with its name as its id', async () => {
  await inProcess(async () => {
    await using supervisor = await Supervisor.startLink(
      [Task.Supervisor, [Task.Supervisor, { name: 'named tasks' }]],
      { strategy: 'one_for_one' },
    );
    expect(await supervisor.whichChildren()).toMatchObject([
      { id: 'named tasks', pid: whereis('named tasks'), type: 'supervisor' },
      { id: 'Task.Supervisor', type: 'supervisor' },
    ]);
    await expect(supervisor.startChild(Task.Supervisor)).rejects.toThrow(
      expect.objectContaining({ reason: ['already_started', expect.anything()] }) as Error,
    );
    const task = await Task.Supervisor.async('named tasks', () => 1);
    expect(await task.await()).toBe(1);
  });
});

test('[OTP U002] counts and lists its tasks', async () => {
  const tasks = await startTasks();
  await inProcess(async () => {
    expect(await tasks.children()).toEqual([]);
    const pid = await tasks.startChild(never);
    expect(await tasks.children()).toEqual([pid]);
    const counts = { specs: 1, active: 1, supervisors: 0, workers: 1 };
    expect(await Supervisor.countChildren(tasks.pid)).toEqual(counts);
    expect(await Task.Supervisor.countChildren(tasks)).toEqual(counts);
    expect(await tasks.countChildren()).toEqual(counts);
  });
});

describe('async', () => {
  test('[OTP U003] [TSU03] links the task with caller and supervisor', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      const answer = Promise.withResolvers<number>();
      const task = await tasks.async(() => answer.promise);
      expect(await tasks.children()).toEqual([task.pid]);
      expect(processInfo(self())?.links).toEqual([task.pid]);
      expect(new Set(processInfo(task.pid as Pid)?.links)).toEqual(new Set([tasks.pid, self()]));
      answer.resolve(1);
      expect(await mailbox()).toEqual([
        { type: 'task', ref: task.ref, value: 1 },
        { type: 'DOWN', ref: task.ref, pid: task.pid, reason: 'normal' },
      ]);
      expect(await tasks.children()).toEqual([]);
    });
  });

  test('[OTP U003] the task runs on behalf of the caller, started by the supervisor', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      const task = await tasks.async(() => [callers(), processInfo(self())?.parent] as const);
      expect(await task.await()).toEqual([[self()], tasks.pid]);
    });
  });

  test('[OTP U003] is stopped with the supervisor, as its shutdown time says', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      const task = await tasks.asyncNolink(
        () => {
          trapExit();
          return receive((message) => message === 'never');
        },
        { shutdown: 'brutal_kill' },
      );
      await tasks.stop();
      expect(await task.yield()).toEqual({ type: 'exit', reason: 'killed' });
    });
  });

  test('[OTP U008] awaits as any task: value, failure, timeout', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      using clock = new TestClock().install();
      trapExit();
      expect(await (await tasks.async(() => 1)).await()).toBe(1);
      const failing = await tasks.async(() => Promise.reject(new Error('oops')));
      await expect(failing.await()).rejects.toThrow('oops');
      const slow = await tasks.async(never);
      const awaiting = slow.await(10);
      awaiting.catch(() => {});
      await clock.advance(10);
      await expect(awaiting).rejects.toThrow('time out');
      expect(await slow.shutdown()).toBeUndefined();
    });
  });

  test('a failing task takes the caller along', async () => {
    const tasks = await startTasks();
    const reason = await reasonOf(async () => {
      await tasks.async(() => exit('boom'));
      await never();
    });
    expect(reason).toBe('boom');
    expect(isAlive(tasks.pid)).toBe(true);
  });

  test('works in plain code, without a link', async () => {
    const tasks = await startTasks();
    expect(await (await tasks.async(() => 1)).await()).toBe(1);
    const failing = await tasks.async(() => exit('boom'));
    await expect(failing.await()).rejects.toThrow(
      expect.objectContaining({ why: 'boom' }) as Error,
    );
  });
});

describe('asyncNolink', () => {
  test('[OTP U005] [TSU01] a failure is a message, and hurts nobody', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      const task = await tasks.asyncNolink(() => exit('boom'));
      expect(processInfo(self())?.links).toEqual([]);
      expect(await mailbox()).toEqual([
        { type: 'DOWN', ref: task.ref, pid: task.pid, reason: 'boom' },
      ]);
    });
  });

  test('[OTP U005] [TSU02] a failure is a rejection of await', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      const task = await tasks.asyncNolink(() => exit('boom'));
      await expect(task.await()).rejects.toThrow(
        expect.objectContaining({ reason: ['boom', ['Task', 'await', [task, 5000]]] }) as Error,
      );
    });
  });

  test('[TSU04] outlives its caller; a linked task does not', async () => {
    const tasks = await startTasks();
    const caller = spawn(async () => {
      await tasks.asyncNolink(never);
      await tasks.async(never);
      await never();
    });
    await settle();
    expect(await tasks.children()).toHaveLength(2);
    exit(caller, 'boom');
    expect(await tasks.children()).toHaveLength(1);
  });
});

describe('startChild', () => {
  test('[OTP U006] starts a task that nobody waits for and that is linked with the supervisor', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      const me = self();
      const pid = await tasks.startChild(async () => {
        send(me, [callers(), processInfo(self())?.links]);
        await never();
      });
      expect(await receive()).toEqual([[me], [tasks.pid]]);
      expect(processInfo(me)?.links).toEqual([]);
      expect(isAlive(pid)).toBe(true);
    });
  });

  test('[OTP U006] [TSU05] is temporary, or restarted as it asks', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      const runs = { temporary: 0, transient: 0, permanent: 0 };
      for (const restart of ['temporary', 'transient', 'permanent'] as const) {
        await tasks.startChild(() => (++runs[restart] < 2 ? exit('boom') : never()), { restart });
      }
      await settle();
      expect(runs).toEqual({ temporary: 1, transient: 2, permanent: 2 });
    });
  });

  test('[TSU07] has its shutdown time to end when the supervisor stops', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      using clock = new TestClock().install();
      const pid = await tasks.startChild(
        () => {
          trapExit();
          return receive((message) => message === 'never');
        },
        { shutdown: 20 },
      );
      await settle();
      monitor(pid);
      const stopping = tasks.stop();
      await clock.advance(20);
      await stopping;
      expect(await receive()).toMatchObject({ type: 'DOWN', pid, reason: 'killed' });
    });
  });
});

test('[OTP U007] [TSU09] terminates a task once', async () => {
  const tasks = await startTasks();
  const pid = await tasks.startChild(never);
  await tasks.terminateChild(pid);
  expect(isAlive(pid)).toBe(false);
  await expect(tasks.terminateChild(pid)).rejects.toThrow(
    expect.objectContaining({ reason: 'not_found' }) as Error,
  );
});

test('[OTP U003] [OTP U005] [TSU06] refuses more tasks than maxChildren', async () => {
  const tasks = await startTasks({ maxChildren: 1 });
  await tasks.startChild(never);
  await expect(tasks.startChild(never)).rejects.toThrow(SupervisorError);
  await expect(tasks.startChild(never)).rejects.toThrow(
    expect.objectContaining({ reason: 'max_children' }) as Error,
  );
  for (const start of [() => tasks.async(never), () => tasks.asyncNolink(never)]) {
    await expect(start()).rejects.toThrow(TaskLimitError);
    await expect(start()).rejects.toThrow(
      'reached the maximum number of tasks for this task supervisor',
    );
  }
});

describe.each(['asyncStream', 'asyncStreamNolink'] as const)('%s', (kind) => {
  test('[OTP U009] [OTP U010] gives results in order, from children of the supervisor', async () => {
    const tasks = await startTasks();
    await using _check = leakCheck();
    await inProcess(async () => {
      const parents = tasks[kind]([1, 2, 3], (n) => [n, processInfo(self())?.parent] as const);
      const parent = tasks.pid;
      expect(await collect(parents)).toEqual([1, 2, 3].map((n) => ok([n, parent])));
      expect(processInfo(self())?.links).toEqual([]);
      expect(await tasks.children()).toEqual([]);
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP U009] [OTP U010] is linked with supervisor and caller, or with the supervisor only', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      const me = self();
      const links = tasks[kind]([1], () => new Set(processInfo(self())?.links));
      const expected = kind === 'asyncStream' ? [tasks.pid, me] : [tasks.pid];
      expect(await collect(links)).toEqual([ok(new Set(expected))]);
    });
  });

  test('[OTP U009] [OTP U010] [TSU08] gives failures as items', async () => {
    const tasks = await startTasks();
    await inProcess(async () => {
      if (kind === 'asyncStream') trapExit();
      const items = await collect(tasks[kind]([1, 2], (n) => exit(n)));
      expect(items).toEqual([
        { type: 'exit', reason: 1, input: 1 },
        { type: 'exit', reason: 2, input: 2 },
      ]);
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP U009] [OTP U010] kills the rest when the consumer has enough', async () => {
    const tasks = await startTasks();
    await using _check = leakCheck();
    await inProcess(async () => {
      for await (const item of tasks[kind]([1, 2, 3, 4], (n) => (n === 1 ? n : never()))) {
        expect(item).toEqual(ok(1));
        break;
      }
      expect(await tasks.children()).toEqual([]);
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP U009] more concurrency than maxChildren is an error that leaves nothing behind', async () => {
    const tasks = await startTasks({ maxChildren: 1 });
    await using _check = leakCheck();
    await inProcess(async () => {
      const items = collect(tasks[kind]([1, 2], never, { maxConcurrency: 2 }));
      await expect(items).rejects.toThrow(TaskLimitError);
      await expect(items).rejects.toThrow('lower maxConcurrency');
      expect(await tasks.children()).toEqual([]);
      expect(processInfo(self())?.links).toEqual([]);
      expect(await mailbox()).toEqual([]);
    });
  });

  test('tasks do not outlive the process that consumes the stream', async () => {
    const tasks = await startTasks();
    const consumer = spawn(async () => {
      for await (const _ of tasks[kind]([1, 2, 3], never));
    });
    await settle();
    expect(await tasks.children()).not.toEqual([]);
    exit(consumer, 'kill');
    expect(await tasks.children()).toEqual([]);
  });

  test('fails when the supervisor is not alive', async () => {
    const tasks = await startTasks();
    await tasks.stop();
    await expect(collect(tasks[kind]([1], (n) => n))).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_NOPROC' }) as Error,
    );
  });
});

test('[OTP U009] a shutdown that is not valid is refused by the supervisor', async () => {
  const tasks = await startTasks();
  const stream = tasks.asyncStream([1], (n) => n, { shutdown: -1 });
  await expect(collect(stream)).rejects.toThrow(
    expect.objectContaining({ reason: ['invalid_shutdown', -1] }) as Error,
  );
});

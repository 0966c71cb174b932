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
  Task,
  TaskError,
  TaskOwnerError,
  trapExit,
  type DownMessage,
  type ExitReason,
  type Pid,
} from '@linnet/otp';
import { captureCrashReports, inProcess, leakCheck, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { flush, mailbox, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

const never = (): Promise<never> => new Promise(() => {});

/** The reason with which a process ends that runs `body`. */
function reasonOf(body: () => unknown): Promise<ExitReason> {
  return inProcess(async () => {
    monitor(spawn(body));
    return ((await receive()) as DownMessage).reason;
  });
}

describe('Task.async', () => {
  test('[TSK01] gives the result of a function, sync or async', async () => {
    await inProcess(async () => {
      expect(await Task.async(() => 42).await()).toBe(42);
      expect(await Task.async(async () => 43).await()).toBe(43);
      expect(await Task.async(() => undefined).await()).toBeUndefined();
    });
  });

  test('[OTP T002] [TSK10] answers its owner with a message, then ends normally', async () => {
    await inProcess(async () => {
      const task = Task.async(() => 7);
      expect(processInfo(self())?.links).toEqual([task.pid]);
      expect(task.owner).toBe(self());
      expect(await mailbox()).toEqual([
        { type: 'task', ref: task.ref, value: 7 },
        { type: 'DOWN', ref: task.ref, pid: task.pid, reason: 'normal' },
      ]);
    });
  });

  test('[OTP T003] [TSK26] a task knows on whose behalf it runs', async () => {
    await inProcess(async () => {
      expect(callers()).toEqual([]);
      const outer = Task.async(async () => {
        const inner = Task.async(() => callers());
        return [callers(), self(), await inner.await()] as const;
      });
      const [own, pid, nested] = await outer.await();
      expect(own).toEqual([self()]);
      expect(nested).toEqual([pid, self()]);
      const me = self();
      for (const start of [Task.start, Task.startLink]) {
        start(() => send(me, callers()));
        expect(await receive()).toEqual([self()]);
      }
    });
  });

  test('[TSK07] a failing task takes a caller along that does not trap exits', async () => {
    const error = new Error('oops');
    const reason = await reasonOf(async () => {
      const task = Task.async(() => {
        throw error;
      });
      await task.await();
    });
    expect(reason).toBe(error);
  });

  test('[TSK08] [TSK09] the task of a caller that ends lives on after normal only', async () => {
    const end = async (reason: ExitReason): Promise<Pid> => {
      let pid: Pid | undefined;
      spawn(() => {
        ({ pid } = Task.async(never));
        exit(reason);
      });
      await settle();
      return pid as Pid;
    };
    const alive = await end('normal');
    expect(isAlive(alive)).toBe(true);
    exit(alive, 'kill');
    const crashes = captureCrashReports();
    expect(isAlive(await end('boom'))).toBe(false);
    expect(crashes.reports.map(({ reason }) => reason)).toEqual(['boom', 'boom']);
    crashes[Symbol.dispose]();
  });

  test('a task has the name of its function, for reports and introspection', async () => {
    const crashes = await captureCrashReports(() =>
      Task.start(function loadPrices() {
        throw new Error('oops');
      }),
    );
    expect(crashes.map(({ label }) => label)).toEqual(['Task loadPrices']);
    expect(() => Task.start('x' as never)).toThrow('fn must be a function');
  });
});

describe('start and startLink', () => {
  test('[OTP T004] start is not linked, startLink is', async () => {
    await inProcess(async () => {
      trapExit();
      const free = Task.start(never);
      const sleeping = Task.startLink(never);
      expect(processInfo(self())?.links).toEqual([sleeping]);
      exit(free, 'kill');
      exit(sleeping, 'kill');
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: sleeping, reason: 'killed' }]);
      const linked = Task.startLink(() => exit('boom'));
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: linked, reason: 'boom' }]);
    });
  });

  test('[OTP T001] is a temporary child of a supervisor', async () => {
    await inProcess(async () => {
      let runs = 0;
      const job = (): void => void runs++;
      expect(Task.childSpec(job)).toMatchObject({ id: 'Task', restart: 'temporary' });
      expect(Task.childSpec(job, { id: 'job', restart: 'transient' })).toMatchObject({
        id: 'job',
        restart: 'transient',
      });
      await using supervisor = await Supervisor.startLink([[Task, job]], {
        strategy: 'one_for_one',
      });
      await settle();
      expect(runs).toBe(1);
      expect(await supervisor.whichChildren()).toEqual([]);
    });
  });
});

describe('await', () => {
  test('[OTP T007] [TSK02] gives up after its timeout; the task goes on, its late answer is dropped', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      const answer = Promise.withResolvers<string>();
      const task = Task.async(() => answer.promise);
      const awaiting = task.await(20);
      awaiting.catch(() => {});
      await clock.advance(20);
      await expect(awaiting).rejects.toThrow(TaskError);
      await expect(awaiting).rejects.toThrow(
        expect.objectContaining({
          code: 'ERR_TASK_TIMEOUT',
          why: 'timeout',
          reason: ['timeout', ['Task', 'await', [task, 20]]],
        }) as Error,
      );
      expect(isAlive(task.pid as Pid)).toBe(true);
      expect(processInfo(self())?.monitors).toBe(0);
      answer.resolve('late');
      expect(await mailbox()).toEqual([]);
      expect(isAlive(task.pid as Pid)).toBe(false);
    });
  });

  test('[OTP T007] waits 5 seconds by default, and without end for infinity', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      const waiting = Task.async(never);
      const awaiting = waiting.await();
      awaiting.catch(() => {});
      await clock.advance(5000);
      await expect(awaiting).rejects.toThrow('time out');
      const answer = Promise.withResolvers<number>();
      const patient = Task.async(() => answer.promise).await('infinity');
      await clock.advance(1e9);
      answer.resolve(1);
      expect(await patient).toBe(1);
      exit(waiting.pid as Pid, 'normal');
      await waiting.shutdown('brutal_kill');
    });
  });

  test.each<[numbers: string, end: () => unknown, why: ExitReason]>([
    ['[TSK03] exits', () => exit('boom'), 'boom'],
    ['[TSK04] throws an Error', () => Promise.reject(failure), expect.any(Error)],
    ['[TSK06] exits normally', () => exit('normal'), 'normal'],
  ])(
    '[OTP T007] fails when the task %s, for a caller that traps exits',
    async (_what, end, why) => {
      await inProcess(async () => {
        trapExit();
        const task = Task.async(end);
        await expect(task.await()).rejects.toThrow(
          expect.objectContaining({
            code: 'ERR_TASK_EXIT',
            why,
            reason: [why, ['Task', 'await', [task, 5000]]],
          }) as Error,
        );
        expect(await mailbox()).toMatchObject([{ type: 'EXIT', from: task.pid }]);
      });
    },
  );

  test('[TSK05] a thrown value that is no Error is the reason itself', async () => {
    await inProcess(async () => {
      trapExit();
      const task = Task.async(() => {
        throw 'x'; // oxlint-disable-line no-throw-literal
      });
      await expect(task.await()).rejects.toThrow(expect.objectContaining({ why: 'x' }) as Error);
    });
  });

  test('an error of the task is the cause of the failure', async () => {
    await inProcess(async () => {
      trapExit();
      const task = Task.async(() => Promise.reject(failure));
      await expect(task.await()).rejects.toThrow(
        expect.objectContaining({
          cause: failure,
          message: expect.stringContaining('oops') as string,
        }) as Error,
      );
    });
  });

  test('[OTP T007] [TSK14] only the owner may wait', async () => {
    await inProcess(async () => {
      const task = Task.async(() => 1);
      const others = await inProcess(() =>
        Promise.allSettled([task.await(), task.yield(), task.shutdown(), Task.awaitMany([task])]),
      );
      for (const other of others) {
        expect(other).toMatchObject({
          status: 'rejected',
          reason: expect.any(TaskOwnerError) as unknown,
        });
      }
      await inProcess(() => expect(() => task.ignore()).toThrow('belongs to'));
      expect(await task.await()).toBe(1);
    });
  });

  test('leaves the other messages of the caller alone', async () => {
    await inProcess(async () => {
      send(self(), 'before');
      const task = Task.async(() => 1);
      send(self(), { type: 'task', ref: 'forged', value: 2 });
      expect(await task.await()).toBe(1);
      expect(await flush()).toEqual(['before', { type: 'task', ref: 'forged', value: 2 }]);
    });
  });

  test('is not disturbed by messages that cannot be looked at', async () => {
    await inProcess(async () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      send(self(), proxy);
      send(self(), {
        get type(): string {
          throw new Error('not for you');
        },
      });
      expect(await Task.async(() => 1).await()).toBe(1);
    });
  });

  test('several tasks can be awaited at once', async () => {
    await inProcess(async () => {
      const tasks = [1, 2, 3].map((n) => Task.async(async () => n));
      expect(await Promise.all(tasks.map((task) => task.await()))).toEqual([1, 2, 3]);
    });
  });
});

describe('a task of plain code', () => {
  test('is awaited like any other, and is linked with nobody', async () => {
    await using _check = leakCheck();
    const task = Task.async(async () => callers());
    expect(task.owner).toBeUndefined();
    expect(processInfo(task.pid as Pid)?.links).toEqual([]);
    expect(await task.await()).toEqual([]);
  });

  test('rejects the await when it fails, and hurts nobody', async () => {
    const task = Task.async(() => Promise.reject(failure));
    await expect(task.await()).rejects.toThrow(
      expect.objectContaining({ cause: failure }) as Error,
    );
    const late = Task.async(() => exit('boom'));
    await settle();
    expect(await late.yield()).toEqual({ type: 'exit', reason: 'boom' });
  });

  test('can be given up after a timeout', async () => {
    using clock = new TestClock().install();
    const answer = Promise.withResolvers<number>();
    const task = Task.async(() => answer.promise);
    const awaiting = task.await(100);
    awaiting.catch(() => {});
    await clock.advance(100);
    await expect(awaiting).rejects.toThrow('time out');
    answer.resolve(1);
    await settle();
    expect(await task.yield(0)).toBeUndefined();
  });

  test('belongs to plain code, not to processes', async () => {
    const task = Task.async(() => 1);
    await inProcess(() => expect(task.await()).rejects.toThrow(TaskOwnerError));
    expect(await task.await()).toBe(1);
  });
});

describe('Task.completed', () => {
  test('[OTP T005] [TSK25] has its value and no process', async () => {
    await inProcess(async () => {
      const task = Task.completed(3);
      expect(task.pid).toBeUndefined();
      expect(await task.await()).toBe(3);
      expect(await Task.completed(4).yield()).toEqual({ type: 'ok', value: 4 });
      expect(await Task.completed(5).shutdown()).toEqual({ type: 'ok', value: 5 });
      expect(await mailbox()).toEqual([]);
    });
    expect(await Task.completed(6).await()).toBe(6);
  });
});

const failure = new Error('oops');

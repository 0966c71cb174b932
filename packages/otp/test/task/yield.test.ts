import {
  exit,
  isAlive,
  processInfo,
  receive,
  self,
  Task,
  trapExit,
  type ExitReason,
  type Pid,
} from '@linnet/otp';
import { inProcess, leakCheck, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { mailbox, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

const never = (): Promise<never> => new Promise(() => {});

/** A task that waits for nothing but an exit signal that it does not trap. */
const sleeping = (): Task<never> => Task.async(never);

/** A task that traps exits and ignores them. */
const stubborn = (): Task<unknown> =>
  Task.async(() => {
    trapExit();
    return receive((message) => message === 'never');
  });

describe('yield', () => {
  test('[OTP T009] [TSK11] gives the result, or undefined and can be asked again', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      const answer = Promise.withResolvers<number>();
      const task = Task.async(() => answer.promise);
      const first = task.yield(50);
      await clock.advance(50);
      expect(await first).toBeUndefined();
      expect(await task.yield(0)).toBeUndefined();
      answer.resolve(1);
      expect(await task.yield('infinity')).toEqual({ type: 'ok', value: 1 });
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP T009] [TSK11] gives the reason of a task that ended, abnormally or normally', async () => {
    await inProcess(async () => {
      trapExit();
      expect(await Task.async(() => exit('boom')).yield()).toEqual({
        type: 'exit',
        reason: 'boom',
      });
      expect(await Task.async(() => exit('normal')).yield()).toEqual({
        type: 'exit',
        reason: 'normal',
      });
    });
  });

  test('[OTP T009] takes the answer even if the task has died since', async () => {
    await inProcess(async () => {
      const task = Task.async(() => 1);
      await settle();
      expect(await task.yield(0)).toEqual({ type: 'ok', value: 1 });
      expect(await mailbox()).toEqual([]);
    });
  });
});

describe('shutdown', () => {
  test('[OTP T011] [TSK12] ends a sleeping task, and gives undefined', async () => {
    await inProcess(async () => {
      const task = sleeping();
      await settle();
      expect(await task.shutdown()).toBeUndefined();
      expect(isAlive(task.pid as Pid)).toBe(false);
      expect(processInfo(self())).toMatchObject({ links: [], monitors: 0 });
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP T011] [TSK12] gives the result of a task that has finished', async () => {
    await inProcess(async () => {
      const task = Task.async(() => 'done');
      await settle();
      expect(await task.shutdown()).toEqual({ type: 'ok', value: 'done' });
      const other = Task.async(() => 'done');
      await settle();
      expect(await other.shutdown('brutal_kill')).toEqual({ type: 'ok', value: 'done' });
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP T012] [TSK12] kills a task that traps exits after the timeout', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      const task = stubborn();
      await settle();
      const ending = task.shutdown(10);
      await clock.advance(10);
      expect(await ending).toEqual({ type: 'exit', reason: 'killed' });
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP T012] [TSK12] brutal_kill needs no time, and gives undefined', async () => {
    await inProcess(async () => {
      const task = stubborn();
      await settle();
      expect(await task.shutdown('brutal_kill')).toBeUndefined();
      expect(await mailbox()).toEqual([]);
    });
  });

  test.each<[ExitReason, unknown]>([
    ['boom', { type: 'exit', reason: 'boom' }],
    ['normal', { type: 'exit', reason: 'normal' }],
    ['shutdown', undefined],
    ['killed', { type: 'exit', reason: 'killed' }],
  ])('[OTP T011] [TSK13] of a task that died before with %s', async (reason, result) => {
    await inProcess(async () => {
      trapExit();
      const task = Task.async(() => exit(reason));
      await settle();
      expect(await task.shutdown()).toEqual(result);
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: task.pid, reason }]);
    });
  });

  test('[OTP T012] by kill, of a task that was killed before', async () => {
    await inProcess(async () => {
      trapExit();
      const task = sleeping();
      exit(task.pid as Pid, 'kill');
      expect(await task.shutdown('brutal_kill')).toBeUndefined();
    });
  });

  test('[OTP T012] [TSK12] of a task whose end was taken already is noproc', async () => {
    await inProcess(async () => {
      const task = Task.async(() => 1);
      await task.await();
      await settle();
      expect(await task.shutdown()).toEqual({ type: 'exit', reason: 'noproc' });
      expect(await task.shutdown('brutal_kill')).toEqual({ type: 'exit', reason: 'noproc' });
    });
  });

  test('[OTP T011] a task that answers the signal with another reason', async () => {
    await inProcess(async () => {
      const task = Task.async(async () => {
        trapExit();
        await receive();
        exit('tidied up');
      });
      await settle();
      expect(await task.shutdown()).toEqual({ type: 'exit', reason: 'tidied up' });
    });
  });

  test('a task that answers while it is being shut down is listened to', async () => {
    await inProcess(async () => {
      const task = Task.async(async () => {
        trapExit();
        await receive();
        return 'last words';
      });
      await settle();
      expect(await task.shutdown()).toEqual({ type: 'ok', value: 'last words' });
      expect(await mailbox()).toEqual([]);
    });
  });

  test('works in plain code', async () => {
    await using _check = leakCheck();
    expect(await sleeping().shutdown()).toBeUndefined();
    const done = Task.async(() => 1);
    await settle();
    expect(await done.shutdown()).toEqual({ type: 'ok', value: 1 });
  });
});

describe('ignore', () => {
  test('[OTP T006] gives the result that is there', async () => {
    await inProcess(async () => {
      trapExit();
      const done = Task.async(() => 'ok');
      const failed = Task.async(() => exit('oops'));
      await settle();
      expect(done.ignore()).toEqual({ type: 'ok', value: 'ok' });
      expect(failed.ignore()).toEqual({ type: 'exit', reason: 'oops' });
      expect(Task.completed('done').ignore()).toEqual({ type: 'ok', value: 'done' });
    });
  });

  test('[OTP T006] [TSK25] drops what comes later, and the link', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      const answer = Promise.withResolvers<number>();
      const task = Task.async(() => answer.promise);
      const failing = Task.async(() => answer.promise.then(() => exit('oops')));
      expect(task.ignore()).toBeUndefined();
      expect(failing.ignore()).toBeUndefined();
      expect(processInfo(self())).toMatchObject({ links: [], monitors: 0 });
      answer.resolve(1);
      expect(await mailbox()).toEqual([]);
      const awaiting = task.await(10);
      awaiting.catch(() => {});
      await clock.advance(10);
      await expect(awaiting).rejects.toThrow('time out');
    });
  });
});

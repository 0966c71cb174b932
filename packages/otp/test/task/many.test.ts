import {
  exit,
  isAlive,
  processInfo,
  self,
  send,
  Task,
  TaskError,
  trapExit,
  type Pid,
} from '@linnet/otp';
import { inProcess, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { mailbox, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

const never = (): Promise<never> => new Promise(() => {});

describe('awaitMany', () => {
  test('[OTP T008] [TSK15] gives the values in the order of the tasks', async () => {
    await inProcess(async () => {
      const first = Promise.withResolvers<number>();
      const slow = Task.async(() => first.promise);
      const fast = Task.async(() => 'two');
      await settle();
      first.resolve(1);
      const values: [number, string] = await Task.awaitMany([slow, fast]);
      expect(values).toEqual([1, 'two']);
      expect(await Task.awaitMany([])).toEqual([]);
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP T008] leaves messages that are none of its tasks', async () => {
    await inProcess(async () => {
      send(self(), 'foreign');
      const other = Task.async(() => 'other');
      expect(await Task.awaitMany([Task.async(() => 1)])).toEqual([1]);
      expect(await mailbox()).toEqual([
        'foreign',
        { type: 'task', ref: other.ref, value: 'other' },
        expect.objectContaining({ type: 'DOWN', ref: other.ref }),
      ]);
    });
  });

  test('[OTP T008] [TSK15] ends with the timeout for all together', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      const answers = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
      const tasks = answers.map(({ promise }) => Task.async(() => promise));
      const awaiting = Task.awaitMany(tasks, 10);
      awaiting.catch(() => {});
      await clock.advance(6);
      answers[0]?.resolve(1);
      await clock.advance(4);
      await expect(awaiting).rejects.toThrow(
        expect.objectContaining({
          code: 'ERR_TASK_TIMEOUT',
          reason: ['timeout', ['Task', 'awaitMany', [tasks, 10]]],
        }) as Error,
      );
      expect(processInfo(self())?.monitors).toBe(0);
      answers[1]?.resolve(2);
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP T008] [TSK15] ends with the first failure', async () => {
    await inProcess(async () => {
      trapExit();
      const waiting = Task.async(never);
      const failing = Task.async(() => exit('boom'));
      const tasks = [waiting, failing] as const;
      const awaiting = Task.awaitMany(tasks);
      await expect(awaiting).rejects.toThrow(TaskError);
      await expect(awaiting).rejects.toThrow(
        expect.objectContaining({
          reason: ['boom', ['Task', 'awaitMany', [tasks, 5000]]],
        }) as Error,
      );
      expect(isAlive(waiting.pid as Pid)).toBe(true);
      expect(processInfo(self())?.monitors).toBe(0);
      await waiting.shutdown('brutal_kill');
    });
  });

  test('works in plain code', async () => {
    const tasks = [1, 2, 3].map((n) => Task.async(async () => n));
    expect(await Task.awaitMany(tasks)).toEqual([1, 2, 3]);
    const failing = Task.awaitMany([Task.async(never), Task.async(() => exit('boom'))]);
    await expect(failing).rejects.toThrow(expect.objectContaining({ why: 'boom' }) as Error);
  });
});

describe('yieldMany', () => {
  test('[OTP T010] [TSK16] gives each task with its result, or undefined', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      trapExit();
      const answer = Promise.withResolvers<number>();
      const done = Task.async(() => 1);
      const slow = Task.async(() => answer.promise);
      const failed = Task.async(() => exit('boom'));
      const yielding = Task.yieldMany([done, slow, failed], 10);
      await clock.advance(10);
      expect(await yielding).toEqual([
        [done, { type: 'ok', value: 1 }],
        [slow, undefined],
        [failed, { type: 'exit', reason: 'boom' }],
      ]);
      answer.resolve(2);
      expect(await slow.await()).toBe(2);
    });
  });

  test('[OTP T010] kills or gives up the tasks that are late, if asked to', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      const killed = Task.async(never);
      const killing = Task.yieldMany([killed], { timeout: 10, onTimeout: 'kill_task' });
      await clock.advance(10);
      expect(await killing).toEqual([[killed, undefined]]);
      expect(isAlive(killed.pid as Pid)).toBe(false);

      const answer = Promise.withResolvers<number>();
      const ignored = Task.async(() => answer.promise);
      const ignoring = Task.yieldMany([ignored], { timeout: 10, onTimeout: 'ignore' });
      await clock.advance(10);
      expect(await ignoring).toEqual([[ignored, undefined]]);
      expect(processInfo(self())?.links).toEqual([]);
      answer.resolve(1);
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP T010] a limit is enough', async () => {
    await inProcess(async () => {
      const slow = Task.async(never);
      const fast = Task.async(() => 1);
      expect(await Task.yieldMany([slow, fast], { limit: 1 })).toEqual([
        [slow, undefined],
        [fast, { type: 'ok', value: 1 }],
      ]);
      const others = [Task.async(() => 2), Task.async(() => 3)];
      expect(await Task.yieldMany(others, { limit: 9, timeout: 'infinity' })).toHaveLength(2);
      await slow.shutdown('brutal_kill');
    });
  });

  test('[OTP T010] options that are not valid are refused by name', async () => {
    await expect(Task.yieldMany([], { limit: 0 })).rejects.toThrow(
      'limit must be a positive integer',
    );
    await expect(Task.yieldMany([], { onTimeout: 'wait' as never })).rejects.toThrow('onTimeout');
    await expect(Task.yieldMany([], { timeout: -1 })).rejects.toThrow('timeout');
    await expect(Task.awaitMany([1 as never])).rejects.toThrow('tasks must be a list of tasks');
  });
});

import {
  cancelTimer,
  exit,
  exitAfter,
  isAlive,
  killAfter,
  monitor,
  readTimer,
  receive,
  register,
  self,
  send,
  sendAfter,
  sendInterval,
  spawn,
  trapExit,
  unregister,
  type DownMessage,
} from '@linnet/otp';
import { inProcess, processSnapshot, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deadPid, flush, quietCrashes } from '../../support/mailbox.ts';

quietCrashes();

describe('sendAfter', () => {
  test('delivers after its delay, and cancelTimer tells what was left', async () => {
    const clock = new TestClock().install(onTestFinished);
    const pid = spawn(async () => {
      await receive((message) => message === 'end');
      expect(await flush()).toEqual(['b']);
    });
    const timer = sendAfter(pid, 'a', 100);
    sendAfter(pid, 'b', 50);
    await clock.advance(60);
    expect(cancelTimer(timer)).toBe(40);
    expect(cancelTimer(timer)).toBe(false);
    await clock.advance(100);
    send(pid, 'end');
    await settle();
    expect(isAlive(pid)).toBe(false);
  });

  test('the timer is dropped when its process dies', async () => {
    const clock = new TestClock().install(onTestFinished);
    const pid = spawn(() => receive());
    const timer = sendAfter(pid, 'x', 100);
    exit(pid, 'kill');
    expect(cancelTimer(timer)).toBe(false);
    expect(cancelTimer(sendAfter(pid, 'x', 100))).toBe(false);
    await settle();
    expect(clock.pending).toBe(0);
  });

  test('a name is looked up when the timer fires', async () => {
    const clock = new TestClock().install(onTestFinished);
    sendAfter('not yet', 'x', 100);
    sendAfter('never', 'x', 100);
    await clock.advance(50);
    const got = inProcess(() => (register('not yet'), receive()));
    await clock.advance(50);
    expect(await got).toBe('x');
  });

  test('a registry that throws when the timer fires harms nobody', async () => {
    const clock = new TestClock().install(onTestFinished);
    const registry = {
      whereisName: () => {
        throw new Error('registry');
      },
      registerName: () => true,
      unregisterName: () => {},
    };
    const done = inProcess(async () => {
      sendAfter({ via: [registry, 'key'] }, 'lost', 100);
      sendAfter(self(), 'kept', 100);
      return receive();
    });
    await settle();
    await clock.advance(100);
    expect(await done).toBe('kept');
  });

  test('refuses what is neither a process nor a delay', () => {
    const badarg = expect.objectContaining({ code: 'ERR_BADARG' }) as Error;
    for (const ms of [-1, Number.NaN, '5', undefined, 'infinity']) {
      expect(() => sendAfter('x', 1, ms as number)).toThrow(badarg);
    }
    for (const to of [undefined, null, 5, {}]) {
      expect(() => sendAfter(to as never, 1, 5)).toThrow(badarg);
    }
  });
});

describe('sendInterval', () => {
  test('sends again and again, until it is cancelled', async () => {
    const clock = new TestClock().install(onTestFinished);
    const got: number[] = [];
    const pid = spawn(async () => {
      for (;;) {
        await receive();
        got.push(clock.now());
      }
    });
    const timer = sendInterval(pid, 'tick', 100);
    await clock.advance(350);
    expect(got).toEqual([100, 200, 300]);
    expect(readTimer(timer)).toBe(50);
    expect(cancelTimer(timer)).toBe(50);
    expect(cancelTimer(timer)).toBe(false);
    await clock.advance(1000);
    expect(got).toHaveLength(3);
    exit(pid, 'kill');
  });

  test('ends with its process, and leaves nothing behind', async () => {
    const clock = new TestClock().install(onTestFinished);
    const before = processSnapshot();
    const pid = spawn(() => receive(() => false));
    const timer = sendInterval(pid, 'tick', 100);
    await clock.advance(250);
    exit(pid, 'kill');
    expect(readTimer(timer)).toBe(false);
    expect(processSnapshot()).toMatchObject({ timers: before.timers, watches: before.watches });
    expect(readTimer(sendInterval(await deadPid(), 'tick', 100))).toBe(false);
  });

  test('to a name reaches whoever has it at each time', async () => {
    const clock = new TestClock().install(onTestFinished);
    const counts = [0, 0];
    const pids = counts.map((_, i) =>
      spawn(async () => {
        for (;;) {
          await receive();
          counts[i] = (counts[i] ?? 0) + 1;
        }
      }),
    );
    const timer = sendInterval('whoever', 'tick', 10);
    await clock.advance(10);
    for (const pid of pids) {
      register('whoever', pid);
      await clock.advance(20);
      unregister('whoever');
    }
    expect(counts).toEqual([2, 2]);
    cancelTimer(timer);
    for (const pid of pids) exit(pid, 'kill');
  });

  test('does not make up for times that the event loop has missed, and does not drift', async () => {
    const got: number[] = [];
    const start = performance.now();
    await inProcess(async () => {
      const timer = sendInterval(self(), 'tick', 20);
      await receive();
      while (performance.now() - start < 90);
      for (let i = 0; i < 3; i++) {
        await receive();
        got.push(performance.now() - start);
      }
      cancelTimer(timer);
    });
    // Whenever it comes, it comes after a multiple of the interval, and each multiple once.
    const multiples = got.map((at) => Math.floor(at / 20));
    expect(new Set(multiples).size).toBeGreaterThanOrEqual(2);
    expect(multiples.toSorted((a, b) => a - b)).toEqual(multiples);
  });

  test('refuses an interval that is no time', () => {
    for (const ms of [0, -1, Number.NaN, 'infinity', undefined]) {
      expect(() => sendInterval('x', 1, ms as number)).toThrow(
        expect.objectContaining({ code: 'ERR_BADARG' }) as Error,
      );
    }
  });
});

describe('exitAfter and killAfter', () => {
  test('send the signal when the time is over, as from whoever has asked', async () => {
    const clock = new TestClock().install(onTestFinished);
    await inProcess(async () => {
      const trapping = spawn(async () => {
        trapExit();
        const { from, reason } = (await receive()) as { from: unknown; reason: unknown };
        exit([from, reason]);
      });
      const owner = self();
      monitor(trapping);
      exitAfter(trapping, 'too_slow', 100);
      const stubborn = spawn(async () => {
        trapExit();
        await receive(() => false);
      });
      monitor(stubborn);
      killAfter(stubborn, 50);
      const advanced = clock.advance(100);
      expect(((await receive()) as DownMessage).reason).toBe('killed');
      expect(((await receive()) as DownMessage).reason).toEqual([owner, 'too_slow']);
      void advanced;
    });
  });

  test('are cancelled as other timers are', async () => {
    const clock = new TestClock().install(onTestFinished);
    const pid = spawn(() => receive());
    const timer = exitAfter(pid, 'late', 100);
    expect(readTimer(timer)).toBe(100);
    expect(cancelTimer(timer)).toBe(100);
    await clock.advance(200);
    expect(isAlive(pid)).toBe(true);
    exit(pid, 'kill');
  });
});

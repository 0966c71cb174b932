import { TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { arm } from '../../../src/index.ts';
import type { Timer } from '../../../src/index.ts';
import { quietCrashes } from '../../support/mailbox.ts';
import { armedTimers, systemClock } from '../../../src/process/time/clock.ts';

quietCrashes();

function target(log: unknown[], name: unknown): { onTimeout(): void } {
  return { onTimeout: () => void log.push(name) };
}

describe('timers', () => {
  test('those with the same delay share one wake-up of the clock', async () => {
    const clock = new TestClock().install(onTestFinished);
    const fired: unknown[] = [];
    const before = armedTimers();
    for (let i = 0; i < 1000; i++) arm(target(fired, i), 50);
    arm(target(fired, 'other'), 60);
    expect(clock.pending).toBe(2);
    expect(armedTimers() - before).toBe(1001);
    await clock.advance(60);
    expect(fired).toEqual([...Array.from({ length: 1000 }, (_, i) => i), 'other']);
    expect(armedTimers()).toBe(before);
  });

  test('fire when their own delay is over', async () => {
    const clock = new TestClock().install(onTestFinished);
    const fired: unknown[] = [];
    arm(target(fired, 'first'), 100);
    await clock.advance(40);
    arm(target(fired, 'second'), 100);
    await clock.advance(60);
    expect(fired).toEqual(['first']);
    await clock.advance(39);
    expect(fired).toEqual(['first']);
    await clock.advance(1);
    expect(fired).toEqual(['first', 'second']);
  });

  test('can be cancelled and refreshed in any order', async () => {
    const clock = new TestClock().install(onTestFinished);
    const fired: unknown[] = [];
    const timers = Array.from({ length: 5 }, (_, i) => arm(target(fired, i), 100)) as [
      Timer,
      Timer,
      Timer,
      Timer,
      Timer,
    ];
    await clock.advance(50);
    expect(timers[2].cancel()).toBe(true);
    expect(timers[2].cancel()).toBe(false);
    expect(timers[0].cancel()).toBe(true);
    timers[1].refresh();
    timers[2].refresh();
    expect(timers[1].remaining()).toBe(100);
    expect(timers[2].remaining()).toBe(0);
    expect(timers[4].remaining()).toBe(50);
    await clock.advance(50);
    expect(fired).toEqual([3, 4]);
    await clock.advance(50);
    expect(fired).toEqual([3, 4, 1]);
  });

  test('one that is refreshed in the turn in which it was armed keeps its place', async () => {
    const fired: unknown[] = [];
    await new Promise<void>((done) => {
      const first = arm(target(fired, 'first'), 5);
      arm({ onTimeout: () => (fired.push('second'), done()) }, 5);
      first.refresh();
      expect(first.remaining()).toBe(5);
    });
    expect(fired).toEqual(['first', 'second']);
  });

  test('one that is refreshed in a later turn starts anew', async () => {
    const fired: unknown[] = [];
    await new Promise<void>((done) => {
      const first = arm({ onTimeout: () => (fired.push('first'), done()) }, 5);
      arm(target(fired, 'second'), 5);
      setImmediate(() => first.refresh());
    });
    expect(fired).toEqual(['second', 'first']);
  });

  test('one that is armed while another fires waits for its own delay', async () => {
    const clock = new TestClock().install(onTestFinished);
    const fired: unknown[] = [];
    const again = { onTimeout: () => (fired.push(clock.now()), arm(again, 10)) };
    const timer = arm(again, 10);
    await clock.advance(30);
    expect(fired).toEqual([10, 20, 30]);
    expect(timer.cancel()).toBe(false);
  });

  test('one that cancels its neighbour while it fires is obeyed', async () => {
    const clock = new TestClock().install(onTestFinished);
    const fired: unknown[] = [];
    const all: Timer[] = [];
    all.push(arm({ onTimeout: () => (fired.push(0), all[1]?.cancel(), all[3]?.cancel()) }, 10));
    for (let i = 1; i < 5; i++) all.push(arm(target(fired, i), 10));
    await clock.advance(10);
    expect(fired).toEqual([0, 2, 4]);
  });

  test('one that throws does not keep the others from firing', async () => {
    const clock = new TestClock().install(onTestFinished);
    const fired: unknown[] = [];
    arm(target(fired, 'before'), 10);
    arm(
      {
        onTimeout: () => {
          throw new Error('a bug of the runtime');
        },
      },
      10,
    );
    arm(target(fired, 'after'), 10);
    await expect(clock.advance(10)).rejects.toThrow('a bug of the runtime');
    await clock.advance(0);
    expect(fired).toEqual(['before', 'after']);
    arm(target(fired, 'next'), 10);
    await clock.advance(10);
    expect(fired).toEqual(['before', 'after', 'next']);
  });

  test('delays beyond the longest native timer are waited for in parts', () => {
    const wakeup = systemClock.wakeAfter(2 ** 40, () => {});
    wakeup.keepAlive(false);
    wakeup.cancel();
  });
});

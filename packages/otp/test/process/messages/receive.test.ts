import {
  exit,
  isAlive,
  link,
  processInfo,
  receive,
  ReceiveTimeoutError,
  self,
  send,
  sendAfter,
  spawn,
  type Pid,
} from '@linnet/otp';
import { inProcess, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { flush, quietCrashes } from '../../support/mailbox.ts';
import { useClock, type Clock } from '../../../src/process/time/clock.ts';

quietCrashes();

const is =
  (wanted: unknown) =>
  (message: unknown): boolean =>
    message === wanted;

describe('selective receive', () => {
  test('takes messages in their order', async () => {
    const got = await inProcess(async () => {
      for (let i = 0; i < 5; i++) send(self(), i);
      return flush();
    });
    expect(got).toEqual([0, 1, 2, 3, 4]);
  });

  test('takes the oldest match and leaves the others in their order', async () => {
    await inProcess(async () => {
      for (const message of [1, 'a', 2, 'b', 3]) send(self(), message);
      expect(await receive((m): m is string => typeof m === 'string')).toBe('a');
      expect(await receive(is(3))).toBe(3);
      expect(await flush()).toEqual([1, 2, 'b']);
    });
  });

  test('waits for a match while other messages arrive', async () => {
    const got: unknown[] = [];
    const pid = spawn(async () => {
      got.push(await receive(is('wanted')));
      got.push(...(await flush()));
    });
    await settle();
    for (const message of [1, 2, 'wanted', 3]) {
      send(pid, message);
      await settle();
    }
    expect(got).toEqual(['wanted', 1, 2]);
  });

  test('shows each message to a predicate once while it waits', async () => {
    const seen: unknown[] = [];
    const pid = spawn(() =>
      receive((message) => {
        seen.push(message);
        return message === 'end';
      }),
    );
    await settle();
    for (const message of [1, 2, 3, 'end']) {
      send(pid, message);
      await settle();
    }
    expect(seen).toEqual([1, 2, 3, 'end']);
  });

  test('takes one of 20,000 waiting messages', async () => {
    await inProcess(async () => {
      for (let i = 0; i < 20_000; i++) send(self(), i);
      expect(await receive(is(19_999))).toBe(19_999);
      expect(await receive(is(10_000))).toBe(10_000);
      expect(processInfo(self())?.messageQueueLength).toBe(19_998);
      expect((await flush()).slice(9998, 10_002)).toEqual([9998, 9999, 10_001, 10_002]);
    });
  });

  test('needs a process and a function', async () => {
    expect(() => receive()).toThrow(expect.objectContaining({ code: 'ERR_NO_PROCESS' }) as Error);
    await inProcess(() => {
      expect(() => receive('x' as never)).toThrow('match must be a function');
      expect(() => receive(is(1), { timeout: -1 })).toThrow('timeout must be');
    });
  });

  test('rejects with what its predicate throws, and the message stays', async () => {
    const bad = (): boolean => {
      throw new Error('predicate');
    };
    await inProcess(async () => {
      send(self(), 1);
      await expect(receive(bad)).rejects.toThrow('predicate');
      expect(await receive()).toBe(1);
      const pending = receive(bad);
      send(self(), 2);
      await expect(pending).rejects.toThrow('predicate');
      expect(await receive()).toBe(2);
    });
  });

  test('a predicate that ends its own process does no harm', async () => {
    const end = (): boolean => {
      exit(helper, 'boom');
      return true;
    };
    let helper: Pid;
    for (const early of [true, false]) {
      helper = spawn(() => receive());
      const pid = spawn(async () => {
        link(helper);
        if (early) send(self(), 'now');
        await receive(end);
      });
      await settle();
      send(pid, 'later');
      await settle();
      expect(isAlive(pid)).toBe(false);
    }
    expect(await inProcess(() => 'alive')).toBe('alive');
  });
});

describe('concurrent receives of one process', () => {
  test('each message goes to the oldest receive that accepts it', async () => {
    await inProcess(async () => {
      const all = Promise.all([receive(), receive(is('c')), receive()]);
      for (const message of ['a', 'b', 'c']) send(self(), message);
      expect(await all).toEqual(['a', 'c', 'b']);
    });
  });

  test('a later receive does not overtake an earlier one', async () => {
    await inProcess(async () => {
      const first = receive();
      send(self(), 1);
      send(self(), 2);
      const second = receive();
      expect([await first, await second]).toEqual([1, 2]);
    });
  });

  test('a receive that refuses a message leaves it to a later one', async () => {
    await inProcess(async () => {
      const picky = receive(is('never'), { timeout: 60_000 });
      picky.catch(() => {});
      send(self(), 1);
      await settle();
      expect(await receive()).toBe(1);
      send(self(), 2);
      expect(await receive()).toBe(2);
    });
  });

  test('a hundred receives get a hundred messages', async () => {
    const got = await inProcess(() => {
      const all = Promise.all(Array.from({ length: 100 }, () => receive()));
      for (let i = 0; i < 100; i++) send(self(), i);
      return all;
    });
    expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});

describe('receive with a timeout', () => {
  test('rejects after its timeout, and a later message stays in the mailbox', async () => {
    const clock = new TestClock().install(onTestFinished);
    const done = inProcess(async () => {
      sendAfter(self(), 'late', 101);
      await expect(receive(undefined, { timeout: 100 })).rejects.toThrow(ReceiveTimeoutError);
      expect(clock.now()).toBe(100);
      expect(await receive()).toBe('late');
    });
    await clock.advance(101);
    await done;
    expect(clock.pending).toBe(0);
  });

  test('a timeout of 0 looks at the mailbox only', async () => {
    await inProcess(async () => {
      await expect(receive(undefined, { timeout: 0 })).rejects.toMatchObject({
        code: 'ERR_RECEIVE_TIMEOUT',
        timeout: 0,
      });
      send(self(), 1);
      expect(await receive(undefined, { timeout: 0 })).toBe(1);
    });
  });

  test('a message that arrives at the very moment of the timeout wins', async () => {
    const clock = new ManualClock();
    onTestFinished(useClock(clock));
    const got: unknown[] = [];
    const pid = spawn(async () => {
      got.push(await receive(undefined, { timeout: 100 }));
      const first = receive();
      const second = receive(undefined, { timeout: 50 }).catch((error: Error) => error.name);
      got.push(await first, await second, await receive());
    });
    await settle();
    for (const message of ['in time', 'to the first']) {
      send(pid, message);
      clock.fire();
      await settle();
    }
    send(pid, 'last');
    await settle();
    expect(got).toEqual(['in time', 'to the first', 'ReceiveTimeoutError', 'last']);
  });

  test('a receive that got its message releases its timer', async () => {
    const clock = new TestClock().install(onTestFinished);
    await inProcess(async () => {
      send(self(), 1);
      await receive(undefined, { timeout: 100 });
      const waiting = receive(undefined, { timeout: 100 });
      send(self(), 2);
      await waiting;
    });
    await settle();
    expect(clock.pending).toBe(0);
  });

  test('a predicate that throws when the timeout fires rejects the receive', async () => {
    const clock = new ManualClock();
    onTestFinished(useClock(clock));
    const results: unknown[] = [];
    const other = spawn(async () =>
      results.push(await receive(undefined, { timeout: 100 }).catch(() => 'timeout')),
    );
    const pid = spawn(async () => {
      const bad = (): boolean => {
        throw new Error('predicate');
      };
      results.push(await receive(bad, { timeout: 100 }).catch((error: Error) => error.message));
    });
    const third = spawn(async () =>
      results.push(await receive(undefined, { timeout: 100 }).catch(() => 'timeout')),
    );
    await settle();
    send(pid, 'arrives');
    clock.fire();
    await settle();
    expect(results).toHaveLength(3);
    expect(new Set(results)).toEqual(new Set(['predicate', 'timeout']));
    expect([other, pid, third].filter((each) => isAlive(each))).toEqual([]);
  });

  test('the timer goes with a process that dies while it waits', async () => {
    const clock = new TestClock().install(onTestFinished);
    const pid = spawn(() => receive(undefined, { timeout: 100 }));
    await settle();
    expect(clock.pending).toBe(1);
    exit(pid, 'kill');
    await settle();
    expect(clock.pending).toBe(0);
  });
});

/** Fires its wake-ups in the middle of a turn, as a late timer of the event loop does. */
class ManualClock implements Clock {
  #now = 0;
  readonly #wakeups = new Set<() => void>();

  now(): number {
    return this.#now;
  }

  wakeAfter(_delay: number, callback: () => void): ReturnType<Clock['wakeAfter']> {
    this.#wakeups.add(callback);
    return { cancel: () => void this.#wakeups.delete(callback), keepAlive: () => {} };
  }

  fire(): void {
    this.#now += 1000;
    const due = [...this.#wakeups];
    this.#wakeups.clear();
    for (const callback of due) callback();
  }
}

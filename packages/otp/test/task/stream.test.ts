import {
  BadArgumentError,
  callers,
  exit,
  monitor,
  processInfo,
  receive,
  self,
  send,
  spawn,
  Task,
  TaskError,
  trapExit,
  type DownMessage,
  type StreamItem,
  type StreamOptions,
} from '@linnet/otp';
import { inProcess, leakCheck, processSnapshot, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { mailbox, quietCrashes } from '../support/mailbox.ts';
import { collect } from './collect.ts';

quietCrashes();

const never = (): Promise<never> => new Promise(() => {});
const ok = <T>(value: T): StreamItem<T> => ({ type: 'ok', value });
const failed = (reason: unknown, input: unknown): StreamItem<never> => ({
  type: 'exit',
  reason,
  input,
});

/** Answers when the test says so, in the order in which it says so. */
class Gates {
  readonly #gates = new Map<unknown, PromiseWithResolvers<unknown>>();
  readonly entered: unknown[] = [];

  pass = (input: unknown): Promise<unknown> => {
    this.entered.push(input);
    return this.#gate(input).promise;
  };

  async open(...inputs: unknown[]): Promise<void> {
    for (const input of inputs) {
      this.#gate(input).resolve(input);
      await settle();
    }
  }

  #gate(input: unknown): PromiseWithResolvers<unknown> {
    const gate = this.#gates.get(input) ?? Promise.withResolvers<unknown>();
    this.#gates.set(input, gate);
    return gate;
  }
}

/** Counts what is read of an input, and whether it was told that no more is wanted. */
function counted(end: number): Iterable<number> & { read: number; returned: boolean } {
  const input = {
    read: 0,
    returned: false,
    *[Symbol.iterator]() {
      try {
        for (let n = 1; n <= end; n++) {
          input.read = n;
          yield n;
        }
      } finally {
        input.returned = true;
      }
    },
  };
  return input;
}

describe.each([1, 2, 4, 8])('asyncStream with maxConcurrency %i', (maxConcurrency) => {
  test('[OTP T016] gives the results in the order of the input', async () => {
    await inProcess(async () => {
      const double = async (n: number): Promise<number> => n * 2;
      const items = await collect(Task.asyncStream([1, 2, 3, 4, 5], double, { maxConcurrency }));
      expect(items).toEqual([2, 4, 6, 8, 10].map(ok));
      expect(processInfo(self())).toMatchObject({ links: [], monitors: 0 });
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP T016] [TSK18] never runs more tasks than that', async () => {
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await settle();
      running--;
    };
    await inProcess(async () => {
      for await (const item of Task.asyncStream(counted(20), work, { maxConcurrency })) {
        expect(item.type).toBe('ok');
      }
    });
    expect(most).toBe(maxConcurrency);
  });

  test('[OTP T016] [TSK21] gives failures as items to a caller that traps exits', async () => {
    await inProcess(async () => {
      trapExit();
      const stream = Task.asyncStream([1, 2, 3], (n) => exit(n), { maxConcurrency });
      expect(await collect(stream)).toEqual([1, 2, 3].map((n) => failed(n, n)));
      expect(processInfo(self())?.links).toEqual([]);
      expect(await mailbox()).toEqual([]);
    });
  });

  test('[OTP T016] [TSK23] kills the rest when the consumer has enough', async () => {
    await using _check = leakCheck();
    const input = counted(100);
    await inProcess(async () => {
      const act = (n: number): unknown => (n === 1 ? 1 : never());
      for await (const item of Task.asyncStream(input, act, { maxConcurrency })) {
        expect(item).toEqual(ok(1));
        break;
      }
      expect(processInfo(self())).toMatchObject({ links: [], monitors: 0 });
      expect(await mailbox()).toEqual([]);
    });
    expect(input.returned).toBe(true);
    expect(input.read).toBe(maxConcurrency);
  });

  test('[OTP T016] streams can be nested and zipped', async () => {
    await inProcess(async () => {
      const options: StreamOptions = { maxConcurrency };
      const inner = Task.asyncStream([1, 2, 3], (n) => n + 1, options);
      const outer = Task.asyncStream(inner, (item) => item, options);
      expect(await collect(outer)).toEqual([2, 3, 4].map((n) => ok(ok(n))));
      const [left, right] = [inner[Symbol.asyncIterator](), inner[Symbol.asyncIterator]()];
      for (const n of [2, 3, 4]) {
        expect([(await left.next()).value, (await right.next()).value]).toEqual([ok(n), ok(n)]);
      }
      expect([await left.next(), await right.next()]).toEqual([
        { done: true, value: undefined },
        { done: true, value: undefined },
      ]);
    });
  });
});

describe('the order of results', () => {
  test('[TSK17] ordered waits for a slow head, and delivers at once what has piled up', async () => {
    const gates = new Gates();
    await inProcess(async () => {
      const stream = Task.asyncStream(['slow', 'b', 'c', 'd'], gates.pass, { maxConcurrency: 2 });
      const items = stream[Symbol.asyncIterator]();
      const first = items.next();
      await gates.open('b', 'c');
      // The slots of b and c are free again, though their results wait for the head.
      expect(gates.entered).toEqual(['slow', 'b', 'c', 'd']);
      await gates.open('d', 'slow');
      expect((await first).value).toEqual(ok('slow'));
      for (const name of ['b', 'c', 'd']) expect((await items.next()).value).toEqual(ok(name));
      expect((await items.next()).done).toBe(true);
    });
  });

  test('[OTP T013] [TSK17] unordered delivers as tasks end', async () => {
    const gates = new Gates();
    await inProcess(async () => {
      const stream = Task.asyncStream(['slow', 'b', 'c'], gates.pass, {
        maxConcurrency: 2,
        ordered: false,
      });
      const items = stream[Symbol.asyncIterator]();
      const first = items.next();
      await gates.open('b');
      expect((await first).value).toEqual(ok('b'));
      const second = items.next();
      await settle();
      await gates.open('c', 'slow');
      expect((await second).value).toEqual(ok('c'));
      expect((await items.next()).value).toEqual(ok('slow'));
      expect((await items.next()).done).toBe(true);
    });
  });
});

describe('back-pressure', () => {
  test('nothing runs before the first item is asked for', async () => {
    const input = counted(10);
    const stream = Task.asyncStream(input, (n) => n);
    await settle();
    expect(input.read).toBe(0);
    expect(await collect(stream)).toHaveLength(10);
    expect(await collect(stream)).toHaveLength(10);
  });

  test('the input is read as far as there are slots, and not while nobody asks', async () => {
    await inProcess(async () => {
      const input = counted(100);
      const items = Task.asyncStream(input, (n) => n, { maxConcurrency: 3 })[
        Symbol.asyncIterator
      ]();
      expect((await items.next()).value).toEqual(ok(1));
      await settle();
      expect(input.read).toBeLessThanOrEqual(5);
      const read = input.read;
      await settle();
      expect(input.read).toBe(read);
      await items.return?.();
      expect(input.returned).toBe(true);
      expect(await items.next()).toEqual({ done: true, value: undefined });
    });
  });

  test('an async input that is slow does not hold back results', async () => {
    const more = Promise.withResolvers<void>();
    async function* input(): AsyncGenerator<number> {
      yield 1;
      await more.promise;
      yield 2;
    }
    await inProcess(async () => {
      const items = Task.asyncStream(input(), (n) => n)[Symbol.asyncIterator]();
      expect((await items.next()).value).toEqual(ok(1));
      more.resolve();
      expect((await items.next()).value).toEqual(ok(2));
      expect((await items.next()).done).toBe(true);
    });
  });

  test('can be left while an async input is still busy', async () => {
    await using _check = leakCheck();
    async function* input(): AsyncGenerator<number> {
      yield 1;
      await never();
    }
    for await (const item of Task.asyncStream(input(), (n) => n)) {
      expect(item).toEqual(ok(1));
      break;
    }
  });

  test('leaving while a result is awaited ends the wait', async () => {
    await using _check = leakCheck();
    const items = Task.asyncStream([1], never)[Symbol.asyncIterator]();
    const waiting = items.next();
    await settle();
    await items.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test('items asked for at the same time come in order', async () => {
    const items = Task.asyncStream([1, 2, 3], async (n) => n)[Symbol.asyncIterator]();
    const all = await Promise.all([items.next(), items.next(), items.next(), items.next()]);
    expect(all.map(({ value }) => value as unknown)).toEqual([ok(1), ok(2), ok(3), undefined]);
  });
});

describe('timeouts', () => {
  test('[OTP T013] [TSK19] end the stream, and its caller if that does not catch', async () => {
    await using _check = leakCheck();
    using clock = new TestClock().install();
    const end = await inProcess(async () => {
      const consumer = spawn(async () => {
        for await (const _ of Task.asyncStream([1, 2], never, { timeout: 20 }));
      });
      monitor(consumer);
      await clock.advance(20);
      return ((await receive()) as DownMessage).reason;
    });
    expect(end).toEqual(['timeout', ['Task.Supervised', 'stream', [20]]]);
  });

  test('[OTP T013] [TSK19] leave nothing in the mailbox of a caller that catches', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      trapExit();
      const items = collect(
        Task.asyncStream([0, 1], (n) => (n === 0 ? never() : n), { timeout: 20 }),
      );
      items.catch(() => {});
      await clock.advance(20);
      await expect(items).rejects.toThrow(TaskError);
      expect(await mailbox()).toEqual([]);
      expect(processInfo(self())).toMatchObject({ links: [], monitors: 0 });
    });
  });

  test('[OTP T013] [TSK20] give items if asked to', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      const act = (n: number): unknown => (n % 2 === 0 ? never() : n);
      const options: StreamOptions = { timeout: 20, onTimeout: 'kill_task', maxConcurrency: 4 };
      const ordered = collect(Task.asyncStream([0, 1, 2, 3], act, options));
      await clock.advance(20);
      expect(await ordered).toEqual([failed('timeout', 0), ok(1), failed('timeout', 2), ok(3)]);
      const unordered = collect(
        Task.asyncStream([0, 1, 2, 3], act, { ...options, ordered: false }),
      );
      await clock.advance(20);
      expect((await unordered).map(({ type }) => type)).toEqual(['ok', 'ok', 'exit', 'exit']);
      expect(await mailbox()).toEqual([]);
    });
  });

  test('run for each task from its own start, and by default for 5 seconds', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      const gates = new Gates();
      const options: StreamOptions = { maxConcurrency: 1, onTimeout: 'kill_task' };
      const items = collect(Task.asyncStream(['a', 'b'], gates.pass, options));
      await clock.advance(4000);
      await gates.open('a');
      await clock.advance(4999);
      expect(gates.entered).toEqual(['a', 'b']);
      await clock.advance(1);
      expect(await items).toEqual([ok('a'), failed('timeout', 'b')]);
    });
  });

  test('[OTP T013] can be infinite', async () => {
    await inProcess(async () => {
      using clock = new TestClock().install();
      const gates = new Gates();
      const items = collect(Task.asyncStream(['a'], gates.pass, { timeout: 'infinity' }));
      await clock.advance(1e9);
      await gates.open('a');
      expect(await items).toEqual([ok('a')]);
    });
  });
});

describe('failures', () => {
  test('[TSK22] a failing task takes a caller along that does not trap exits', async () => {
    const reason = await inProcess(async () => {
      const consumer = spawn(async () => {
        for await (const _ of Task.asyncStream([1], () => exit('boom')));
      });
      monitor(consumer);
      return ((await receive()) as DownMessage).reason;
    });
    expect(reason).toBe('boom');
  });

  test('[TSK24] the input of a failed task is part of its item', async () => {
    await inProcess(async () => {
      trapExit();
      const stream = Task.asyncStream(['a', 'b'], (name) => exit(`${name} failed`));
      expect(await collect(stream)).toEqual([failed('a failed', 'a'), failed('b failed', 'b')]);
    });
  });

  test('in plain code they are items, since there is nobody to link with', async () => {
    const stream = Task.asyncStream([1, 2], (n) => (n === 1 ? exit('boom') : n));
    expect(await collect(stream)).toEqual([failed('boom', 1), ok(2)]);
  });

  test('[OTP T016] an input that throws ends the stream and kills its tasks', async () => {
    await using _check = leakCheck();
    const bad = function* (): Generator<number> {
      yield 1;
      throw new Error('bad input');
    };
    const badLater = async function* (): AsyncGenerator<number> {
      yield 1;
      await settle();
      throw new Error('bad input');
    };
    await inProcess(async () => {
      for (const input of [bad, badLater]) {
        const items = collect(Task.asyncStream(input(), never));
        await expect(items).rejects.toThrow('bad input');
      }
      expect(processInfo(self())?.links).toEqual([]);
    });
  });

  test('[OTP T016] an error in the loop kills the tasks and ends the input', async () => {
    await using _check = leakCheck();
    const input = counted(10);
    await inProcess(async () => {
      const loop = async (): Promise<void> => {
        for await (const _ of Task.asyncStream(input, (n) => (n === 1 ? 1 : never()))) {
          throw new Error('in the loop');
        }
      };
      await expect(loop()).rejects.toThrow('in the loop');
      expect(processInfo(self())?.links).toEqual([]);
      expect(await mailbox()).toEqual([]);
    });
    expect(input.returned).toBe(true);
  });

  test('[OTP T015] messages that look like the end of a task mean nothing to the stream', async () => {
    await inProcess(async () => {
      const gates = new Gates();
      const items = collect(Task.asyncStream(['a'], gates.pass));
      await settle();
      const forged = { type: 'DOWN', ref: {}, pid: self(), reason: 'normal' };
      send(self(), forged);
      await gates.open('a');
      expect(await items).toEqual([ok('a')]);
      expect(await mailbox()).toEqual([forged]);
    });
  });

  test('tasks do not outlive the process that consumes the stream', async () => {
    const before = processSnapshot().processes.length;
    const consumer = spawn(async () => {
      for await (const _ of Task.asyncStream([1, 2, 3], never));
    });
    await settle();
    expect(processSnapshot().processes.length).toBeGreaterThan(before + 1);
    exit(consumer, 'kill');
    expect(processSnapshot().processes).toHaveLength(before);
  });
});

test('[OTP T015] the tasks run on behalf of the consumer', async () => {
  const stream = Task.asyncStream([1], () => callers());
  await inProcess(async () => {
    expect(await collect(stream)).toEqual([ok([self()])]);
  });
  expect(await collect(stream)).toEqual([ok([])]);
});

test.each<[options: unknown, message: string]>([
  [{ maxConcurrency: 0 }, 'maxConcurrency must be an integer greater than zero, got 0'],
  [{ onTimeout: 'nothing' }, "onTimeout must be 'exit' or 'kill_task'"],
  [{ timeout: -1 }, "timeout must be a number of milliseconds >= 0 or 'infinity', got -1"],
  [{ ordered: 1 }, 'ordered must be a boolean'],
  [{ concurrency: 1 }, 'options must be made of maxConcurrency'],
  [{ shutdown: 10 }, 'options must be made of maxConcurrency'],
])('[OTP T014] the option %o is refused', (options, message) => {
  expect(() => Task.asyncStream([], (n) => n, options as StreamOptions)).toThrow(BadArgumentError);
  expect(() => Task.asyncStream([], (n) => n, options as StreamOptions)).toThrow(message);
});

test('[OTP T014] what is no iterable or no function is refused', () => {
  expect(() => Task.asyncStream(1 as never, (n) => n)).toThrow('items must be an iterable');
  expect(() => Task.asyncStream([], 1 as never)).toThrow('fn must be a function');
});

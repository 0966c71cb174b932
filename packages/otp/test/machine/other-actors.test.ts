import { exit, isAlive, Machine, receive, self, spawn, type Pid } from '@linnet/otp';
import { captureCrashReports, inProcess, settle, TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import {
  assign,
  createMachine,
  fromCallback,
  fromPromise,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';

test('an invoked promise runs as the process and its result is an event', async () => {
  const seen: unknown[] = [];
  const Loader = Machine.define(
    setup({
      actors: {
        load: fromPromise(async ({ input }: { input: number }) => {
          seen.push(self());
          await Promise.resolve();
          seen.push(self());
          return input * 2;
        }),
      },
    }).createMachine({
      context: { result: 0 },
      initial: 'loading',
      states: {
        loading: {
          invoke: {
            src: 'load',
            input: 21,
            onDone: { target: 'loaded', actions: assign({ result: ({ event }) => event.output }) },
          },
        },
        loaded: {},
      },
    }),
  );
  expect(Loader.engine).toBe('actor');
  const loader = await Loader.start();
  await settle();
  expect(loader.value).toBe('loaded');
  expect(loader.snapshot().context).toEqual({ result: 42 });
  expect(seen).toEqual([loader.pid, loader.pid]);
  await loader.stop();
});

test('the failure of an invoked actor that nobody handles ends the process, and nothing else', async () => {
  const Loader = Machine.define(
    createMachine({
      id: 'loader',
      initial: 'loading',
      states: {
        loading: {
          invoke: {
            id: 'load',
            src: fromPromise(async () => {
              await Promise.resolve();
              throw new Error('refused');
            }),
          },
        },
      },
    }),
  );
  const reports = await captureCrashReports(() => Loader.start());
  expect(reports).toHaveLength(1);
  expect(reports[0]).toMatchObject({
    reason: { message: 'refused' },
    details: { value: 'loading', event: { type: 'xstate.error.actor.load' } },
  });
});

test('a handled failure of an invoked actor is an event', async () => {
  const Loader = Machine.define(
    createMachine({
      initial: 'loading',
      states: {
        loading: {
          invoke: { src: fromPromise(() => Promise.reject(new Error('no'))), onError: 'failed' },
        },
        failed: {},
      },
    }),
  );
  const loader = await Loader.start();
  await settle();
  expect(loader.value).toBe('failed');
  await loader.stop();
});

test.each(['kill', 'shutdown', 'stop', 'final state', 'fault'] as const)(
  'invoked and spawned actors end with the process: %s',
  async (way) => {
    const stopped: string[] = [];
    const aborted: string[] = [];
    const listener = (name: string) =>
      fromCallback(() => () => {
        stopped.push(name);
      });
    const Parent = Machine.define(
      createMachine({
        initial: 'a',
        invoke: [
          { id: 'invoked', src: listener('invoked') },
          {
            id: 'slow',
            src: fromPromise(
              ({ signal }) =>
                new Promise(() => {
                  signal.addEventListener('abort', () => aborted.push('slow'));
                }),
            ),
          },
        ],
        states: {
          a: {
            entry: spawnChild(listener('spawned'), { id: 'spawned' }),
            on: {
              END: 'end',
              FAIL: {
                actions: () => {
                  throw new Error('fault');
                },
              },
            },
          },
          end: { type: 'final' },
        },
      }),
    );
    const parent = await Parent.start();
    await captureCrashReports(async () => {
      if (way === 'stop') await parent.stop();
      else if (way === 'final state') parent.step({ type: 'END' });
      else if (way === 'fault') parent.step({ type: 'FAIL' });
      else exit(parent.pid, way);
    });
    expect(isAlive(parent.pid)).toBe(false);
    expect(stopped.toSorted()).toEqual(['invoked', 'spawned']);
    expect(aborted).toEqual(['slow']);
  },
);

test('a start that fails leaves no actor and no timer behind', async () => {
  const clock = new TestClock().install(onTestFinished);
  const log: string[] = [];
  const Bad = Machine.define(
    createMachine({
      initial: 'a',
      invoke: {
        src: fromCallback(() => {
          log.push('started');
          return () => log.push('stopped');
        }),
      },
      states: {
        a: {
          after: { 1000: 'b' },
          entry: () => {
            throw new Error('no');
          },
        },
        b: {},
      },
    }),
  );
  await captureCrashReports(() => Bad.start().catch(() => {}));
  expect(log).toEqual(['started', 'stopped']);
  expect(clock.pending).toBe(0);
});

test('a child machine runs on the same clock, as the process, and talks to its parent', async () => {
  const clock = new TestClock().install(onTestFinished);
  const seen: unknown[] = [];
  const child = createMachine({
    initial: 'waiting',
    states: {
      waiting: { after: { 100: 'end' }, on: { HURRY: 'end' } },
      end: { type: 'final', entry: () => void seen.push(self()) },
    },
  });
  const Parent = Machine.define(
    createMachine({
      initial: 'a',
      invoke: { id: 'child', src: child, onDone: '.done' },
      states: { a: { on: { HURRY: { actions: sendTo('child', { type: 'HURRY' }) } } }, done: {} },
    }),
  );
  const [slow, fast] = [await Parent.start(), await Parent.start()];
  fast.send({ type: 'HURRY' });
  await settle();
  expect([slow.value, fast.value]).toEqual(['a', 'done']);
  await clock.advance(100);
  expect(slow.value).toBe('done');
  expect(seen).toEqual([fast.pid, slow.pid]);
  expect(clock.pending).toBe(0);
  await Promise.all([slow.stop(), fast.stop()]);
});

test('a stopped child is forgotten, and events it sends later have no effect', async () => {
  const senders: (() => void)[] = [];
  const seen: string[] = [];
  const Parent = Machine.define(
    createMachine({
      initial: 'a',
      states: {
        a: {
          entry: spawnChild(
            fromCallback(({ sendBack }) => void senders.push(() => sendBack({ type: 'TICK' }))),
            { id: 'ticker' },
          ),
          on: { TICK: { actions: ({ event }) => seen.push(event.type) }, STOP: 'b' },
        },
        b: { entry: stopChild('ticker') },
      },
    }),
  );
  const parent = await Parent.start();
  senders[0]?.();
  await settle();
  expect(seen).toEqual(['TICK']);
  parent.step({ type: 'STOP' });
  expect(Object.keys(parent.snapshot().children)).toEqual([]);
  senders[0]?.();
  await settle();
  expect(seen).toEqual(['TICK']);
  await parent.stop();
});

test('guards and context decide as in xstate, and actions get the input of the process', async () => {
  const inputs: unknown[] = [];
  const Turnstile = Machine.define(
    createMachine({
      context: ({ input }) => ({ coins: (input as { coins: number }).coins }),
      initial: 'locked',
      states: {
        locked: {
          entry: Machine.action(({ input }) => inputs.push(input)),
          on: {
            COIN: { actions: assign({ coins: ({ context }) => (context.coins as number) + 1 }) },
            PUSH: { guard: ({ context }) => (context.coins as number) >= 2, target: 'unlocked' },
          },
        },
        unlocked: { entry: Machine.action(({ input }) => inputs.push(input)) },
      },
    }),
  );
  const turnstile = await Turnstile.start({ coins: 1 });
  expect(turnstile.can({ type: 'PUSH' })).toBe(false);
  turnstile.step({ type: 'PUSH' });
  expect(turnstile.value).toBe('locked');
  turnstile.step({ type: 'COIN' });
  turnstile.step({ type: 'PUSH' });
  expect(turnstile.value).toBe('unlocked');
  expect(inputs).toEqual([{ coins: 1 }, { coins: 1 }]);
  await turnstile.stop();
});

test.each(['table', 'actor'] as const)(
  'sendTo reaches processes and machines from the engine "%s"',
  async (engine) => {
    const received = await inProcess(async () => {
      const collector = self();
      const other = await Machine.define(
        createMachine({ initial: 'a', states: { a: { on: { HELLO: 'b' } }, b: {} } }),
        { engine },
      ).start();
      const Sender = Machine.define(
        createMachine({
          initial: 'a',
          states: {
            a: {
              on: {
                GO: {
                  actions: [
                    sendTo(Machine.target(collector), { type: 'HELLO' }),
                    sendTo(Machine.target('nobody'), { type: 'HELLO' }),
                    sendTo(() => Machine.target(other), { type: 'HELLO' }),
                  ],
                },
              },
            },
          },
        }),
        { engine },
      );
      const sender = await Sender.start();
      expect(sender.step({ type: 'GO' })).toBe(true);
      const message = await receive();
      await settle();
      expect(other.value).toBe('b');
      await Promise.all([sender.stop(), other.stop()]);
      return message;
    });
    expect(received).toEqual({ type: 'HELLO' });
  },
);

test('a machine with no work left does not keep the program running, unless it says so', async () => {
  const kept: boolean[] = [];
  const clock = new TestClock();
  const wakeAfter = clock.wakeAfter.bind(clock);
  clock.wakeAfter = (delay, callback) => {
    const wakeup = wakeAfter(delay, callback);
    let keeps = true;
    setImmediate(() => kept.push(keeps));
    return { cancel: () => wakeup.cancel(), keepAlive: (on) => void (keeps = on) };
  };
  clock.install(onTestFinished);
  const machine = createMachine({ initial: 'a', states: { a: { after: { 1000: 'b' } }, b: {} } });
  for (const engine of ['table', 'actor'] as const) {
    for (const keepAlive of [undefined, true]) {
      const options = keepAlive === undefined ? {} : { keepAlive };
      const handle = await Machine.define(machine, { engine, ...options }).start();
      await settle();
      await handle.stop();
      await settle();
    }
  }
  expect(kept).toEqual([false, true, false, true]);
});

test('a helper outside the machine of a process says so', async () => {
  const child = createMachine({
    initial: 'a',
    states: { a: { on: { GO: { actions: Machine.postpone } } } },
  });
  const Parent = Machine.define(
    createMachine({
      initial: 'a',
      invoke: { id: 'child', src: child },
      states: { a: { on: { GO: { actions: sendTo('child', { type: 'GO' }) } } } },
    }),
  );
  let pid: Pid | undefined;
  const reports = await captureCrashReports(async () => {
    const parent = await Parent.start();
    ({ pid } = parent);
    spawn(() => parent.send({ type: 'GO' }));
  });
  expect(pid !== undefined && isAlive(pid)).toBe(false);
  expect(String(reports[0]?.reason)).toContain('Machine.postpone');
});

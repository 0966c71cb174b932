import {
  CallError,
  exit,
  getState,
  isAlive,
  link,
  Machine,
  monitor,
  processInfo,
  receive,
  replaceState,
  resume,
  self,
  send,
  spawn,
  StartError,
  suspend,
  trace,
  trapExit,
  whereis,
  type TraceEvent,
} from '@linnet/otp';
import { captureCrashReports, inProcess, settle } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { createMachine, log, type AnyStateMachine } from 'xstate';

const engines = ['table', 'actor'] as const;

const doorMachine = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { OPEN: 'open' } },
    open: { on: { CLOSE: 'closed', BREAK: 'broken' } },
    broken: { type: 'final' },
  },
});

/** A machine that notes every event it gets. */
function recorder(seen: unknown[], more: object = {}): AnyStateMachine {
  return createMachine({
    initial: 'a',
    states: { a: { on: { '*': { actions: ({ event }) => void seen.push(event) } }, ...more } },
  });
}

describe.each(engines)('on the engine "%s"', (engine) => {
  const Door = Machine.define(doorMachine, { engine });

  test('a machine is a process that takes events', async () => {
    expect(Door.engine).toBe(engine);
    expect(Door.name).toBe('door');
    const door = await Door.start();
    expect(door.value).toBe('closed');
    expect(door.can({ type: 'OPEN' })).toBe(true);
    expect(door.can({ type: 'CLOSE' })).toBe(false);
    door.send({ type: 'OPEN' });
    expect(door.value).toBe('closed');
    await settle();
    expect(door.value).toBe('open');
    expect(door.matches('open')).toBe(true);
    expect(door.snapshot().value).toBe('open');
    await door.stop();
    expect(isAlive(door.pid)).toBe(false);
    expect(door.value).toBe('open');
  });

  test('a final state ends the process with reason normal', async () => {
    const down = await inProcess(async () => {
      const door = await Door.start();
      monitor(door);
      door.step({ type: 'OPEN' });
      expect(door.step({ type: 'BREAK' })).toBe(true);
      expect(isAlive(door.pid)).toBe(false);
      expect(door.step({ type: 'OPEN' })).toBe(false);
      expect(door.snapshot().status).toBe('done');
      return receive();
    });
    expect(down).toMatchObject({ type: 'DOWN', reason: 'normal' });
  });

  test('onDone makes an exit reason of the output of the final state', async () => {
    const Job = Machine.define(
      createMachine({
        initial: 'work',
        states: { work: { on: { FAIL: 'failed' } }, failed: { type: 'final' } },
        output: { code: 7 },
      }),
      { engine, onDone: (output, input) => ({ shutdown: [output, input] }) },
    );
    const job = await Job.start('x');
    const reason = new Promise((resolve) => {
      spawn(async () => {
        trapExit();
        link(job.pid);
        job.send({ type: 'FAIL' });
        resolve(await receive());
      });
    });
    expect(await reason).toMatchObject({
      type: 'EXIT',
      from: job.pid,
      reason: { shutdown: [{ code: 7 }, 'x'] },
    });
  });

  test('a machine whose initial state is final starts and ends', async () => {
    const Nothing = Machine.define(
      createMachine({ initial: 'end', states: { end: { type: 'final' } } }),
      { engine },
    );
    const nothing = await Nothing.start();
    expect(isAlive(nothing.pid)).toBe(false);
    expect(nothing.value).toBe('end');
  });

  test('an action that throws ends the process with that error and reports the state', async () => {
    const boom = new Error('boom');
    const Bomb = Machine.define(
      createMachine({
        id: 'bomb',
        initial: 'armed',
        states: {
          armed: {
            on: {
              FIRE: {
                target: 'gone',
                actions: () => {
                  throw boom;
                },
              },
            },
          },
          gone: {},
        },
      }),
      { engine },
    );
    const bomb = await Bomb.start();
    const reports = await captureCrashReports(() => bomb.send({ type: 'FIRE' }));
    expect(isAlive(bomb.pid)).toBe(false);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      label: 'bomb',
      reason: boom,
      cause: 'fault',
      details: { value: 'armed', event: { type: 'FIRE' } },
    });
  });

  test('an async action that rejects later ends the process too', async () => {
    const Bomb = Machine.define(
      createMachine({
        initial: 'armed',
        states: {
          armed: {
            on: {
              FIRE: {
                actions: Machine.action(async () => {
                  await Promise.resolve();
                  throw new Error('late');
                }),
              },
            },
          },
        },
      }),
      { engine },
    );
    const bomb = await Bomb.start();
    const reports = await captureCrashReports(() => {
      expect(bomb.step({ type: 'FIRE' })).toBe(true);
    });
    expect(reports.map(({ reason }) => String(reason))).toEqual(['Error: late']);
  });

  test('an entry action of the initial state that throws fails the start', async () => {
    const Bad = Machine.define(
      createMachine({
        initial: 'a',
        states: {
          a: {
            entry: () => {
              throw new Error('no');
            },
          },
        },
      }),
      { engine },
    );
    const reports = await captureCrashReports(async () => {
      const error = await Bad.start().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StartError);
      expect(String((error as StartError).reason)).toBe('Error: no');
    });
    expect(reports).toHaveLength(1);
  });

  test('[ST22] messages that are no events arrive as info events', async () => {
    const seen: unknown[] = [];
    const machine = await Machine.define(recorder(seen), { engine }).start();
    for (const message of ['hello', 7, undefined, null, ['x'], { type: 1 }, { type: 'E', n: 1 }]) {
      send(machine.pid, message);
    }
    await settle();
    expect(seen).toEqual([
      { type: 'info', message: 'hello' },
      { type: 'info', message: 7 },
      { type: 'info', message: undefined },
      { type: 'info', message: null },
      { type: 'info', message: ['x'] },
      { type: 'info', message: { type: 1 } },
      { type: 'E', n: 1 },
    ]);
  });

  test('[ST32] exits of strangers and deaths of monitored processes are events; the exit of the parent ends it', async () => {
    const seen: { type: string; reason?: unknown }[] = [];
    const machine = recorder(seen, {
      entry: () => {
        trapExit();
        monitor(spawn(() => exit({ shutdown: 'done' })));
      },
    });
    const terminated: unknown[] = [];
    const Parented = Machine.define(machine, {
      engine,
      terminate: (reason, { value }) => void terminated.push([reason, value]),
    });
    const parent = spawn(async () => {
      const { pid } = await Parented.startLink();
      spawn(() => exit(pid, 'hello'));
      await receive();
    });
    await settle();
    expect(seen).toMatchObject([
      { type: 'DOWN', reason: { shutdown: 'done' } },
      { type: 'EXIT', reason: 'hello' },
    ]);
    await captureCrashReports(() => exit(parent, 'boom'));
    expect(terminated).toEqual([['boom', 'a']]);
  });

  test('[ST25] stop runs terminate with the reason and the state', async () => {
    const seen: unknown[] = [];
    const machine = await Machine.define(doorMachine, {
      engine,
      terminate: (...args) => void seen.push(args),
    }).start('some input');
    await machine.stop();
    expect(seen).toEqual([['normal', { value: 'closed', context: {}, input: 'some input' }]]);
    await expect(machine.stop()).rejects.toMatchObject({ why: 'noproc' });
  });

  test('actions run as the process of the machine, however it is stepped', async () => {
    const seen: unknown[] = [];
    const Watcher = Machine.define(
      createMachine({
        initial: 'a',
        states: {
          a: {
            on: {
              GO: {
                actions: Machine.action(async () => {
                  seen.push(self());
                  await Promise.resolve();
                  seen.push(self());
                }),
              },
            },
          },
        },
      }),
      { engine },
    );
    const { pid, ...machine } = await Watcher.start().then((handle) => ({
      pid: handle.pid,
      step: (): boolean => handle.step({ type: 'GO' }),
      send: (): void => handle.send({ type: 'GO' }),
    }));
    machine.step();
    await inProcess(machine.step);
    machine.send();
    await settle();
    expect(seen).toEqual([pid, pid, pid, pid, pid, pid]);
  });

  test('is started by name and found by name', async () => {
    const door = await Door.start(undefined, { name: 'front-door' });
    expect(whereis('front-door')).toBe(door.pid);
    const found = Door.at('front-door');
    expect(found.step({ type: 'OPEN' })).toBe(true);
    expect(found.value).toBe('open');
    await expect(Door.start(undefined, { name: 'front-door' })).rejects.toMatchObject({
      reason: ['already_started', door.pid],
    });
    await found.stop();
    expect(found.step({ type: 'OPEN' })).toBe(false);
    expect(() => found.value).toThrow(CallError);
    const notMachine = spawn(() => new Promise(() => {}));
    expect(() => Door.at(notMachine).value).toThrow('a process that runs a machine');
    exit(notMachine, 'kill');
  });

  test('a child specification starts it linked, under its name or its module as id', async () => {
    const spec = Door.childSpec(undefined, { name: 'back-door', restart: 'transient' });
    expect(spec).toMatchObject({ id: 'back-door', restart: 'transient' });
    expect(Door.childSpec().id).toBe(Door);
    await inProcess(async () => {
      const door = await spec.start();
      expect(processInfo(self())?.links).toEqual([door.pid]);
      expect(processInfo(door.pid)?.details).toMatchObject({ value: 'closed' });
      await door.stop();
    });
  });

  test('is disposed of with await using', async () => {
    let pid;
    {
      await using door = await Door.start();
      pid = door.pid;
    }
    expect(isAlive(pid)).toBe(false);
  });

  test('getState, replaceState, suspend, resume and trace work as on every server', async () => {
    const door = await Door.start();
    expect(await getState(door)).toEqual({ value: 'closed', context: {} });
    await replaceState(door, (state) => ({ ...(state as object), value: 'open' }));
    expect(door.value).toBe('open');
    const events: TraceEvent[] = [];
    await trace(door, (event) => void events.push(event));
    door.step({ type: 'CLOSE' });
    await suspend(door);
    expect(door.step({ type: 'OPEN' })).toBe(true);
    door.send({ type: 'CLOSE' });
    await settle();
    expect(door.value).toBe('closed');
    expect(events).toEqual([
      { type: 'in', message: { type: 'CLOSE' } },
      { type: 'state', state: { value: 'closed', context: {} } },
    ]);
    await trace(door, undefined);
    door.send({ type: 'OPEN' });
    await resume(door);
    await settle();
    expect(door.value).toBe('open');
    await door.stop();
  });

  test("xstate's log action writes to the logger of the definition", async () => {
    const lines: unknown[] = [];
    const Logging = Machine.define(
      createMachine({
        initial: 'a',
        states: { a: { entry: [log('hello', 'greeting'), log(({ event }) => event.type)] } },
      }),
      { engine, logger: (...values) => void lines.push(values) },
    );
    await Logging.start();
    expect(lines).toEqual([['greeting', 'hello'], ['xstate.init']]);
  });

  test('rejects what is no event', async () => {
    const door = await Door.start();
    for (const event of [undefined, null, 'OPEN', {}, { type: 1 }] as never[]) {
      expect(() => door.send(event)).toThrow("event must be an object with a string 'type'");
      expect(() => door.step(event)).toThrow("an object with a string 'type'");
      expect(() => void door.call(event)).toThrow("an object with a string 'type'");
    }
    await door.stop();
  });
});

test('rejects what is no machine, and machines that the asked engine cannot run', () => {
  expect(() => Machine.define({} as never)).toThrow('a machine made by createMachine of xstate');
  const counting = createMachine({ context: () => ({ n: 0 }), initial: 'a', states: { a: {} } });
  expect(() => Machine.define(counting, { engine: 'table' })).toThrow(
    'its context is made for each process',
  );
  expect(() => Machine.define(doorMachine, { engine: 'fast' as never })).toThrow("'table' or");
  const unknownDelay = createMachine({
    initial: 'a',
    states: { a: { after: { soon: 'a' } } },
  } as never);
  expect(() => Machine.define(unknownDelay)).toThrow('after of state "(machine).a"');
});

import {
  CallError,
  exit,
  Machine,
  processInfo,
  resume,
  self,
  suspend,
  type From,
  type MachineHandle,
} from '@linnet/otp';
import { captureCrashReports, inProcess, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { assign, createMachine, raise, setup, type AnyStateMachine } from 'xstate';

const engines = ['table', 'actor'] as const;

/** What happened: the event, and the state in which it came. */
type Log = string[];

interface LogArgs {
  readonly event: { readonly type: string };
  readonly self: { getSnapshot(): { value: unknown } };
}

function logged(log: Log) {
  return ({ event, self: machine }: LogArgs): void => {
    log.push(`${event.type} in ${String(machine.getSnapshot().value)}`);
  };
}

describe.each(engines)('on the engine "%s"', (engine) => {
  async function start(machine: AnyStateMachine): Promise<MachineHandle<AnyStateMachine>> {
    const handle = await Machine.define(machine, { engine }).start();
    onTestFinished(() => handle[Symbol.asyncDispose]());
    return handle;
  }

  async function play(machine: AnyStateMachine, ...types: string[]): Promise<void> {
    const handle = await start(machine);
    for (const type of types) handle.send({ type });
    await settle();
  }

  function testClock(): TestClock {
    return new TestClock().install(onTestFinished);
  }

  test('[ST01] postponed events come back after a state change, in order, before later ones', async () => {
    const log: Log = [];
    const note = logged(log);
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: { GO: { target: 'b', actions: note }, '*': { actions: [note, Machine.postpone] } },
        },
        b: { on: { '*': { actions: note } } },
      },
    });
    await play(machine, '1', '2', 'GO', '3');
    expect(log).toEqual(['1 in a', '2 in a', 'GO in a', '1 in b', '2 in b', '3 in b']);
  });

  test('[ST01] an event that is postponed while the state changes comes back at once', async () => {
    const log: Log = [];
    const note = logged(log);
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { on: { GO: { target: 'b', actions: [note, Machine.postpone] } } },
        b: { on: { GO: { target: 'c', actions: note } } },
        c: {},
      },
    });
    await play(machine, 'GO');
    expect(log).toEqual(['GO in a', 'GO in b']);
  });

  test('[ST02] a transition to the same state brings nothing back', async () => {
    const log: Log = [];
    const note = logged(log);
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            '1': { actions: [note, Machine.postpone] },
            SAME: { target: 'a', actions: note },
          },
        },
      },
    });
    await play(machine, '1', 'SAME', 'SAME');
    expect(log).toEqual(['1 in a', 'SAME in a', 'SAME in a']);
  });

  test('[ST03] [ST16] entering the same state again runs its entry actions, but brings nothing back', async () => {
    const log: Log = [];
    const note = logged(log);
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          entry: () => log.push('enter'),
          on: {
            '1': { actions: [note, Machine.postpone] },
            REPEAT: { target: 'a', reenter: true, actions: note },
          },
        },
      },
    });
    await play(machine, '1', 'REPEAT');
    expect(log).toEqual(['enter', '1 in a', 'REPEAT in a', 'enter']);
  });

  test('[ST04] raised events come before queued ones and keep their order', async () => {
    const log: Log = [];
    const note = logged(log);
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            GO: { actions: [note, raise({ type: 'I1' }), raise({ type: 'I2' })] },
            '*': { actions: note },
          },
        },
      },
    });
    await play(machine, 'GO', 'QUEUED');
    expect(log).toEqual(['GO in a', 'I1 in a', 'I2 in a', 'QUEUED in a']);
  });

  test('[ST05] [ST17] after a state change: entry actions, raised, postponed, then queued events', async () => {
    const log: Log = [];
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            POSTPONED: { actions: Machine.postpone },
            GO: { target: 'b', actions: raise({ type: 'RAISED' }) },
          },
        },
        b: {
          entry: () => log.push('enter'),
          on: { '*': { actions: ({ event }) => log.push(event.type) } },
        },
      },
    });
    await play(machine, 'POSTPONED', 'GO', 'QUEUED');
    expect(log).toEqual(['enter', 'RAISED', 'POSTPONED', 'QUEUED']);
  });

  test('[ST15] entry actions run at the start and on a change, not on a transition to the same state', async () => {
    const log: Log = [];
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { entry: () => log.push('a'), on: { B: 'b' } },
        b: {
          entry: () => log.push('b'),
          on: { SAME: 'b', KEEP: { actions: () => {} }, REPEAT: { target: 'b', reenter: true } },
        },
      },
    });
    await play(machine, 'B', 'SAME', 'KEEP');
    expect(log).toEqual(['a', 'b']);
    await play(machine, 'B', 'REPEAT');
    expect(log).toEqual(['a', 'b', 'a', 'b', 'b']);
  });

  test('[ST06] a state timeout fires, and leaving the state cancels it', async () => {
    const clock = testClock();
    const log: Log = [];
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          after: { 100: { target: 'late', actions: () => log.push('timeout') } },
          on: { MOVE: 'b' },
        },
        b: {},
        late: {},
      },
    });
    const [first, second] = [await start(machine), await start(machine)];
    second.step({ type: 'MOVE' });
    await clock.advance(99);
    expect([first.value, second.value]).toEqual(['a', 'b']);
    await clock.advance(1);
    expect([first.value, second.value, log]).toEqual(['late', 'b', ['timeout']]);
    expect(clock.pending).toBe(0);
  });

  test('[ST07] a transition to the same state keeps the state timeout, entering it again restarts it', async () => {
    const clock = testClock();
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          after: { 100: 'late' },
          on: { SAME: 'a', KEEP: { actions: () => {} }, REPEAT: { target: 'a', reenter: true } },
        },
        late: {},
      },
    });
    const [kept, restarted] = [await start(machine), await start(machine)];
    await clock.advance(60);
    kept.send({ type: 'SAME' });
    kept.send({ type: 'KEEP' });
    restarted.send({ type: 'REPEAT' });
    await clock.advance(40);
    expect([kept.value, restarted.value]).toEqual(['late', 'a']);
    await clock.advance(60);
    expect(restarted.value).toBe('late');
  });

  test("[ST08] setting a timeout again restarts it; 'infinity' and cancelling stop it", async () => {
    const clock = testClock();
    const log: Log = [];
    const set = (content: number, ms: number | 'infinity') =>
      Machine.timeout('t', ms, { type: `T${content}` });
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          entry: set(1, 50),
          on: {
            AGAIN: { actions: set(2, 50) },
            NEVER: { actions: set(3, 'infinity') },
            CANCEL: { actions: Machine.cancelTimeout('t') },
            '*': { actions: ({ event }) => log.push(event.type) },
          },
        },
      },
    });
    const [again, never, cancelled] = [
      await start(machine),
      await start(machine),
      await start(machine),
    ];
    await clock.advance(30);
    again.step({ type: 'AGAIN' });
    never.step({ type: 'NEVER' });
    cancelled.step({ type: 'CANCEL' });
    await clock.advance(49);
    expect(log).toEqual([]);
    await clock.advance(1000);
    expect(log).toEqual(['T2']);
  });

  test('[ST09] an event timeout fires unless any other event comes first, a postponed one too', async () => {
    const clock = testClock();
    const log: Log = [];
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            ARM: { actions: Machine.eventTimeout(20, { type: 'ET' }) },
            ET: { actions: () => log.push('ET') },
            LATER: { actions: Machine.postpone },
          },
        },
      },
    });
    const quiet = await start(machine);
    quiet.send({ type: 'ARM' });
    await clock.advance(20);
    expect(log).toEqual(['ET']);
    for (const other of ['LATER', 'UNKNOWN']) {
      quiet.send({ type: 'ARM' });
      quiet.send({ type: other });
      await clock.advance(20);
    }
    quiet.step({ type: 'ARM' });
    quiet.step({ type: 'UNKNOWN' });
    await clock.advance(20);
    expect(log).toEqual(['ET']);
  });

  test('[ST12] named timeouts are many, survive state changes, and are set and cancelled by name', async () => {
    const clock = testClock();
    const log: Log = [];
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          entry: [
            ...Machine.timeout('x', 40, { type: 'X' }),
            ...Machine.timeout('y', 30, { type: 'Y' }),
            ...Machine.timeout('z', 20, { type: 'Z' }),
          ],
          on: { MOVE: { target: 'b', actions: Machine.cancelTimeout('z') } },
        },
        b: { on: { '*': { actions: logged(log) } } },
      },
    });
    const machineProcess = await start(machine);
    await clock.advance(10);
    machineProcess.send({ type: 'MOVE' });
    await clock.advance(100);
    expect(log).toEqual(['Y in b', 'X in b']);
  });

  test('[ST13] timeouts of 0 come in their order, before events that are queued already', async () => {
    const log: Log = [];
    const note = logged(log);
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            ARM: {
              actions: [
                note,
                ...Machine.eventTimeout(0, { type: 'ET' }),
                ...Machine.timeout('st', 0, { type: 'ST' }),
                ...Machine.timeout('g', 0, { type: 'GT' }),
              ],
            },
            '*': { actions: note },
          },
        },
      },
    });
    await play(machine, 'ARM', 'QUEUED');
    expect(log).toEqual(['ARM in a', 'ET in a', 'ST in a', 'GT in a', 'QUEUED in a']);
  });

  test('[ST13] a loop of timeouts of 0 lets other events through', async () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { after: { 0: { target: 'a', reenter: true } }, on: { STOP: 'b' } }, b: {} },
    });
    const looping = await start(machine);
    looping.send({ type: 'STOP' });
    await settle();
    expect(looping.value).toBe('b');
  });

  test('[ST14] raised events come before timeouts of 0', async () => {
    const log: Log = [];
    const note = logged(log);
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { on: { ARM: 'b', '*': {} } },
        b: { entry: raise({ type: 'IE' }), after: { 0: 'c' }, on: { IE: { actions: note } } },
        c: { entry: note },
      },
    });
    await play(machine, 'ARM');
    expect(log).toEqual(['IE in a', 'xstate.after.0.(machine).b in b']);
  });

  test('[ST19] calls are answered by an action; a timeout and an answer before the stop', async () => {
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            ASK: { actions: Machine.answer('yo') },
            STATE: { actions: Machine.answer(({ self: { value }, event }) => [value, event.type]) },
            QUIET: { actions: () => {} },
            BYE: { actions: [Machine.answer('ciao'), () => exit('normal')] },
          },
        },
      },
    });
    const machineProcess = await start(machine);
    expect(await machineProcess.call({ type: 'ASK' })).toBe('yo');
    expect(await machineProcess.call({ type: 'STATE' })).toEqual(['a', 'STATE']);
    const clock = testClock();
    const late = machineProcess.call({ type: 'QUIET' }, { timeout: 20 });
    late.catch(() => {});
    await clock.advance(20);
    await expect(late).rejects.toMatchObject({
      why: 'timeout',
      reason: ['timeout', ['Machine', 'call', [machineProcess.pid, { type: 'QUIET' }, 20]]],
    });
    expect(await machineProcess.call({ type: 'BYE' })).toBe('ciao');
    expect(Machine.whereis(machineProcess.pid)).toBeUndefined();
  });

  test('[ST20] a call to a dead machine, and to one that stops during the call', async () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { STOP: { actions: () => exit({ shutdown: 'boom' }) } } } },
    });
    const { pid } = await start(machine);
    await expect(Machine.call(pid, { type: 'STOP' })).rejects.toMatchObject({
      reason: [{ shutdown: 'boom' }, ['Machine', 'call', [pid, { type: 'STOP' }, 'infinity']]],
    });
    await expect(Machine.call(pid, { type: 'STOP' })).rejects.toMatchObject({ why: 'noproc' });
  });

  test('[ST21] a postponed call is answered after the state change', async () => {
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { on: { ASK: { actions: Machine.postpone }, GO: 'b' } },
        b: { on: { ASK: { actions: Machine.answer('later') } } },
      },
    });
    const machineProcess = await start(machine);
    const answer = machineProcess.call({ type: 'ASK' });
    machineProcess.send({ type: 'GO' });
    expect(await answer).toBe('later');
  });

  test('a call that the state has no transition for fails at once', async () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { ASK: { actions: Machine.postpone }, GO: 'b' } }, b: {} },
    });
    const machineProcess = await start(machine);
    await expect(machineProcess.call({ type: 'OTHER' })).rejects.toThrow(CallError);
    const postponed = machineProcess.call({ type: 'ASK' });
    machineProcess.send({ type: 'GO' });
    await expect(postponed).rejects.toMatchObject({ why: 'unhandled_event' });
  });

  test('a call is answered later by whoever keeps its from', async () => {
    const waiting: From[] = [];
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            ASK: {
              actions: ({ event }) => void waiting.push((event as { from?: From }).from as From),
            },
            TELL: { actions: () => waiting.forEach((from, i) => Machine.reply(from, i)) },
          },
        },
      },
    });
    const machineProcess = await start(machine);
    const answers = [machineProcess.call({ type: 'ASK' }), machineProcess.call({ type: 'ASK' })];
    await settle();
    machineProcess.step({ type: 'TELL' });
    expect(await Promise.all(answers)).toEqual([0, 1]);
  });

  test('[ST23] [ST24] whatever an action throws is the exit reason', async () => {
    for (const thrown of [new Error('oops'), 'a string', undefined]) {
      const machine = createMachine({
        initial: 'a',
        states: {
          a: {
            on: {
              GO: {
                actions: () => {
                  throw thrown;
                },
              },
            },
          },
        },
      });
      const machineProcess = await start(machine);
      const reports = await captureCrashReports(() => {
        expect(machineProcess.step({ type: 'GO' })).toBe(false);
      });
      expect(reports.map(({ reason }) => reason)).toEqual([thrown]);
    }
  });

  test('[ST29] the initial state may raise events and set timeouts', async () => {
    const log: Log = [];
    const note = logged(log);
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { entry: raise({ type: 'BOOT' }), after: { 0: 'b' }, on: { BOOT: { actions: note } } },
        b: { entry: note },
      },
    });
    await play(machine);
    expect(log).toEqual(['BOOT in a', 'xstate.after.0.(machine).a in a']);
  });

  test('[ST31] a state timeout that has fired is dropped when the state changes first', async () => {
    const clock = testClock();
    const log: Log = [];
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { after: { 10: 'late' }, on: { MOVE: 'b' } },
        b: {},
        late: { entry: () => log.push('late') },
      },
    });
    const machineProcess = await start(machine);
    await suspend(machineProcess);
    machineProcess.send({ type: 'MOVE' });
    await clock.advance(10);
    expect(processInfo(machineProcess.pid)?.messageQueueLength).toBe(2);
    await resume(machineProcess);
    await settle();
    expect(machineProcess.value).toBe('b');
    expect(log).toEqual([]);
  });

  test('delays are numbers, names and functions, of each process its own', async () => {
    const clock = testClock();
    const machine = setup({
      types: { input: {} as { readonly ms: number | 'infinity' } },
      delays: {
        own: Machine.delay(({ input }: { input: { ms: number | 'infinity' } }) => input.ms),
        fixed: 70,
      },
    }).createMachine({
      initial: 'a',
      states: {
        a: { after: { own: 'b', infinity: 'never' } as never },
        b: { after: { fixed: 'c' } },
        c: {},
        never: {},
      },
    });
    const Module = Machine.define(machine, { engine });
    const fast = await Module.start({ ms: 10 });
    const slow = await Module.start({ ms: 50 });
    const still = await Module.start({ ms: 'infinity' });
    await clock.advance(10);
    expect([fast.value, slow.value, still.value]).toEqual(['b', 'a', 'a']);
    await clock.advance(70);
    expect([fast.value, slow.value, still.value]).toEqual(['c', 'b', 'a']);
    await clock.advance(100_000);
    expect(still.value).toBe('a');
    const wrong = await captureCrashReports(() => Module.start({ ms: -1 }).catch(() => {}));
    expect(String(wrong[0]?.reason)).toContain('a number of milliseconds >= 0');
    await Promise.all([fast.stop(), slow.stop(), still.stop()]);
  });

  test('a delay function that throws ends the process, of which terminate is told as the process', async () => {
    const seen: unknown[] = [];
    const machine = createMachine(
      { initial: 'a', states: { a: { on: { GO: 'b' } }, b: { after: { bad: 'a' } } } },
      {
        delays: {
          bad: () => {
            throw new Error('bad');
          },
        },
      },
    );
    const handle = await Machine.define(machine, {
      engine,
      terminate: (reason) => void seen.push(String(reason), self()),
    }).start();
    const reports = await captureCrashReports(() => {
      expect(handle.step({ type: 'GO' })).toBe(false);
    });
    expect(reports).toHaveLength(1);
    expect(seen).toEqual(['Error: bad', handle.pid]);
  });

  test('an event that an action sends to its own machine waits for the end of the transition', async () => {
    const log: Log = [];
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            GO: {
              target: 'b',
              actions: ({ self: machineSelf }) => {
                machineSelf.send({ type: 'NEXT' });
                log.push('sent');
              },
            },
          },
        },
        b: { entry: () => log.push('b'), on: { NEXT: 'c' } },
        c: { entry: () => log.push('c') },
      },
    });
    const machineProcess = await start(machine);
    machineProcess.step({ type: 'GO' });
    expect(log).toEqual(['sent', 'b', 'c']);
    expect(machineProcess.value).toBe('c');
  });

  test('a step inside an action of the same machine is taken after the current transition', async () => {
    const log: unknown[] = [];
    const started: { handle?: MachineHandle<AnyStateMachine> } = {};
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            GO: {
              target: 'b',
              actions: () => {
                log.push(started.handle?.step({ type: 'NEXT' }), started.handle?.value);
              },
            },
          },
        },
        b: { on: { NEXT: 'c' } },
        c: {},
      },
    });
    const handle = await start(machine);
    started.handle = handle;
    expect(handle.step({ type: 'GO' })).toBe(true);
    expect(log).toEqual([true, 'a']);
    expect(handle.value).toBe('c');
  });

  test('a machine that is killed by its own action does nothing more', async () => {
    const log: unknown[] = [];
    const machine = createMachine({
      initial: 'a',
      states: {
        a: {
          on: {
            GO: {
              target: 'b',
              actions: [
                () => {
                  try {
                    exit(self(), 'kill');
                  } catch {
                    // Code that goes on after its death.
                  }
                },
                () => log.push('after death'),
              ],
            },
          },
        },
        b: { entry: () => log.push('b') },
      },
    });
    const machineProcess = await start(machine);
    await captureCrashReports(() => {
      expect(machineProcess.step({ type: 'GO' })).toBe(false);
    });
    expect(log).toEqual([]);
  });

  test('the timers of a dead machine are gone', async () => {
    const clock = testClock();
    const machine = createMachine({
      initial: 'a',
      states: { a: { after: { 3_600_000: 'b' } }, b: {} },
    });
    const machineProcess = await start(machine);
    expect(clock.pending).toBe(1);
    await captureCrashReports(() => exit(machineProcess.pid, 'kill'));
    expect(clock.pending).toBe(0);
  });
});

test('[ST30] data is the context: an assign without target keeps the state', async () => {
  const machine = createMachine({
    context: { n: 0 },
    initial: 'a',
    states: {
      a: {
        on: {
          ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) },
          GET: { actions: Machine.answer(({ context }) => context['n']) },
        },
      },
    },
  });
  const Counter = Machine.define(machine);
  expect(Counter.engine).toBe('actor');
  expect(Counter.notCompiled).toBe('it uses the action xstate.assign');
  const [one, two] = [await Counter.start(), await Counter.start()];
  one.send({ type: 'ADD' });
  expect(await one.call({ type: 'GET' })).toBe(1);
  expect(await two.call({ type: 'GET' })).toBe(0);
  await inProcess(() => Promise.all([one.stop(), two.stop()]));
});

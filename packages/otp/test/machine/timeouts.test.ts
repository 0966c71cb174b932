/**
 * State timeouts as actions, and timeouts that get another event or are cancelled. The order of what
 * is noted was recorded with gen_statem of OTP 25.2.3; see the types `timeout_action()` and
 * `timeout_update_action()` of its manual.
 */
import { Machine, send, type MachineHandle } from '@linnet/otp';
import { captureCrashReports, inProcess, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMachine, sendTo, type AnyStateMachine } from 'xstate';

const x = { type: 'X' };
const y = { type: 'Y' };
const z = { type: 'Z' };

interface NoteArgs {
  readonly event: { readonly type: string };
  readonly self: { getSnapshot(): { value: unknown } };
}

/** Each has its start, its update and its end. */
const timeouts = {
  state: {
    start: Machine.stateTimeout(40, x),
    never: Machine.stateTimeout('infinity', x),
    update: Machine.updateStateTimeout(y),
    updateAgain: Machine.updateStateTimeout(z),
    cancel: Machine.cancelStateTimeout(),
  },
  named: {
    start: Machine.timeout('n', 40, x),
    never: Machine.timeout('n', 'infinity', x),
    update: Machine.updateTimeout('n', y),
    updateAgain: Machine.updateTimeout('n', z),
    cancel: Machine.cancelTimeout('n'),
  },
};

describe.each(['table', 'actor'] as const)('on the engine "%s"', (engine) => {
  let log: string[] = [];
  const note = ({ event, self: machine }: NoteArgs): void => {
    log.push(`${event.type} in ${String(machine.getSnapshot().value)}`);
  };

  async function start(
    machine: AnyStateMachine,
  ): Promise<[MachineHandle<AnyStateMachine>, TestClock]> {
    log = [];
    const clock = new TestClock().install(onTestFinished);
    const handle = await Machine.define(machine, { engine }).start();
    onTestFinished(() => handle[Symbol.asyncDispose]());
    return [handle, clock];
  }

  describe.each(['state', 'named'] as const)('a %s timeout', (kind) => {
    const { start: set, never, update, updateAgain, cancel } = timeouts[kind];
    const noted = { X: { actions: note }, Y: { actions: note }, Z: { actions: note } };
    const machine = createMachine({
      initial: 'a',
      on: {
        SET: { actions: set },
        NEVER: { actions: never },
        UPDATE: { actions: update },
        TWICE: { actions: [update, updateAgain] },
        'SET AND UPDATE': { actions: [...set, update] },
        'UPDATE AND SET': { actions: [update, ...set] },
        CANCEL: { actions: cancel },
        // Both fire at the same moment, before the machine has its turn.
        'SET, UPDATE LATER': {
          actions: [...Machine.timeout('first', 40, { type: 'UPDATE' }), ...set],
        },
        'SET, CANCEL LATER': {
          actions: [...Machine.timeout('first', 40, { type: 'CANCEL' }), ...set],
        },
        MARK: { actions: note },
        ...noted,
      },
      states: {
        a: { on: { MOVE: 'b', 'MOVE AND UPDATE': { target: 'b', actions: update } } },
        b: {},
      },
    });

    test('gets another event without starting anew', async () => {
      const [handle, clock] = await start(machine);
      handle.step({ type: 'SET' });
      await clock.advance(25);
      handle.step({ type: 'UPDATE' });
      await clock.advance(14);
      expect(log).toEqual([]);
      await clock.advance(1);
      expect(log).toEqual(['Y in a']);
      await clock.advance(1000);
      expect(log).toEqual(['Y in a']);
      expect(clock.pending).toBe(0);
    });

    test('that does not run fires at once with the event it is given, before queued events', async () => {
      const [handle] = await start(machine);
      handle.send({ type: 'UPDATE' });
      handle.send({ type: 'MARK' });
      await settle();
      expect(log).toEqual(['Y in a', 'MARK in a']);
    });

    test('fires once, with the last of two events it is given', async () => {
      const [handle] = await start(machine);
      handle.send({ type: 'TWICE' });
      handle.send({ type: 'MARK' });
      await settle();
      expect(log).toEqual(['Z in a', 'MARK in a']);
    });

    test("with the delay 'infinity' does not run: an event that it is given comes at once", async () => {
      const [handle, clock] = await start(machine);
      handle.step({ type: 'SET' });
      handle.step({ type: 'NEVER' });
      await clock.advance(100);
      expect([log, clock.pending]).toEqual([[], 0]);
      handle.step({ type: 'UPDATE' });
      expect(log).toEqual(['Y in a']);
    });

    test('that has fired gives its event up as long as it was not taken', async () => {
      const [handle, clock] = await start(machine);
      handle.step({ type: 'SET, UPDATE LATER' });
      await clock.advance(40);
      expect(log).toEqual(['Y in a']);
      handle.step({ type: 'SET, CANCEL LATER' });
      await clock.advance(40);
      expect(log).toEqual(['Y in a']);
    });

    test('that is started after an update in one list waits its time', async () => {
      const [handle, clock] = await start(machine);
      handle.step({ type: 'UPDATE AND SET' });
      expect(log).toEqual([]);
      await clock.advance(40);
      expect(log).toEqual(['X in a']);
    });

    test('that is updated after its start in one list waits its time (OTP: fires at once)', async () => {
      const [handle, clock] = await start(machine);
      handle.step({ type: 'SET AND UPDATE' });
      expect(log).toEqual([]);
      await clock.advance(40);
      expect(log).toEqual(['Y in a']);
    });

    test('that is cancelled does not fire', async () => {
      const [handle, clock] = await start(machine);
      handle.step({ type: 'CANCEL' });
      handle.step({ type: 'SET' });
      handle.step({ type: 'CANCEL' });
      await clock.advance(100);
      expect(log).toEqual([]);
    });

    test(`is ${kind === 'state' ? 'cancelled' : 'kept'} by a change of the state`, async () => {
      const [handle, clock] = await start(machine);
      handle.step({ type: 'SET' });
      handle.step({ type: 'MOVE' });
      await clock.advance(100);
      expect(log).toEqual(kind === 'state' ? [] : ['X in b']);
    });

    test(`that is updated while the state changes fires ${kind === 'state' ? 'at once' : 'in time'}`, async () => {
      const [handle, clock] = await start(machine);
      handle.step({ type: 'SET' });
      handle.step({ type: 'MOVE AND UPDATE' });
      expect(log).toEqual(kind === 'state' ? ['Y in b'] : []);
      await clock.advance(100);
      expect(log).toEqual(['Y in b']);
    });
  });

  test('a transition starts the state timeout of the state that it enters', async () => {
    const [handle, clock] = await start(
      createMachine({
        initial: 'a',
        states: {
          a: { on: { MOVE: { target: 'b', actions: Machine.stateTimeout(30, x) } } },
          b: {
            on: {
              X: { actions: note },
              MOVE: { target: 'c', actions: Machine.stateTimeout(30, y) },
            },
          },
          c: { on: { '*': { actions: note } } },
        },
      }),
    );
    handle.send({ type: 'MOVE' });
    await settle();
    await clock.advance(29);
    handle.send({ type: 'MOVE' });
    await settle();
    await clock.advance(29);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['Y in c']);
  });

  test('a state timeout is kept by a transition to the same state and by entering it again', async () => {
    const [handle, clock] = await start(
      createMachine({
        initial: 'a',
        states: {
          a: {
            on: {
              SET: { actions: Machine.stateTimeout(30, x) },
              SAME: 'a',
              REPEAT: { target: 'a', reenter: true },
              X: { actions: note },
            },
          },
        },
      }),
    );
    for (const type of ['SET', 'SAME', 'REPEAT']) handle.step({ type });
    await clock.advance(30);
    expect(log).toEqual(['X in a']);
  });

  test('the state timeout of a nested state ends with any part of the state value', async () => {
    const [handle, clock] = await start(
      createMachine({
        type: 'parallel',
        states: {
          left: { initial: 'a', states: { a: { on: { LEFT: 'b' } }, b: {} } },
          right: {
            entry: Machine.stateTimeout(30, x),
            on: {
              X: { actions: () => log.push('X') },
              SET: { actions: Machine.stateTimeout(30, x) },
            },
          },
        },
      }),
    );
    handle.step({ type: 'LEFT' });
    await clock.advance(30);
    expect(log).toEqual([]);
    handle.step({ type: 'SET' });
    await clock.advance(30);
    expect(log).toEqual(['X']);
  });

  test('the delay of a state timeout may depend on the event', async () => {
    const [handle, clock] = await start(
      createMachine({
        initial: 'a',
        states: {
          a: {
            on: {
              WAIT: {
                actions: Machine.stateTimeout(
                  ({ event }) => (event as unknown as { ms: number }).ms,
                  x,
                ),
              },
              X: { actions: note },
            },
          },
        },
      }),
    );
    handle.step({ type: 'WAIT', ms: 70 });
    await clock.advance(69);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['X in a']);
  });

  test('an event timeout gets another event within its transition; alone, the event comes at once', async () => {
    const [handle, clock] = await start(
      createMachine({
        initial: 'a',
        states: {
          a: {
            on: {
              SET: { actions: [...Machine.eventTimeout(40, x), Machine.updateEventTimeout(y)] },
              UPDATE: { actions: Machine.updateEventTimeout(z) },
              '*': { actions: note },
            },
          },
        },
      }),
    );
    handle.step({ type: 'SET' });
    await clock.advance(40);
    expect(log).toEqual(['Y in a']);
    handle.step({ type: 'SET' });
    handle.send({ type: 'UPDATE' });
    handle.send({ type: 'MARK' });
    await settle();
    expect(log).toEqual(['Y in a', 'Z in a', 'MARK in a']);
    expect(clock.pending).toBe(0);
  });
});

test('what is no event is refused when the machine is defined', () => {
  expect(() => Machine.updateTimeout('n', {} as never)).toThrow("an object with a string 'type'");
});

test('a timeout cannot be updated in a machine that is no process', async () => {
  const child = createMachine({
    initial: 'a',
    states: { a: { on: { GO: { actions: Machine.updateStateTimeout(x) } } } },
  });
  const Parent = Machine.define(
    createMachine({
      initial: 'a',
      invoke: { id: 'child', src: child },
      states: { a: { on: { GO: { actions: sendTo('child', { type: 'GO' }) } } } },
    }),
  );
  const reports = await captureCrashReports(() =>
    inProcess(async () => {
      const { pid } = await Parent.start();
      send(pid, { type: 'GO' });
      await settle();
    }),
  );
  expect(String(reports[0]?.reason)).toContain('Machine.updateStateTimeout');
});

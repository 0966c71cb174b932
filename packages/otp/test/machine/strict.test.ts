import {
  isAlive,
  Machine,
  receiveResponse,
  send,
  type Answerable,
  type MachineArgs,
} from '@linnet/otp';
import { captureCrashReports, inProcess, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { assign, setup } from 'xstate';
import { quietCrashes } from '../support/mailbox.ts';

quietCrashes();

type DoorEvent =
  | { readonly type: 'OPEN' | 'CLOSE' | 'WAIT' | 'SILENCE' }
  | Answerable<{ readonly type: 'STATUS' }>;

function door(engine: 'table' | 'actor') {
  const doorSetup = setup({
    types: { context: {}, events: {} as DoorEvent },
    actions: { status: Machine.answer(({ self }: MachineArgs) => self.value), touch: assign({}) },
  });
  return doorSetup.createMachine({
    initial: 'closed',
    on: { STATUS: { actions: 'status' } },
    states: {
      closed: { on: { OPEN: engine === 'actor' ? { target: 'open', actions: 'touch' } : 'open' } },
      open: {
        entry: Machine.eventTimeout(1000, { type: 'SILENCE' }),
        on: { CLOSE: 'closed', SILENCE: 'closed', WAIT: { actions: Machine.cancelEventTimeout() } },
      },
    },
  });
}

describe.each(['table', 'actor'] as const)('a machine with the engine %s', (engine) => {
  test('fails with unhandled "fail" where it has no transition for an event', async () => {
    const Door = Machine.define(door(engine), { unhandled: 'fail', name: 'Door' });
    expect(Door.engine).toBe(engine);
    const handle = await Door.start();
    handle.send({ type: 'OPEN' });
    await settle();
    expect(handle.value).toBe('open');
    const reports = await captureCrashReports(async () => {
      handle.send({ type: 'OPEN' });
      await settle();
    });
    expect(reports).toMatchObject([
      { label: 'Door', reason: ['unhandled_event', { type: 'OPEN' }], details: { value: 'open' } },
    ]);
  });

  test('fails so for messages that are no events, too, but not for a call', async () => {
    const Door = Machine.define(door(engine), { unhandled: 'fail' });
    const handle = await Door.start();
    const unknown = handle.call({ type: 'CLOSE' } as never);
    await expect(unknown).rejects.toMatchObject({ why: 'unhandled_event' });
    expect(await handle.call({ type: 'STATUS' })).toBe('closed');
    send(handle.pid, 'hello');
    await expect(handle.call({ type: 'STATUS' })).rejects.toMatchObject({
      why: ['unhandled_event', { type: 'info', message: 'hello' }],
    });
  });

  test('fails so with step, in each of its processes', async () => {
    const Door = Machine.define(door(engine), { unhandled: 'fail' });
    for (let count = 0; count < 3; count++) {
      const handle = await Door.start();
      expect(handle.step({ type: 'CLOSE' })).toBe(false);
      expect(isAlive(handle.pid)).toBe(false);
    }
  });

  test('ignores such events by default', async () => {
    const handle = await Machine.define(door(engine)).start();
    handle.send({ type: 'CLOSE' });
    expect(await handle.call({ type: 'STATUS' })).toBe('closed');
    await handle.stop();
  });

  test('cancelEventTimeout stops the event timeout', async () => {
    const clock = new TestClock().install(onTestFinished);
    const handle = await Machine.define(door(engine)).start();
    handle.send({ type: 'OPEN' });
    handle.send({ type: 'WAIT' });
    await clock.advance(2000);
    expect(handle.value).toBe('open');
    handle.send({ type: 'CLOSE' });
    handle.send({ type: 'OPEN' });
    await clock.advance(1000);
    expect(handle.value).toBe('closed');
    await handle.stop();
  });

  test('answers a request by a message', async () => {
    const handle = await Machine.define(door(engine)).start();
    await inProcess(async () => {
      const request = Machine.sendRequest<string>(handle, { type: 'STATUS' });
      expect(await receiveResponse(request)).toMatchObject({ outcome: 'reply', value: 'closed' });
      const unknown = Machine.sendRequest(handle, { type: 'CLOSE' });
      expect(await receiveResponse(unknown)).toMatchObject({ reason: 'unhandled_event' });
      expect(() => Machine.sendRequest(handle, 'STATUS' as never)).toThrow('event must be');
    });
    await handle.stop();
  });
});

test('an option that is none is refused', () => {
  expect(() => Machine.define(door('table'), { unhandled: 'crash' as never })).toThrow('unhandled');
});

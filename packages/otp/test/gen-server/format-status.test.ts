import {
  exit,
  GenServer,
  getState,
  Machine,
  noreply,
  processInfo,
  replaceState,
  reply,
  send,
  trace,
  type ServerStatus,
  type TraceEvent,
} from '@linnet/otp';
import { captureCrashReports, settle } from '@linnet/otp/testing';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { assign, setup } from 'xstate';

const secret = 'hunter2';

/** Everything that is shown, as one text. */
const textOf = (...shown: unknown[]): string => inspect(shown, { depth: 10 });

const hide = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null).replaceAll(secret, '***'));

describe.each(['a server', 'a machine'] as const)('formatStatus of %s', (kind) => {
  const formatStatus = ({ state, message, reason }: ServerStatus): Partial<ServerStatus> => ({
    state: hide(state),
    message: hide(message),
    reason: reason instanceof Error ? new Error(reason.message.replaceAll(secret, '***')) : reason,
  });

  async function start() {
    if (kind === 'a server') {
      return GenServer.define({
        name: 'Secretive',
        init: (password: string) => ({ password }),
        handleCall: { login: (state, given: string) => reply(given === state.password, state) },
        handleInfo: (state, message) => {
          if ((message as { type: string }).type === 'FAIL') throw new Error(`no ${secret}`);
          return noreply(state);
        },
        formatStatus,
      }).start(secret);
    }
    const machine = setup({
      types: {
        context: {} as { password: string },
        events: {} as { type: 'FAIL' | 'LOOK'; password?: string },
      },
      actions: {
        fail: () => {
          throw new Error(`no ${secret}`);
        },
      },
    }).createMachine({
      context: { password: secret },
      on: { FAIL: { actions: 'fail' }, LOOK: { actions: assign({}) } },
    });
    return Machine.define(machine, { formatStatus }).start();
  }

  test('keeps secrets out of getState, replaceState and processInfo', async () => {
    const server = await start();
    const state = await getState(server);
    const shown = textOf(state, await replaceState(server, (old) => old), processInfo(server.pid));
    expect(shown).not.toContain(secret);
    expect(shown).toContain('***');
    await server.stop();
  });

  test('keeps them out of traces', async () => {
    const server = await start();
    const events: TraceEvent[] = [];
    await trace(server, (event) => events.push(event));
    send(server, { type: 'LOOK', password: secret });
    await settle();
    expect(events.map(({ type }) => type)).toContain('state');
    expect(textOf(events)).not.toContain(secret);
    expect(textOf(events)).toContain('***');
    await server.stop();
  });

  test('keeps them out of crash reports, and changes no exit reason', async () => {
    const server = await start();
    const reports = await captureCrashReports(async () => {
      send(server, { type: 'FAIL', password: secret });
      await settle();
    });
    expect(reports).toHaveLength(1);
    expect(textOf(reports)).not.toContain(secret);
    expect(reports[0]?.reason).toMatchObject({ message: 'no ***' });
  });
});

test('what formatStatus leaves out is shown as it is', async () => {
  const Server = GenServer.define({
    init: () => ({ password: secret, calls: 0 }),
    handleCast: { fail: () => exit('boom') },
    formatStatus: ({ state }) => ({ state: { ...state, password: '***' } }),
  });
  const server = await Server.start();
  expect(await getState(server)).toEqual({ password: '***', calls: 0 });
  const [report] = await captureCrashReports(async () => {
    server.cast('fail');
    await settle();
  });
  expect(report).toMatchObject({
    reason: 'boom',
    details: { state: { password: '***', calls: 0 }, lastMessage: { cast: 'fail' } },
  });
});

test('where formatStatus throws, nothing is shown', async () => {
  const Server = GenServer.define({
    init: () => ({ password: secret }),
    handleCast: { fail: () => exit(secret) },
    formatStatus: () => {
      throw new Error(secret);
    },
  });
  const server = await Server.start();
  expect(await getState(server)).toBe('formatStatus failed');
  const reports = await captureCrashReports(async () => {
    server.cast('fail');
    await settle();
  });
  expect(reports).toHaveLength(1);
  expect(textOf(reports)).not.toContain(secret);
});

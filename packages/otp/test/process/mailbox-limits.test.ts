import {
  exit,
  GenServer,
  isAlive,
  Machine,
  monitor,
  noreply,
  ProcLib,
  receive,
  send,
  setMailboxLimits,
  spawn,
  subscribe,
  Supervisor,
  type DownMessage,
  type MailboxLimits,
  type Pid,
  type SystemEvent,
} from '@linnet/otp';
import { captureCrashReports, inProcess, settle } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMachine } from 'xstate';
import { quietCrashes } from '../support/mailbox.ts';

quietCrashes();

const stuck = (mailbox?: MailboxLimits): Pid =>
  spawn(
    () => receive((message) => message === 'end'),
    mailbox === undefined ? undefined : { mailbox },
  );

function sendMany(pid: Pid, count: number): void {
  for (let i = 0; i < count; i++) send(pid, i);
}

function alarms(): Array<{ readonly pid: Pid; readonly length: number }> {
  const events: Extract<SystemEvent, { type: 'mailbox' }>[] = [];
  const end = subscribe((event) => {
    if (event.type === 'mailbox') events.push(event);
  });
  onTestFinished(end);
  return events;
}

test('beyond its alarm, an event and a warning tell of a mailbox, once', async () => {
  const events = alarms();
  using logs = captureCrashReports();
  const pid = stuck({ alarm: 10 });
  sendMany(pid, 10);
  await settle();
  expect(events).toEqual([]);
  sendMany(pid, 100);
  await settle();
  expect(events).toEqual([
    { type: 'mailbox', pid, name: undefined, label: 'process', length: 11, limit: 10 },
  ]);
  expect(logs.logs).toMatchObject([{ level: 'warn', fields: { pid, length: 11 } }]);
  exit(pid, 'kill');
});

test('the alarm comes again when the mailbox has been empty meanwhile', async () => {
  const events = alarms();
  const pid = spawn(
    async () => {
      for (;;) {
        await receive((message) => message === 'all');
        for (let i = 0; i < 20; i++) await receive();
      }
    },
    { mailbox: { alarm: 15 } },
  );
  for (let round = 0; round < 3; round++) {
    sendMany(pid, 20);
    await settle();
    send(pid, 'all');
    await settle();
  }
  expect(events.map(({ length }) => length)).toEqual([16, 16, 16]);
  exit(pid, 'kill');
});

test('beyond its bound, the process ends, and the sender goes on', async () => {
  const pid = stuck({ max: 10 });
  await inProcess(async () => {
    monitor(pid);
    sendMany(pid, 100);
    expect(((await receive()) as DownMessage).reason).toEqual(['mailbox_overflow', 11]);
  });
});

test('a supervisor starts it anew, and a crash report says why', async () => {
  const Stuck = GenServer.define({
    name: 'Stuck',
    init: () => 0,
    handleInfo: async (n) => (await new Promise(() => {}), noreply(n)),
  });
  await using supervisor = await Supervisor.startLink(
    [Stuck.childSpec(undefined, { mailbox: { max: 5 }, name: 'stuck' })],
    { strategy: 'one_for_one' },
  );
  const [first] = await supervisor.whichChildren();
  const reports = await captureCrashReports(async () => {
    sendMany(first?.pid as Pid, 20);
    await settle();
  });
  expect(reports).toMatchObject([{ name: 'stuck', reason: ['mailbox_overflow', 6] }]);
  const [second] = await supervisor.whichChildren();
  expect(second?.pid).not.toBe(first?.pid);
});

test('limits of all apply to those that start then and have none of their own', async () => {
  const before = stuck();
  expect(setMailboxLimits({ max: 5 })).toEqual({});
  onTestFinished(() => void setMailboxLimits({}));
  const after = stuck();
  const own = stuck({ max: 50 });
  const none = stuck({});
  for (const pid of [before, after, own, none]) sendMany(pid, 10);
  expect([before, after, own, none].map((pid) => isAlive(pid))).toEqual([true, false, true, true]);
  for (const pid of [before, own, none]) exit(pid, 'kill');
});

describe('all that start processes take limits', () => {
  const mailbox = { max: 2 };
  test.each<[what: string, start: () => Promise<{ readonly pid: Pid }>]>([
    ['GenServer', () => GenServer.define({ init: () => 0 }).start(undefined, { mailbox })],
    ['Machine', () => Machine.define(createMachine({})).start(undefined, { mailbox })],
    [
      'ProcLib',
      () => ProcLib.start(async () => (ProcLib.initAck(), receive(() => false)), { mailbox }),
    ],
  ])('%s', async (_, start) => {
    const { pid } = await start();
    sendMany(pid, 5);
    expect(isAlive(pid)).toBe(false);
  });

  test('and refuse what is none', () => {
    for (const wrong of [null, 5, { alarm: 0 }, { max: 1.5 }, { limit: 5 }]) {
      expect(() => stuck(wrong as never)).toThrow(
        expect.objectContaining({ code: 'ERR_BADARG' }) as Error,
      );
      expect(() => setMailboxLimits(wrong as never)).toThrow('mailbox');
    }
  });
});

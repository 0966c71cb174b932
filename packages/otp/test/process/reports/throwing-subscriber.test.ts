import { channel } from 'node:diagnostics_channel';
import {
  exit,
  GenServer,
  isAlive,
  monitor,
  Pid,
  receive,
  setLogger,
  spawn,
  Supervisor,
  type CrashReport,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';

const Worker = GenServer.define({ name: 'Worker', init: () => 0 });

/** Takes uncaught exceptions in the place of the test runner; gives those that have come. */
function uncaughtExceptions(): unknown[] {
  const caught: unknown[] = [];
  const former = process.listeners('uncaughtException');
  const note = (error: unknown): void => void caught.push(error);
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', note);
  onTestFinished(() => {
    process.off('uncaughtException', note);
    for (const listener of former) process.on('uncaughtException', listener);
  });
  return caught;
}

function subscribe(name: string, subscriber: (message: unknown) => void): void {
  const source = channel(name);
  source.subscribe(subscriber);
  onTestFinished(() => {
    source.unsubscribe(subscriber);
  });
}

function logged(): string[] {
  const lines: string[] = [];
  const former = setLogger({
    error: (_fields, message) => void lines.push(message),
    warn: () => {},
    debug: () => {},
  });
  onTestFinished(() => void setLogger(former));
  return lines;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test.each(['otp.crash', 'otp.process.exit', 'otp.process.spawn'])(
  '[C13] what a subscriber of %s throws is an uncaught exception, and the process ends as it would',
  async (name) => {
    const caught = uncaughtExceptions();
    const lines = logged();
    const bad = new Error('bad subscriber');
    const others: unknown[] = [];
    subscribe(name, () => {
      throw bad;
    });
    subscribe(name, (message) => void others.push(message));
    const down = await inProcess(async () => {
      const pid = spawn(() => exit('boom'));
      const ref = monitor(pid);
      return { pid, ref, message: await receive() };
    });
    await settle();
    await nextTurn();
    expect(down.message).toEqual({ type: 'DOWN', ref: down.ref, pid: down.pid, reason: 'boom' });
    expect(isAlive(down.pid)).toBe(false);
    expect(lines).toHaveLength(1);
    expect(others.map((event) => (event as CrashReport).pid)).toContain(down.pid);
    expect(new Set(caught)).toEqual(new Set([bad]));
  },
);

test('[C13] a supervisor restarts its child though a subscriber of its channel throws', async () => {
  const caught = uncaughtExceptions();
  logged();
  subscribe('otp.supervisor.restart', () => {
    throw new Error('bad subscriber');
  });
  await using supervisor = await Supervisor.startLink([Worker.childSpec()], {
    strategy: 'one_for_one',
  });
  const [before] = await supervisor.whichChildren();
  exit(before?.pid as Pid, 'boom');
  await settle();
  await nextTurn();
  const [after] = await supervisor.whichChildren();
  expect(after?.pid).toBeInstanceOf(Pid);
  expect(after?.pid).not.toBe(before?.pid);
  expect(caught).toHaveLength(1);
});

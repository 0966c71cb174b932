import {
  cancelTimer,
  demonitor,
  exit,
  GenServer,
  isAlive,
  link,
  monitor,
  noreply,
  receive,
  register,
  registered,
  reply,
  self,
  send,
  sendAfter,
  signal,
  spawn,
  spawnLink,
  spawnMonitor,
  trapExit,
  unlink,
  unregister,
  whereis,
  type From,
  type Pid,
} from '@linnet/otp';
import { inProcess, processSnapshot, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mailbox, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

/** What `act` throws in code that goes on after the death of its process; else what it returns. */
async function afterDeath<T>(act: () => T): Promise<{ value: T } | { error: unknown }> {
  const outcome = Promise.withResolvers<{ value: T } | { error: unknown }>();
  const go = Promise.withResolvers<void>();
  const zombie = spawn(async () => {
    await go.promise;
    try {
      outcome.resolve({ value: act() });
    } catch (error) {
      outcome.resolve({ error });
    }
  });
  await settle();
  exit(zombie, 'kill');
  go.resolve();
  return outcome.promise;
}

const unwound = { error: expect.objectContaining({ code: 'ERR_EXIT', reason: 'killed' }) as Error };

describe('code that goes on after its process was killed', () => {
  test('still knows who it was', async () => {
    expect(await afterDeath(() => self())).toMatchObject({ value: { node: 'nonode@nohost' } });
  });

  test('sends nothing', async () => {
    await inProcess(async () => {
      const me = self();
      expect(await afterDeath(() => send(me, 'from the grave'))).toEqual({ value: undefined });
      expect(await mailbox()).toEqual([]);
    });
  });

  test('sends no exit signal', async () => {
    const victim = spawn(() => receive());
    expect(await afterDeath(() => exit(victim, 'kill'))).toEqual({ value: undefined });
    await settle();
    expect(isAlive(victim)).toBe(true);
    exit(victim, 'shutdown');
  });

  test('starts nothing', async () => {
    const before = processSnapshot();
    const starts: Array<() => unknown> = [
      () => spawn(() => {}),
      () => spawnLink(() => {}),
      () => spawnMonitor(() => {}),
    ];
    for (const start of starts) expect(await afterDeath(start)).toEqual(unwound);
    const Server = GenServer.define({ init: () => 0 });
    const started = await afterDeath(() => Server.startLink());
    await expect((started as { value: Promise<unknown> }).value).rejects.toMatchObject({
      reason: 'killed',
    });
    await settle();
    expect(processSnapshot().processes).toEqual(before.processes);
  });

  test('makes no link, monitor, name or timer', async () => {
    const clock = new TestClock().install(onTestFinished);
    const other = spawn(() => receive());
    register('taken', other);
    const acts = [
      () => link(other),
      () => unlink(other),
      () => monitor(other),
      () => register('zombie'),
      () => register('zombie', other),
      () => unregister('taken'),
      () => sendAfter(other, 'boo', 10),
      () => trapExit(),
      () => signal(),
      () => receive(),
    ];
    for (const act of acts) expect(await afterDeath(act)).toEqual(unwound);
    await clock.advance(1000);
    expect(isAlive(other)).toBe(true);
    expect(whereis('taken')).toBe(other);
    expect(registered()).not.toContain('zombie');
    exit(other, 'shutdown');
  });

  test('cannot cancel the timers or monitors of others', async () => {
    const clock = new TestClock().install(onTestFinished);
    await inProcess(async () => {
      const timer = sendAfter(self(), 'tick', 10);
      const other = spawn(() => receive());
      const ref = monitor(other);
      expect(await afterDeath(() => cancelTimer(timer))).toEqual(unwound);
      expect(await afterDeath(() => demonitor(ref))).toEqual(unwound);
      exit(other, 'boom');
      expect(await mailbox()).toHaveLength(1);
      const advanced = clock.advance(10);
      expect(await receive()).toBe('tick');
      await advanced;
    });
  });

  test('calls nobody, and its call never comes back', async () => {
    const seen: string[] = [];
    const Server = GenServer.define({
      init: () => 0,
      handleCall: { ask: (n) => (seen.push('call'), reply(n, n)) },
      handleCast: { tell: (n) => (seen.push('cast'), noreply(n)) },
    });
    await using server = await Server.start();
    let settled = false;
    await afterDeath(() => {
      server.cast('tell');
      void server
        .call('ask')
        .catch(() => {})
        .finally(() => (settled = true));
    });
    await settle();
    expect(seen).toEqual([]);
    expect(settled).toBe(false);
  });

  test('answers no call that another server has left to it', async () => {
    const Server = GenServer.define({
      init: () => undefined as From | undefined,
      handleCall: {
        later() {
          return noreply(this.from);
        },
        take: (from) => reply(from, undefined),
      },
    });
    const server = await Server.start();
    const pending = server.call('later');
    const from = await server.call('take');
    expect(await afterDeath(() => GenServer.reply(from as From, 'from the grave'))).toEqual({
      value: undefined,
    });
    GenServer.reply(from as From, 'from the living');
    expect(await pending).toBe('from the living');
    await server.stop();
  });

  test('has no effect by what it returns or throws', async () => {
    let go = Promise.withResolvers<void>();
    const Server = GenServer.define({
      init: () => 0,
      handleCall: {
        slow: async (n) => {
          await go.promise;
          return reply('late', n);
        },
        fail: async () => {
          await go.promise;
          throw new Error('late');
        },
      },
    });
    for (const clause of ['slow', 'fail'] as const) {
      go = Promise.withResolvers<void>();
      const server = await Server.start();
      const call = server.call(clause).catch((error: unknown) => error);
      await settle();
      exit(server.pid, 'kill');
      expect(await call).toMatchObject({ why: 'killed' });
      go.resolve();
      await settle();
    }
  });

  test('sees its signal aborted, and may stop its I/O by it', async () => {
    const aborted: Array<Pid | undefined> = [];
    const pid = spawn(async () => {
      signal().addEventListener('abort', () => aborted.push(self()));
      await receive();
    });
    await settle();
    await inProcess(() => exit(pid, 'kill'));
    await settle();
    expect(aborted).toEqual([pid]);
  });

  test('a signal that is asked for by nobody costs nothing, and one of a dead process is aborted', async () => {
    const pid = Promise.withResolvers<AbortSignal>();
    spawn(() => pid.resolve(signal()));
    const aborted = await pid.promise;
    await settle();
    expect(aborted.aborted).toBe(true);
  });
});

test('a process that dies while it handles a message handles no other', async () => {
  const seen: unknown[] = [];
  const Server = GenServer.define({
    init: () => 0,
    handleInfo: (n, message) => {
      seen.push(message);
      exit(self(), 'kill');
      return noreply(n);
    },
  });
  const { pid } = await Server.start();
  send(pid, 1);
  send(pid, 2);
  await settle();
  expect(seen).toEqual([1]);
});

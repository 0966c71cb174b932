import {
  DynamicSupervisor,
  exit,
  ExitError,
  GenServer,
  getState,
  isAlive,
  link,
  monitor,
  processInfo,
  receive,
  register,
  Registry,
  reply,
  send,
  spawn,
  Supervisor,
  Task,
  type DownMessage,
  type From,
} from '@linnet/otp';
import type * as copy from '@linnet/otp';
import { inProcess } from '@linnet/otp/testing';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { quietCrashes } from '../support/mailbox.ts';

quietCrashes();

let other: typeof copy;

beforeAll(async () => {
  vi.resetModules();
  other = await import('@linnet/otp');
  other.setLogger({ error() {}, warn() {}, debug() {} });
});

const anotherCopy = expect.objectContaining({
  code: 'ERR_BADARG',
  message: expect.stringContaining('another copy of @linnet/otp') as string,
}) as Error;

test('[C4] the other copy is another one', () => {
  expect(other.Pid).not.toBe(spawn(() => {}).constructor);
  expect(other.ExitError).not.toBe(ExitError);
});

describe('[C4] results of the other copy are understood', () => {
  const serverOf = (init: () => unknown) =>
    GenServer.define({
      init: init as () => number,
      handleContinue: { next: () => other.noreply(9) as never },
      handleCall: {
        reply: (n) => other.reply(n, n + 1) as never,
        async: async (n) => other.reply(n, n + 1) as never,
        thrown: (n) => {
          throw other.reply(n, n + 1);
        },
        later: () => other.noreply(GenServer.from()) as never,
        stop: (n) => other.stop('normal', n, 'bye') as never,
        'stop silently': (n) => other.stop('boom', n) as never,
        'reply of this copy': (n) => reply(n, n),
      },
    });
  const anyCall = (pid: unknown, clause: string): Promise<unknown> =>
    GenServer.call(pid as never, clause);

  test('those of init', async () => {
    const server = await serverOf(() => other.ok(5, { continue: 'next' })).start();
    expect(await getState(server as never)).toBe(9);
    const plain = await serverOf(() => other.ok(5)).start();
    expect(await getState(plain as never)).toBe(5);
    await expect(serverOf(() => other.stop('why')).start()).rejects.toMatchObject({
      reason: 'why',
    });
    await expect(serverOf(() => other.startFailure('eacces')).start()).rejects.toMatchObject({
      reason: 'eacces',
    });
    expect(await serverOf(() => other.ignore).start()).toBe(other.ignore);
    await expect(
      serverOf(() => {
        throw other.stop('thrown');
      }).start(),
    ).rejects.toMatchObject({ reason: 'thrown' });
  });

  test('those of callbacks', async () => {
    const server = (await serverOf(() => other.ok(1)).start()) as { pid: unknown };
    for (const [clause, value] of [
      ['reply', 1],
      ['async', 2],
      ['thrown', 3],
      ['reply of this copy', 4],
    ] as const) {
      expect(await anyCall(server.pid, clause)).toBe(value);
    }
    const later = anyCall(server.pid, 'later');
    GenServer.reply((await getState(server as never)) as From, 'late');
    expect(await later).toBe('late');
    expect(await anyCall(server.pid, 'stop')).toBe('bye');
    const second = (await serverOf(() => 1).start()) as { pid: unknown };
    await expect(anyCall(second.pid, 'stop silently')).rejects.toMatchObject({ why: 'boom' });
  });
});

test('[C4] errors of the other copy are the exit reasons that they stand for', async () => {
  await inProcess(async () => {
    for (const body of [
      () => other.exit('reason'),
      () => {
        throw new other.ExitError('reason');
      },
      async () => other.GenServer.call('nobody', 'x').catch(() => other.exit('reason')),
    ]) {
      monitor(spawn(body));
      expect(((await receive()) as DownMessage).reason).toBe('reason');
    }
  });
  expect(ExitError.isExitError(new other.StartError('x', 'y'))).toBe(true);
  const supervisor = await Supervisor.startLink([], { strategy: 'one_for_one' });
  const start = (): never => {
    throw new other.StartError('why', 'child');
  };
  await expect(supervisor.startChild({ id: 'c', start })).rejects.toMatchObject({
    reason: ['why', {}],
  });
  await supervisor.stop();
});

test('[C4] a pid of the other copy is refused wherever a process is asked for', async () => {
  const pid = other.spawn(() => other.receive()) as never;
  onTestFinished(() => other.exit(pid, 'kill'));
  const supervisor = await DynamicSupervisor.startLink();
  await inProcess(async () => {
    const registry = await Registry.startLink({ name: 'C4', keys: 'unique' });
    for (const use of [
      () => send(pid, 1),
      () => send({ pid }, 1),
      () => link(pid),
      () => monitor(pid),
      () => exit(pid, 'kill'),
      () => isAlive(pid),
      () => processInfo(pid),
      () => register('foreign', pid),
      () => registry.registerName('key', pid),
      () => GenServer.cast(pid, 'x'),
      () => GenServer.whereis(pid),
    ]) {
      expect(use).toThrow(anotherCopy);
    }
    for (const use of [
      () => GenServer.call(pid, 'x'),
      () => getState(pid),
      () => GenServer.stop(pid),
      () => Supervisor.whichChildren(pid),
    ]) {
      await expect((async () => use())()).rejects.toEqual(anotherCopy);
    }
    await registry.stop();
  });
  await supervisor.stop();
});

test('[C4] a child of the other copy does not start, and the reason says why', async () => {
  const Foreign = other.GenServer.define({ name: 'Foreign', init: () => 0 });
  const supervisor = await Supervisor.startLink([], { strategy: 'one_for_one' });
  const dynamic = await DynamicSupervisor.startLink();
  const spec = Foreign.childSpec() as never;
  await expect(supervisor.startChild(spec)).rejects.toMatchObject({ reason: [anotherCopy, {}] });
  await expect(dynamic.startChild(spec)).rejects.toMatchObject({ reason: anotherCopy });
  await expect(
    supervisor.startChild({ id: 'bare', start: () => other.spawn(() => {}) as never }),
  ).rejects.toMatchObject({ reason: [anotherCopy, {}] });
  await expect(Supervisor.startLink([spec], { strategy: 'one_for_one' })).rejects.toMatchObject({
    reason: { shutdown: ['failed_to_start_child', 'Foreign', anotherCopy] },
  });
  await supervisor.stop();
  await dynamic.stop();
});

test('[C4] callers, tasks and monitors of the other copy are refused', async () => {
  const Keeping = other.GenServer.define({
    init: () => 0,
    handleCall: { keep: () => other.noreply(other.GenServer.from()) as never },
  });
  const server = await Keeping.start();
  const kept = server.call('keep');
  kept.catch(() => {});
  const from = (await other.getState(server)) as never;
  expect(() => GenServer.reply(from, 1)).toThrow(anotherCopy);
  await server.stop();
  await expect(Task.awaitMany([other.Task.completed(1) as never])).rejects.toEqual(anotherCopy);
});

import {
  DynamicSupervisor,
  formatReason,
  GenServer,
  noreply,
  reply,
  Supervisor,
  type CallError,
} from '@linnet/otp';
import * as otp from '@linnet/otp';
import { captureCrashReports, settle } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { quietCrashes } from '../../support/mailbox.ts';

quietCrashes();

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: {
    add: (n, by: number) => reply(n + by, n + by),
    never: (n) => noreply(n),
    slow: async (n) => {
      await new Promise(() => {});
      return reply(n, n);
    },
    bad: () => 1 as never,
  },
  handleCast: { bad: () => 'junk' as never, fine: (n) => noreply(n) },
});

const failure = (call: Promise<unknown>): Promise<CallError> =>
  call.then(
    () => expect.fail('the call succeeded'),
    (error: CallError) => error,
  );

describe('a call that failed says', () => {
  test('its clause, how long it waited, what the server does, and what to change [N7]', async () => {
    const server = await Counter.start(1, { name: 'patient' });
    const error = await failure(server.call(['never'], { timeout: 5 }));
    expect(error.message).toBe(
      `GenServer.call(${String(server.pid)}, "never") timed out after 5 ms: ` +
        `Counter ${String(server.pid)} (patient) has not answered. Raise the timeout of the call, or let ` +
        'the server answer sooner: a clause that waits keeps all other messages waiting',
    );
    expect(error).toMatchObject({ why: 'timeout', code: 'ERR_CALL_TIMEOUT' });
    await server.stop();
  });

  test('that the server is busy, and how many messages wait for it [N7]', async () => {
    const server = await Counter.start(1);
    onTestFinished(() => otp.exit(server.pid, 'kill'));
    const first = failure(server.call(['slow'], { timeout: 20 }));
    const second = failure(server.call(['add', 1], { timeout: 10 }));
    server.cast('fine');
    expect((await second).message).toMatch(
      /, "add"\) timed out after 10 ms: Counter .* is handling a message, and 2 messages wait\. /,
    );
    await first;
  });

  test('nothing of its arguments, which may be secret', async () => {
    const error = await failure(GenServer.call('nobody', ['login', { user: 'ada', pin: 4711 }]));
    expect(error.message).toBe(
      'GenServer.call(nobody, "login") failed: no process: the process is not alive or there is no process with that name (noproc)',
    );
  });

  test('what a clause gives, where it gave something else [N7]', async () => {
    const server = await Counter.start(1);
    const error = await failure(server.call('bad'));
    expect(error.message).toBe(
      `GenServer.call(${String(server.pid)}, "bad") failed: bad return value: 1. A clause gives ` +
        'reply(value, state), noreply(state) or stop(reason, state), or a promise of it',
    );
  });
});

test('the log of a bad return value names the clause and what it may give [N7]', async () => {
  using crashes = captureCrashReports();
  const server = await Counter.start(1);
  server.cast('bad');
  await settle();
  expect(crashes.logs.map(({ message }) => message)).toEqual([
    `Counter ${String(server.pid)} terminated: bad return value: 'junk'. The last message was the cast ` +
      '"bad". A clause gives reply(value, state), noreply(state) or stop(reason, state), or a promise of it.',
  ]);
});

test('errors of supervisors name functions that users call [N13]', async () => {
  const Names = { Supervisor, DynamicSupervisor } as Record<string, object>;
  const spec = Counter.childSpec(1);
  const asked = [
    () => Supervisor.startChild('gone', spec),
    () => Supervisor.terminateChild('gone', 'c'),
    () => Supervisor.restartChild('gone', 'c'),
    () => Supervisor.deleteChild('gone', 'c'),
    () => Supervisor.whichChildren('gone'),
    () => Supervisor.countChildren('gone'),
    () => DynamicSupervisor.startChild('gone', spec),
    () =>
      DynamicSupervisor.terminateChild(
        'gone',
        otp.spawn(() => {}),
      ),
    () => DynamicSupervisor.whichChildren('gone'),
  ];
  for (const ask of asked) {
    const { message } = await failure(ask());
    const [, module = '', name = ''] =
      /^(\w+)\.(\w+)\(gone\) failed: no process/.exec(message) ?? [];
    expect(Object.keys(Names[module] ?? {}), message).toContain(name);
  }
  const dynamic = await DynamicSupervisor.startLink({ maxChildren: 0 });
  const { message } = await failure(dynamic.startChild(spec));
  expect(message).toMatch(/^DynamicSupervisor\.startChild failed: /);
  await dynamic.stop();
});

describe('a child', () => {
  test('that is a promise is refused, with what to write instead [N14]', async () => {
    const child = Counter.start(1) as never;
    await expect(Supervisor.startLink([child], { strategy: 'one_for_one' })).rejects.toThrow(
      'use C.childSpec(1) in place of C.startLink(1)',
    );
    const supervisor = await Supervisor.startLink([], { strategy: 'one_for_one' });
    await expect(supervisor.startChild(Counter.start(1) as never)).rejects.toThrow(
      'C.childSpec(1)',
    );
    await supervisor.stop();
  });

  test('with the id of another one is refused, with how to give another [N16]', async () => {
    const children = [Counter.childSpec(1), Counter.childSpec(2)];
    await expect(Supervisor.startLink(children, { strategy: 'one_for_one' })).rejects.toThrow(
      "two children have the same id: give one of them another, such as childSpec(arg, { id: 'second' }), got 'Counter'",
    );
  });
});

test('a name that is taken is explained, also by a module that was evaluated twice [N15]', async () => {
  await using counter = await Counter.start(1, { name: 'taken' });
  await expect(Counter.start(1, { name: 'taken' })).rejects.toThrow(
    `already started: ${String(counter.pid)}. Its name is taken: by another start, or by this one if ` +
      'its module was evaluated twice (hot reload). Use the running process by its name, or stop it first',
  );
  await expect(
    Supervisor.startLink([], { strategy: 'one_for_one', name: 'taken' }),
  ).rejects.toThrow('(hot reload)');
  expect(formatReason(['already_started', counter.pid])).toBe(
    `already started: ${String(counter.pid)}`,
  );
});

describe('a clause that there is not [N21]', () => {
  test('ends the server, and the error says so', async () => {
    const server = await Counter.start(1);
    const error = await failure(GenServer.call(server, 'ad'));
    expect(error.message).toContain(
      'Counter has no handleCall clause "ad" (it has "add", "never", "slow", "bad"). It ends for that, ' +
        'as in OTP, and its supervisor starts it again',
    );
    expect(otp.isAlive(server.pid)).toBe(false);
  });

  test('is refused at the caller by handles of a definition that checks calls', async () => {
    const Checked = GenServer.define({
      name: 'Checked',
      checkCalls: true,
      init: () => 0,
      handleCall: { get: (n) => reply(n, n) },
      handleCast: { reset: () => noreply(0) },
    });
    const server = await Checked.start(undefined, { name: 'checked' });
    for (const handle of [server, Checked.at('checked')]) {
      await expect(handle.call('gte' as 'get')).rejects.toMatchObject({
        code: 'ERR_FUNCTION_CLAUSE',
        message: 'Checked has no handleCall clause "gte" (it has "get")',
      });
      await expect(handle.call(['gte' as 'get'], { timeout: 10 })).rejects.toMatchObject({
        clause: 'gte',
      });
      expect(() => handle.cast('rest' as 'reset')).toThrow(
        'Checked has no handleCast clause "rest" (it has "reset")',
      );
      expect(await handle.call('get')).toBe(0);
      handle.cast('reset');
    }
    await server.stop();
    expect(() => GenServer.define({ init: () => 0, checkCalls: 'yes' as never })).toThrow(
      'checkCalls must be a boolean',
    );
  });
});

import {
  exit,
  GenServer,
  getState,
  ignore,
  isAlive,
  monitor,
  noreply,
  ok,
  processInfo,
  receive,
  registered,
  reply,
  self,
  send,
  spawn,
  spawnLink,
  startFailure,
  stop,
  trapExit,
  whereis,
  type ExitReason,
  type Pid,
  type StartError,
} from '@linnet/otp';
import {
  captureCrashReports,
  inProcess,
  processSnapshot,
  settle,
  TestClock,
} from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mailbox, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

/** A server whose init is given. */
function serverOf<R>(init: () => R) {
  return GenServer.define({ name: 'Given', init });
}

/** An init that does not come to an end. */
const never = () => receive(() => false);

/** What a trapping process gets from a start, and what is in its mailbox then. */
async function startTrapping(
  start: () => Promise<unknown>,
): Promise<{ result: unknown; reason?: ExitReason; messages: unknown[] }> {
  return inProcess(async () => {
    trapExit();
    try {
      const result = await start();
      return { result, messages: await mailbox() };
    } catch (error) {
      return { result: error, reason: (error as StartError).reason, messages: await mailbox() };
    }
  });
}

describe('what init may give', () => {
  test('[GS01] stop(reason) fails the start with the reason', async () => {
    const outcome = await startTrapping(() => serverOf(() => stop('bad')).startLink());
    expect(outcome).toMatchObject({
      reason: 'bad',
      result: { code: 'ERR_START', name: 'StartError' },
    });
  });

  test('[GS01] a failed start leaves no EXIT message in a trapping starter, as in OTP 26', async () => {
    const outcome = await startTrapping(() => serverOf(() => stop('bad')).startLink());
    expect(outcome.messages).toEqual([]);
  });

  test.for<[how: string, init: () => unknown]>([
    ['is killed', () => exit(self(), 'kill')],
    ['gets an exit signal', () => exit(self(), 'boom')],
    ['gets an exit signal with shutdown', () => exit(self(), 'shutdown')],
    ['ends itself with normal', () => exit(self(), 'normal')],
    ['exits', () => exit('boom')],
    ['throws', () => expect.unreachable()],
    ['dies with a process to which it is linked', () => (spawnLink(() => exit('boom')), never())],
    ['dies with its linked process, in vain trapping', () => (trapExit(), exit(self(), 'kill'))],
    ['takes too long', () => never()],
    ['gives no state', () => startFailure('eacces')],
    ['ignores', () => ignore],
    ['gives something that is no result', () => reply(1, 2)],
  ])('[C2] init that %s leaves the mailbox of a trapping starter empty', async ([, init]) => {
    const clock = new TestClock().install(onTestFinished);
    const starting = startTrapping(() => serverOf(init).startLink(undefined, { timeout: 100 }));
    await clock.advance(100);
    expect((await starting).messages).toEqual([]);
  });

  test('[C2] a starter that does not trap exits dies with an init that is killed', async () => {
    const Killed = serverOf(() => exit(self(), 'kill'));
    const reason = await inProcess(async () => {
      trapExit();
      spawnLink(() => Killed.startLink());
      return ((await receive()) as { reason: unknown }).reason;
    });
    expect(reason).toBe('killed');
  });

  test('[GS02] ignore resolves with ignore, and the process ends with normal', async () => {
    const Ignoring = serverOf(() => ignore);
    expect(await startTrapping(() => Ignoring.startLink())).toEqual({
      result: ignore,
      messages: [],
    });
    const reports = await captureCrashReports(() => Ignoring.start());
    expect(reports).toEqual([]);
  });

  test('[GS03] an Error that init throws is the reason, and the cause of the rejection', async () => {
    const error = new Error('oops');
    const outcome = await startTrapping(() =>
      serverOf(() => {
        throw error;
      }).startLink(),
    );
    expect(outcome.reason).toBe(error);
    expect((outcome.result as Error).cause).toBe(error);
    expect((outcome.result as Error).message).toBe('Given could not be started: Error: oops');
  });

  test('[GS04] exit in init fails the start with its reason', async () => {
    const outcome = await startTrapping(() => serverOf(() => exit('boom')).startLink());
    expect(outcome.reason).toBe('boom');
  });

  test('[GS05] a result that is thrown counts as returned', async () => {
    const Thrown = serverOf((): number => {
      throw ok(7) as unknown as Error;
    });
    await using server = await Thrown.start();
    expect(await getState(server)).toBe(7);
    const Ignored = serverOf((): number => {
      throw ignore as unknown as Error;
    });
    expect(await Ignored.start()).toBe(ignore);
  });

  test('[GS06] any other value that is thrown is a bad return value', async () => {
    const outcome = await startTrapping(() =>
      serverOf(() => {
        throw 'oops' as unknown as Error;
      }).startLink(),
    );
    expect(outcome.reason).toEqual(['bad_return_value', 'oops']);
  });

  test('[GS07] a result of another callback is a bad return value', async () => {
    for (const junk of [reply(1, 2), noreply(1)]) {
      const outcome = await startTrapping(() => serverOf(() => junk as never).startLink());
      expect(outcome.reason).toEqual(['bad_return_value', junk]);
    }
    const junk = ok(1, 'soon' as never);
    const outcome = await startTrapping(() => serverOf(() => junk).startLink());
    expect(outcome.reason).toEqual(['bad_return_value', junk]);
  });

  test('startFailure(reason) fails the start without a crash', async () => {
    const Failing = serverOf(() => startFailure('not today'));
    const reports = await captureCrashReports(async () => {
      const outcome = await startTrapping(() => Failing.startLink());
      expect(outcome).toMatchObject({ reason: 'not today', messages: [] });
    });
    expect(reports).toEqual([]);
  });

  test('the state may come later, and the start waits for it', async () => {
    const Slow = serverOf(async () => {
      await Promise.resolve();
      return 'state';
    });
    await using server = await Slow.start();
    expect(isAlive(server.pid)).toBe(true);
    const Rejecting = serverOf(() => Promise.reject<number>(new Error('later')));
    await expect(Rejecting.start()).rejects.toThrow('later');
  });

  test('[GS18] hibernate is a hint: the server serves on', async () => {
    const Hibernating = GenServer.define({
      init: () => ok(1, 'hibernate'),
      handleCall: { get: (n) => reply(n, n, 'hibernate') },
    });
    await using server = await Hibernating.start();
    expect([await server.call('get'), await server.call('get')]).toEqual([1, 1]);
  });
});

describe('the starter of a server that fails to start', () => {
  /** How a process ends that starts a server and does not trap exits. */
  async function endOf(reason: ExitReason): Promise<ExitReason> {
    const starter = spawn(async () => {
      await serverOf(() => stop(reason))
        .startLink()
        .catch(() => {});
      exit('survived');
    });
    return inProcess(async () => {
      const ref = monitor(starter);
      const down = await receive((message) => ref.isDownMessage(message));
      return (down as { reason: ExitReason }).reason;
    });
  }

  test('[GS08] dies of the reason unless it traps exits', async () => {
    expect(await endOf('shutdown')).toBe('shutdown');
    expect(await endOf('bad')).toBe('bad');
  });

  test('[GS08] survives the reason normal', async () => {
    expect(await endOf('normal')).toBe('survived');
  });

  test('[GS09] survives when it started without a link', async () => {
    await inProcess(async () => {
      await expect(serverOf(() => stop('bad')).start()).rejects.toMatchObject({ reason: 'bad' });
      expect(await mailbox()).toEqual([]);
    });
  });

  test('plain code only gets the rejection', async () => {
    await expect(serverOf(() => stop('bad')).startLink()).rejects.toMatchObject({ reason: 'bad' });
  });
});

describe('the timeout of a start', () => {
  const Sleeping = serverOf(() => new Promise<number>(() => {}));

  test('[GS10] rejects with timeout and kills the process, linked or not', async () => {
    const clock = new TestClock().install(onTestFinished);
    for (const start of ['start', 'startLink'] as const) {
      for (const trapping of [true, false]) {
        const before = processSnapshot();
        const outcome = inProcess(async () => {
          if (trapping) trapExit();
          const reason = await Sleeping[start](undefined, { timeout: 30 }).catch(
            (error: StartError) => error.reason,
          );
          return { reason, messages: await mailbox() };
        });
        await clock.advance(30);
        expect(await outcome).toEqual({ reason: 'timeout', messages: [] });
        expect(processSnapshot().processes).toEqual(before.processes);
      }
    }
  });

  test('does not fire once the server is up', async () => {
    const clock = new TestClock().install(onTestFinished);
    await using server = await serverOf(() => 1).start(undefined, { timeout: 30 });
    await clock.advance(100);
    expect(isAlive(server.pid)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test.each([-1, Number.NaN, '30'])('%s is refused', async (timeout) => {
    await expect(Sleeping.start(undefined, { timeout: timeout as number })).rejects.toMatchObject({
      code: 'ERR_BADARG',
      argument: 'timeout',
    });
  });
});

describe('the name of a server', () => {
  test('[GS11] one that is taken fails the start with the holder', async () => {
    let inits = 0;
    const Named = serverOf(() => inits++);
    await using holder = await Named.start(undefined, { name: 'gs11' });
    const outcome = await startTrapping(() => Named.startLink(undefined, { name: 'gs11' }));
    expect(outcome.reason).toEqual(['already_started', holder.pid]);
    expect(outcome.messages).toEqual([]);
    expect((outcome.result as Error).message).toContain(`already started: ${String(holder.pid)}`);
    expect(inits).toBe(1);
  });

  test('[GS11] a starter that does not trap survives a taken name', async () => {
    const Named = serverOf(() => 1);
    await using _ = await Named.start(undefined, { name: 'gs11b' });
    expect(
      await inProcess(async () => {
        await Named.startLink(undefined, { name: 'gs11b' }).catch(() => {});
        await settle();
        return 'alive';
      }),
    ).toBe('alive');
  });

  test('[GS12] is registered before init runs', async () => {
    const Named = serverOf(() => whereis('gs12') === self());
    await using server = await Named.start(undefined, { name: 'gs12' });
    expect(await getState(server)).toBe(true);
  });

  test('[GS13] is free when the start has failed', async () => {
    await expect(
      serverOf(() => stop('bad')).start(undefined, { name: 'gs13' }),
    ).rejects.toMatchObject({ reason: 'bad' });
    expect(whereis('gs13')).toBeUndefined();
  });

  test('[G002] one that cannot be a name is refused', async () => {
    const before = processSnapshot();
    for (const name of ['', 5, null, {}, { via: 'x' }, { via: ['x'] }]) {
      await expect(
        serverOf(() => 1).start(undefined, { name: name as never }),
      ).rejects.toMatchObject({ code: 'ERR_BADARG', argument: 'name' });
    }
    expect(processSnapshot()).toEqual(before);
  });

  test('[G003] may be a string, a symbol, a via name, or left out', async () => {
    const table = new Map<unknown, Pid>();
    const registry = {
      whereisName: (key: unknown) => table.get(key),
      registerName: (key: unknown, pid: Pid) => !table.has(key) && table.set(key, pid) === table,
      unregisterName: (key: unknown) => void table.delete(key),
    };
    const symbol = Symbol('server');
    const via = { via: [registry, 'key'] } as const;
    const Echo = GenServer.define({
      init: () => 0,
      handleCall: { echo: (n, value: string) => reply(value, n) },
    });
    for (const name of ['g003', symbol, via]) {
      await using server = await Echo.start(undefined, { name });
      expect(await GenServer.call(name, ['echo', 'x'])).toBe('x');
      expect(await Echo.at(name).call('echo', 'y')).toBe('y');
      expect(whereis(name)).toBe(server.pid);
      await expect(Echo.start(undefined, { name })).rejects.toMatchObject({
        reason: ['already_started', server.pid],
      });
    }
    await using _ = await Echo.start();
    expect(registered()).not.toContain(symbol);
  });

  test('[G003] a via name of a registry that is not running fails the start', async () => {
    await expect(
      serverOf(() => 1).start(undefined, { name: { via: ['no registry', 'key'] } }),
    ).rejects.toMatchObject({ reason: 'noproc' });
  });
});

describe('links of a start', () => {
  test('[G006] start makes no link, startLink does', async () => {
    await inProcess(async () => {
      trapExit();
      const Server = serverOf(() => 1);
      const free = await Server.start();
      exit(free.pid, 'boom');
      expect(await mailbox()).toEqual([]);
      const linked = await Server.startLink();
      exit(linked.pid, 'boom');
      expect(await mailbox()).toEqual([{ type: 'EXIT', from: linked.pid, reason: 'boom' }]);
    });
  });

  test('from plain code a server is an unlinked root', async () => {
    const server = await serverOf(() => 1).startLink();
    expect(processInfo(server.pid)).toMatchObject({
      links: [],
      parent: undefined,
    });
    exit(server.pid, 'shutdown');
  });

  test('a starter that dies while init runs takes the server with it', async () => {
    const before = processSnapshot();
    const starter = spawn(() => serverOf(() => new Promise<number>(() => {})).startLink());
    await settle();
    expect(processSnapshot().processes.length).toBe(before.processes.length + 2);
    exit(starter, 'kill');
    await settle();
    expect(processSnapshot()).toEqual(before);
  });
});

test('[G001] childSpec has the name or the module as id, and takes overrides', async () => {
  const Spec = GenServer.define({ name: 'Spec', init: (n: number) => n });
  expect(Spec.childSpec(1)).toMatchObject({ id: 'Spec' });
  expect(Spec.childSpec(1, { name: 'one' })).toMatchObject({ id: 'one' });
  expect(Spec.childSpec(1, { name: { via: ['registry', 'key'] } })).toMatchObject({ id: 'key' });
  expect(Spec.childSpec(1, { id: 'mine', restart: 'temporary', shutdown: 10 })).toMatchObject({
    id: 'mine',
    restart: 'temporary',
    shutdown: 10,
  });
  const anonymous = GenServer.define({ init: (n: number) => n });
  expect(anonymous.childSpec(1).id).toBe(anonymous);
  const started = await inProcess(async () => {
    const server = await Spec.childSpec(41, { name: 'started' }).start();
    const found = whereis('started') === server.pid;
    await server.stop();
    return found;
  });
  expect(started).toBe(true);
});

describe('a definition', () => {
  const invalid: ReadonlyArray<readonly [callbacks: object | undefined, message: string]> = [
    [{ init: 5 }, 'init must be a function'],
    [{ init: () => 1, handleCall: 5 }, 'handleCall must be an object of functions'],
    [{ init: () => 1, handleCall: { a: 5 } }, 'handleCall.a must be a function'],
    [undefined, 'callbacks must be an object with init'],
    [{ init: () => 1, handleCasts: {} }, 'callbacks must be made of name, init'],
    [{ init: () => 1, handleInfo: {} }, 'handleInfo must be a function'],
    [{}, 'init must be a function'],
  ];

  test.each(invalid)('%o is refused', (callbacks, message) => {
    expect(() => GenServer.define(callbacks as never)).toThrow(message);
  });

  test('may have clauses with the names of built-in properties', async () => {
    const Odd = GenServer.define({
      init: () => 0,
      handleCall: {
        constructor: (n: number) => reply('c', n),
        toString: (n: number) => reply('t', n),
      },
    });
    await using server = await Odd.start();
    expect(await GenServer.call(server, 'constructor')).toBe('c');
    expect(await GenServer.call(server, 'toString')).toBe('t');
    await expect(GenServer.call(server, 'hasOwnProperty')).rejects.toMatchObject({
      why: { code: 'ERR_FUNCTION_CLAUSE', clause: 'hasOwnProperty' },
    });
  });
});

describe('what comes after init', () => {
  const events = (): {
    log: unknown[];
    Logging: ReturnType<typeof define>;
  } => {
    const log: unknown[] = [];
    return { log, Logging: define(log) };
  };
  function define(log: unknown[]) {
    return GenServer.define({
      init: (next: Parameters<typeof ok>[1]) => {
        send(self(), 'sent in init');
        return ok(0, next);
      },
      handleContinue: {
        first: (n) => {
          log.push('continue');
          return noreply(n);
        },
        slow: async (n, text: string) => {
          await settle();
          log.push(`continue ${text}`);
          return noreply(n);
        },
      },
      handleInfo: (n, message) => {
        log.push(message);
        return noreply(n);
      },
    });
  }

  test('[GS14] continue runs before any message, even those of init', async () => {
    const { log, Logging } = events();
    await using server = await Logging.start({ continue: 'first' });
    send(server.pid, 'after start');
    await settle();
    expect(log).toEqual(['continue', 'sent in init', 'after start']);
  });

  test('[GS14] messages wait for a continue that takes its time', async () => {
    const { log, Logging } = events();
    await using server = await Logging.start({ continue: ['slow', 'x'] });
    send(server.pid, 'after start');
    expect(log).toEqual([]);
    await settle();
    expect(log).toEqual(['continue x', 'sent in init', 'after start']);
  });

  test('[GS15] a timeout comes as the message timeout', async () => {
    const clock = new TestClock().install(onTestFinished);
    const log: unknown[] = [];
    const Waiting = GenServer.define({
      init: () => ok(0, 20),
      handleInfo: (n, message) => {
        log.push([message, clock.now()]);
        return noreply(n);
      },
    });
    await using server = await Waiting.start();
    await clock.advance(19);
    expect(log).toEqual([]);
    await clock.advance(100);
    expect(log).toEqual([['timeout', 20]]);
    expect(isAlive(server.pid)).toBe(true);
  });

  test('[GS16] a message in between cancels the timeout', async () => {
    const clock = new TestClock().install(onTestFinished);
    const { log, Logging } = events();
    await using server = await Logging.start(40);
    await clock.advance(100);
    expect(log).toEqual(['sent in init']);
    expect(clock.pending).toBe(0);
    expect(isAlive(server.pid)).toBe(true);
  });

  test('[GS17] a timeout of 0 is lost when a message is waiting already', async () => {
    const { log, Logging } = events();
    await using server = await Logging.start(0);
    await settle();
    expect(log).toEqual(['sent in init']);
    expect(isAlive(server.pid)).toBe(true);
  });

  test('[GS17] a timeout of 0 comes at once when nothing is waiting', async () => {
    const log: unknown[] = [];
    const Eager = GenServer.define({
      init: () => ok(0, 0),
      handleInfo: (n, message) => {
        log.push(message);
        return noreply(n);
      },
    });
    await using server = await Eager.start();
    send(server.pid, 'later');
    await settle();
    expect(log).toEqual(['timeout', 'later']);
  });

  test('a continue without such a clause ends the server', async () => {
    const { Logging } = events();
    const server = await Logging.start({ continue: 'nothing' });
    await settle();
    expect(isAlive(server.pid)).toBe(false);
  });
});

import {
  exit,
  GenServer,
  isAlive,
  link,
  monitor,
  noreply,
  receive,
  register,
  reply,
  self,
  send,
  spawn,
  stop,
  suspend,
  trapExit,
  type CallError,
  type DownMessage,
  type ExitReason,
  type Pid,
  type ServerRef,
} from '@linnet/otp';
import { captureCrashReports, inProcess, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deadPid, mailbox, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

interface Options {
  readonly trap?: boolean;
  readonly onTerminate?: (reason: ExitReason) => unknown;
}

const log: unknown[] = [];

const Logging = GenServer.define({
  name: 'Logging',
  init: ({ trap = false, onTerminate }: Options = {}) => {
    if (trap) trapExit();
    return onTerminate;
  },
  handleCall: { ping: (state) => reply('pong', state) },
  handleCast: {
    give: (_, result: unknown) => result as never,
    end: (state, reason: string) => stop(reason, state),
    fail: (_, error: unknown) => {
      throw error as Error;
    },
  },
  handleContinue: {
    last: (state) => {
      log.push('continue');
      return stop('later', state);
    },
  },
  handleInfo: (state, message) => {
    log.push(['info', message]);
    return noreply(state);
  },
  terminate: (reason, onTerminate) => {
    log.push(['terminate', reason]);
    return onTerminate?.(reason);
  },
});

async function logging(options: Options = {}) {
  log.length = 0;
  const server = await Logging.start(options);
  onTestFinished(() => exit(server.pid, 'kill'));
  return server;
}

/** The reason with which a process ends while `act` runs. */
async function endOf(ref: ServerRef, act: () => unknown): Promise<ExitReason> {
  return inProcess(async () => {
    const monitored = monitor(ref);
    await act();
    const down = await receive((m): m is DownMessage => monitored.isDownMessage(m));
    return down.reason;
  });
}

const failure = (promise: Promise<unknown>): Promise<CallError> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as CallError,
  );

describe('stop', () => {
  test.each([
    ['GT02-normal', 'normal'],
    ['GT02-shutdown', 'shutdown'],
    ['GT02-boom', 'boom'],
  ])(
    '[%s] [G010] with %s terminates, ends with the reason and then resolves',
    async (_, reason) => {
      const server = await logging();
      await inProcess(async () => {
        const ref = monitor(server);
        expect(await server.stop(reason)).toBeUndefined();
        expect(log).toEqual([['terminate', reason]]);
        expect(await receive(undefined, { timeout: 0 })).toEqual({
          type: 'DOWN',
          ref,
          pid: server.pid,
          reason,
        });
      });
    },
  );

  test('[G010] finds a server by its name, and waits for messages before it', async () => {
    await Logging.start({}, { name: 'g010' });
    log.length = 0;
    send('g010', 'first');
    await GenServer.stop('g010');
    expect(log).toEqual([
      ['info', 'first'],
      ['terminate', 'normal'],
    ]);
  });

  test('[GT03] [G010] of a dead process, an unknown name and itself fails', async () => {
    const dead = await deadPid();
    const gone = await failure(GenServer.stop(dead));
    expect(gone.reason).toEqual(['noproc', ['GenServer', 'stop', [dead, 'normal', 'infinity']]]);
    const unknown = await failure(GenServer.stop('no_such'));
    expect(unknown.reason).toEqual([
      'noproc',
      ['GenServer', 'stop', ['no_such', 'normal', 'infinity']],
    ]);
    const Selfish = GenServer.define({
      init: () => 0,
      handleCall: {
        end: async (n) => reply((await failure(GenServer.stop(self()))).reason, n),
      },
    });
    await using server = await Selfish.start();
    expect(await server.call('end')).toEqual([
      'calling_self',
      ['GenServer', 'stop', [server.pid, 'normal', 'infinity']],
    ]);
  });

  test('[GT04] fails after its timeout, and the server still ends', async () => {
    const clock = new TestClock().install(onTestFinished);
    const gate = Promise.withResolvers<void>();
    const server = await logging({ onTerminate: () => gate.promise });
    const stopping = failure(server.stop('normal', 20));
    await clock.advance(20);
    expect((await stopping).reason).toEqual([
      'timeout',
      ['GenServer', 'stop', [server.pid, 'normal', 20]],
    ]);
    expect(isAlive(server.pid)).toBe(true);
    expect(await endOf(server, () => gate.resolve())).toBe('normal');
  });

  test('[GT04] with the reason timeout tells its own timeout from the end', async () => {
    const clock = new TestClock().install(onTestFinished);
    const gate = Promise.withResolvers<void>();
    const server = await logging({ onTerminate: () => gate.promise });
    const stopping = failure(server.stop('timeout', 20));
    await clock.advance(20);
    expect(await stopping).toMatchObject({ why: 'timeout' });
    gate.resolve();
    const other = await logging();
    expect(await other.stop('timeout', 20)).toBeUndefined();
  });

  test('[GT05] fails when terminate ends the server with another reason', async () => {
    const server = await logging({ onTerminate: () => exit('other') });
    expect((await failure(server.stop())).reason).toEqual([
      'other',
      ['GenServer', 'stop', [server.pid, 'normal', 'infinity']],
    ]);
  });

  test('await using stops a server, and leaves one alone that is dead', async () => {
    let pid: Pid | undefined;
    {
      await using server = await logging();
      ({ pid } = server);
    }
    expect(isAlive(pid)).toBe(false);
    {
      await using server = await logging();
      exit(server.pid, 'kill');
    }
  });
});

describe('the end of a server by itself', () => {
  test('[GT06] stop from a cast terminates and ends with the reason', async () => {
    const server = await logging();
    expect(await endOf(server, () => server.cast('give', stop('boom', undefined)))).toBe('boom');
    expect(log).toEqual([['terminate', 'boom']]);
  });

  test('[GT07] an Error that a cast throws goes to terminate and is the reason', async () => {
    const server = await logging();
    const oops = new Error('oops');
    expect(await endOf(server, () => server.cast('fail', oops))).toBe(oops);
    expect(log).toEqual([['terminate', oops]]);
  });

  test('[GT15] an Error that terminate throws is the reason', async () => {
    for (const asynchronous of [false, true]) {
      const error = new Error('in terminate');
      const server = await logging({
        onTerminate: () => {
          if (asynchronous) return Promise.reject(error);
          throw error;
        },
      });
      expect(await endOf(server, () => server.cast('end', 'normal'))).toBe(error);
      expect(log).toEqual([['terminate', 'normal']]);
    }
  });

  test('[GT16] any other value that terminate throws leaves the reason', async () => {
    const server = await logging({
      onTerminate: () => {
        throw 'ball' as unknown as Error;
      },
    });
    expect(await endOf(server, () => server.cast('end', 'boom'))).toBe('boom');
  });

  test('[GT17] junk from a cast is a bad return value', async () => {
    const server = await logging();
    for (const junk of ['junk', reply(1, 2)]) {
      const other = junk === 'junk' ? server : await logging();
      expect(await endOf(other, () => other.cast('give', junk))).toEqual([
        'bad_return_value',
        junk,
      ]);
    }
  });

  test('[GT18] a continue may stop the server', async () => {
    const server = await logging();
    const end = await endOf(server, () =>
      server.cast('give', noreply(undefined, { continue: 'last' })),
    );
    expect(end).toBe('later');
    expect(log).toEqual(['continue', ['terminate', 'later']]);
  });

  test('what terminate returns is ignored, and it sees the last state', async () => {
    const seen: unknown[] = [];
    const Counting = GenServer.define({
      init: () => 0,
      handleCast: { inc: (n) => noreply(n + 1) },
      terminate: (reason, n) => {
        seen.push(reason, n);
        return stop('ignored', n);
      },
    });
    const server = await Counting.start();
    server.cast('inc');
    server.cast('inc');
    await server.stop('shutdown');
    expect(seen).toEqual(['shutdown', 2]);
  });
});

describe('exit signals to a server', () => {
  test('[GT08] end one that does not trap, without terminate', async () => {
    const server = await logging();
    expect(await endOf(server, () => exit(server.pid, 'boom'))).toBe('boom');
    expect(log).toEqual([]);
  });

  test('[GT09] are messages for handleInfo to one that traps', async () => {
    const server = await logging({ trap: true });
    await inProcess(async () => {
      exit(server.pid, 'boom');
      await settle();
      expect(log).toEqual([['info', { type: 'EXIT', from: self(), reason: 'boom' }]]);
    });
    expect(isAlive(server.pid)).toBe(true);
  });

  test('[GT14] kill ends one that traps, without terminate', async () => {
    const server = await logging({ trap: true });
    expect(await endOf(server, () => exit(server.pid, 'kill'))).toBe('killed');
    expect(log).toEqual([]);
  });

  test('[GT13] of a linked process that is not the parent go to handleInfo', async () => {
    const server = await logging({ trap: true });
    const other = spawn(async () => {
      link(server.pid);
      await receive();
      exit('boom');
    });
    send(other, 'go');
    await settle();
    expect(log).toEqual([['info', { type: 'EXIT', from: other, reason: 'boom' }]]);
    expect(isAlive(server.pid)).toBe(true);
  });

  test('one that a callback sends to its own process ends it without terminate', async () => {
    const Suicidal = GenServer.define({
      init: () => 0,
      handleInfo: (n, reason) => {
        exit(self(), reason);
        return noreply(n);
      },
      terminate: (reason) => void log.push(['terminate', reason]),
    });
    log.length = 0;
    for (const [reason, end] of [
      ['boom', 'boom'],
      ['normal', 'normal'],
      ['kill', 'killed'],
    ]) {
      const server = await Suicidal.start();
      expect(await endOf(server, () => send(server.pid, reason))).toBe(end);
    }
    expect(log).toEqual([]);
  });
});

describe('the parent of a server', () => {
  const reasons = [['normal'], ['shutdown'], ['boom']] as const;

  /** A parent that starts a server and then does what it is sent. */
  async function family(trap: boolean): Promise<{ parent: Pid; child: Pid }> {
    log.length = 0;
    return inProcess(async () => {
      const me = self();
      const parent = spawn(async () => {
        trapExit();
        const { pid } = await Logging.startLink({ trap });
        send(me, pid);
        for (;;) {
          const message = await receive();
          if (typeof message !== 'function') log.push(message);
          else await (message as (child: Pid) => unknown)(pid);
        }
      });
      return { parent, child: (await receive()) as Pid };
    });
  }

  test.each(reasons)(
    '[GT10-%s] its exit signal terminates a server that traps, whatever the reason',
    async (reason) => {
      const { parent, child } = await family(true);
      send(parent, (pid: Pid) => exit(pid, reason));
      await settle();
      expect(log).toEqual([['terminate', reason], { type: 'EXIT', from: child, reason }]);
      exit(parent, 'kill');
    },
  );

  test.each(reasons)('[GT11-%s] its end terminates a server that traps', async (reason) => {
    const { parent, child } = await family(true);
    expect(await endOf(child, () => send(parent, () => exit(reason)))).toBe(reason);
    expect(log).toEqual([['terminate', reason]]);
  });

  test('[GT12-normal] its normal end leaves a server alone that does not trap', async () => {
    const { parent, child } = await family(false);
    send(parent, () => exit('normal'));
    await settle();
    expect(isAlive(parent)).toBe(false);
    expect(isAlive(child)).toBe(true);
    expect(log).toEqual([]);
    exit(child, 'kill');
  });

  test.each([['shutdown'], ['boom']])(
    '[GT12-%s] its end is the end of a server that does not trap, without terminate',
    async (reason) => {
      const { parent, child } = await family(false);
      expect(await endOf(child, () => send(parent, () => exit(reason)))).toBe(reason);
      expect(log).toEqual([]);
    },
  );

  test('a message that looks like its exit is one, and one from another is not', async () => {
    const { parent, child } = await family(true);
    send(child, { type: 'EXIT', from: child, reason: 'fake' });
    await settle();
    expect(log).toEqual([['info', { type: 'EXIT', from: child, reason: 'fake' }]]);
    send(child, { type: 'EXIT', from: parent, reason: 'fake' });
    await settle();
    expect(isAlive(child)).toBe(false);
    exit(parent, 'kill');
  });

  test('ends a suspended server too', async () => {
    const { parent, child } = await family(true);
    await suspend(child);
    expect(await endOf(child, () => send(parent, () => exit('bye')))).toBe('bye');
    expect(log).toEqual([['terminate', 'bye']]);
  });
});

describe('crash reports', () => {
  test('tell the reason, the state and the last message of a server', async () => {
    const Failing = GenServer.define({
      name: 'Failing',
      init: () => ({ n: 1 }),
      handleCall: {
        fail: () => {
          throw new Error('oops');
        },
      },
      handleCast: { fail: () => exit('cast') },
      handleInfo: () => exit('info'),
    });
    const reports = await captureCrashReports(async () => {
      const first = await Failing.start(undefined, { name: 'failing' });
      await first.call('fail').catch(() => {});
      const second = await Failing.start();
      second.cast('fail');
      const third = await Failing.start();
      send(third.pid, 'message');
    });
    expect(reports).toMatchObject([
      {
        label: 'Failing',
        name: 'failing',
        cause: 'fault',
        reason: { message: 'oops' },
        details: { state: { n: 1 }, lastMessage: { call: 'fail' } },
      },
      { reason: 'cast', name: undefined, details: { lastMessage: { cast: 'fail' } } },
      { reason: 'info', details: { lastMessage: 'message' } },
    ]);
  });

  test('are one per failure: none for soft reasons, signals are told apart', async () => {
    const reports = await captureCrashReports(async () => {
      for (const reason of ['normal', 'shutdown', { shutdown: 'x' }]) {
        const server = await logging();
        await server.stop(reason);
      }
      const victim = await logging();
      exit(victim.pid, 'boom');
      const killed = await logging();
      exit(killed.pid, 'kill');
    });
    expect(reports.map(({ reason, cause }) => [reason, cause])).toEqual([
      ['boom', 'signal'],
      ['killed', 'signal'],
    ]);
  });

  test('of a name that was registered later carry it', async () => {
    const reports = await captureCrashReports(() =>
      inProcess(() => {
        spawn(() => {
          register('crashing');
          throw new Error('x');
        });
      }),
    );
    expect(reports).toMatchObject([{ name: 'crashing', label: 'process' }]);
    expect(await mailboxIsEmpty()).toBe(true);
  });
});

function mailboxIsEmpty(): Promise<boolean> {
  return inProcess(async () => (await mailbox()).length === 0);
}

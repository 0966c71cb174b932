import {
  exit,
  GenServer,
  isAlive,
  monitor,
  noreply,
  ok,
  processInfo,
  receive,
  reply,
  self,
  send,
  spawn,
  stop,
  type CallError,
  type ExitReason,
  type From,
} from '@linnet/otp';
import { inProcess, leakCheck, processSnapshot, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deadPid, mailbox, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

const log: unknown[] = [];

/** A server that does what it is told: the callback's result, or what the callback throws. */
const Obedient = GenServer.define({
  name: 'Obedient',
  init: (state: unknown) => state,
  handleCall: {
    get: (state) => reply(state, state),
    give: (_, result: unknown) => result as never,
    fail: (_, error: unknown) => {
      throw error as Error;
    },
    later(state, id: string) {
      log.push([id, this.from]);
      return noreply(state);
    },
  },
  handleCast: { give: (_, result: unknown) => result as never },
  handleContinue: {
    note: (state, text: unknown) => {
      log.push(`continue ${String(text)}`);
      return noreply(state);
    },
  },
  handleInfo: (state, message) => {
    log.push(message);
    return noreply(state);
  },
  terminate: (reason) => {
    log.push(['terminate', reason]);
  },
});

async function obedient(state: unknown = 0) {
  log.length = 0;
  const server = await Obedient.start(state);
  onTestFinished(() => exit(server.pid, 'kill'));
  return server;
}

const failure = (call: Promise<unknown>): Promise<CallError> =>
  call.then(
    () => {
      throw new Error('the call was answered');
    },
    (error: unknown) => error as CallError,
  );

describe('calls that reach nobody', () => {
  test('[GC01] to a dead process fails with noproc and the call as reason', async () => {
    const dead = await deadPid();
    const error = await failure(GenServer.call(dead, 'x'));
    expect(error).toMatchObject({ code: 'ERR_NOPROC', why: 'noproc', name: 'CallError' });
    expect(error.reason).toEqual(['noproc', ['GenServer', 'call', [dead, 'x', 5000]]]);
  });

  test('[GC02] to an unknown name fails with noproc', async () => {
    const error = await failure(GenServer.call('no_such', 'x', { timeout: 100 }));
    expect(error.reason).toEqual(['noproc', ['GenServer', 'call', ['no_such', 'x', 100]]]);
    expect(error.message).toBe(
      'GenServer.call(no_such, "x") failed: no process: the process is not alive or there is no process with that name (noproc)',
    );
  });

  test('[G005] to a via name of an unknown registry fails with noproc', async () => {
    expect(await failure(GenServer.call({ via: ['none', 1] }, 'x'))).toMatchObject({
      why: 'noproc',
    });
  });

  test('[G005] to another node without a cluster fails with nodedown', async () => {
    const error = await failure(GenServer.call({ name: 'x', node: 'other@host' }, 'y'));
    expect(error.why).toEqual(['nodedown', 'other@host']);
    expect(error.message).toBe(
      'GenServer.call(x on other@host, "y") failed: there is no connection to the node \'other@host\' (nodedown)',
    );
  });

  test('[GC03] [G005] to itself fails with calling_self, by pid and by name', async () => {
    const calls: ExitReason[] = [];
    const Selfish = GenServer.define({
      init: () => 0,
      handleCall: {
        me: async (n, by: 'pid' | 'name') => {
          const error = await failure(GenServer.call(by === 'pid' ? self() : 'selfish', 'x'));
          calls.push(error.reason);
          return reply(error.code, n);
        },
      },
    });
    await using server = await Selfish.start(undefined, { name: 'selfish' });
    expect(await server.call('me', 'pid')).toBe('ERR_CALLING_SELF');
    expect(await server.call('me', 'name')).toBe('ERR_CALLING_SELF');
    expect(calls).toEqual([
      ['calling_self', ['GenServer', 'call', [server.pid, 'x', 5000]]],
      ['calling_self', ['GenServer', 'call', ['selfish', 'x', 5000]]],
    ]);
  });

  test('what cannot be a request, a server or a timeout is refused', async () => {
    const server = await obedient();
    const untyped = server as unknown as Record<'call' | 'cast', (request: unknown) => unknown>;
    const badarg = expect.objectContaining({ code: 'ERR_BADARG' }) as Error;
    for (const request of [undefined, 5, {}, [], [1]]) {
      expect(() => GenServer.call(server, request as never)).toThrow(badarg);
      expect(() => untyped.call(request)).toThrow(badarg);
      expect(() => GenServer.cast(server, request as never)).toThrow(badarg);
      expect(() => untyped.cast(request)).toThrow(badarg);
    }
    for (const timeout of [-1, Number.NaN, '5' as never]) {
      expect(() => GenServer.call(server, 'get', { timeout })).toThrow(badarg);
    }
    for (const target of [undefined, null, 5, {}]) {
      await expect(GenServer.call(target as never, 'get')).rejects.toThrow(badarg);
    }
    expect(await server.call('get')).toBe(0);
  });
});

describe('the timeout of a call', () => {
  test('[GC04] fails the call, and the late reply never reaches the mailbox', async () => {
    const clock = new TestClock().install(onTestFinished);
    const server = await obedient();
    const done = inProcess(async () => {
      const error = await failure(server.call(['later', 'late'], { timeout: 20 }));
      GenServer.reply((log[0] as [string, From])[1], 'too late');
      return { error, messages: await mailbox() };
    });
    await clock.advance(20);
    const { error, messages } = await done;
    expect(error).toMatchObject({ code: 'ERR_CALL_TIMEOUT', why: 'timeout' });
    expect(error.reason).toEqual([
      'timeout',
      ['GenServer', 'call', [server.pid, ['later', 'late'], 20]],
    ]);
    expect(messages).toEqual([]);
    expect(isAlive(server.pid)).toBe(true);
  });

  test('is 5000 ms, and infinity waits for ever', async () => {
    const clock = new TestClock().install(onTestFinished);
    const server = await obedient();
    const byDefault = failure(server.call('later', 'a'));
    let settled = false;
    void GenServer.call(server, ['later', 'b'], { timeout: 'infinity' }).finally(
      () => (settled = true),
    );
    await clock.advance(4999);
    expect(processInfo(server.pid)?.status).toBe('waiting');
    await clock.advance(1);
    expect(await byDefault).toMatchObject({ why: 'timeout' });
    await clock.advance(10 ** 9);
    expect(settled).toBe(false);
    GenServer.reply((log[1] as [string, From])[1], 'at last');
    await settle();
    expect(settled).toBe(true);
  });

  test('[GC20] of 0 fails the call of an idle server', async () => {
    const server = await obedient();
    const clock = new TestClock().install(onTestFinished);
    const error = failure(GenServer.call(server, ['later', 'x'], { timeout: 0 }));
    await clock.advance(0);
    expect(await error).toMatchObject({ why: 'timeout' });
  });

  test('leaves no timer or watch behind, whatever the call comes to', async () => {
    const clock = new TestClock().install(onTestFinished);
    const server = await obedient();
    const before = processSnapshot();
    await server.call('get');
    const late = failure(GenServer.call(server, ['later', 'x'], { timeout: 10 }));
    await clock.advance(10);
    await late;
    const caller = spawn(() => server.call('later', 'y'));
    await settle();
    expect(processSnapshot().watches).toBe(before.watches + 1);
    exit(caller, 'kill');
    await settle();
    expect(processSnapshot()).toEqual({ ...before, timers: 0 });
    expect(clock.pending).toBe(0);
  });
});

describe('a server that ends before it answers', () => {
  const tuple = { shutdown: 'x' };

  test.each([
    ['GC05-normal', 'normal'],
    ['GC05-shutdown', 'shutdown'],
    ['GC05-shutdown_x', tuple],
    ['GC05-boom', 'boom'],
  ])('[%s] stop(%o) without an answer fails the call with that reason', async (_, reason) => {
    const server = await obedient();
    const error = await failure(server.call('give', stop(reason, 0)));
    expect(error.why).toBe(reason);
    expect(error.code).toBe('ERR_CALL_EXIT');
    expect(error.reason).toEqual([
      reason,
      ['GenServer', 'call', [server.pid, ['give', expect.anything()], 5000]],
    ]);
  });

  test('[GC06] stop with an answer answers, and ends with the reason', async () => {
    const server = await obedient();
    await inProcess(async () => {
      const ref = monitor(server);
      expect(await server.call('give', stop('boom', 0, 'my reply'))).toBe('my reply');
      expect(await mailbox()).toMatchObject([{ type: 'DOWN', ref, reason: 'boom' }]);
    });
  });

  test('[GC07] the answer of a stop comes after terminate has run', async () => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const Slow = GenServer.define({
      init: () => 0,
      handleCall: { end: (n) => stop('normal', n, 'answer') },
      terminate: async () => {
        order.push('terminate');
        await gate.promise;
        order.push('terminate done');
      },
    });
    const server = await Slow.start();
    const answer = server.call('end').then((value) => order.push(value));
    await settle();
    expect(order).toEqual(['terminate']);
    gate.resolve();
    await answer;
    expect(order).toEqual(['terminate', 'terminate done', 'answer']);
  });

  test('[GC08] an Error that is thrown fails the call and is its cause', async () => {
    const server = await obedient();
    const oops = new Error('oops');
    const error = await failure(server.call('fail', oops));
    expect(error.why).toBe(oops);
    expect(error.cause).toBe(oops);
    expect(error.message).toBe(`GenServer.call(${String(server.pid)}, "fail") failed: Error: oops`);
  });

  test('[GC09] exit(reason) in the callback fails the call with the reason', async () => {
    const Exiting = GenServer.define({
      init: () => 0,
      handleCall: { end: () => exit('boom') },
    });
    const server = await Exiting.start();
    expect((await failure(server.call('end'))).why).toBe('boom');
  });

  test('[GC10] a result that is thrown counts as returned', async () => {
    const server = await obedient();
    expect(await server.call('fail', reply(1, 'next'))).toBe(1);
    expect(await server.call('get')).toBe('next');
    expect(await server.call('fail', stop('normal', 0, 'bye'))).toBe('bye');
  });

  test('[GC11] any other value that is thrown is a bad return value', async () => {
    const server = await obedient();
    expect((await failure(server.call('fail', 'ball'))).why).toEqual(['bad_return_value', 'ball']);
  });

  test.each(['junk', 42, {}, null, undefined, ok(1)])(
    '[GC12] the result %o is a bad return value',
    async (junk) => {
      const server = await obedient();
      const error = await failure(server.call('give', junk));
      expect(error.why).toEqual(['bad_return_value', junk]);
      expect(log).toEqual([['terminate', ['bad_return_value', junk]]]);
    },
  );

  test.each([-1, Number.NaN, 'soon', {}, { continue: 5 }, { continue: [] }, null])(
    '[GC12] %o as what comes next is a bad return value, and nothing is answered',
    async (next) => {
      const server = await obedient();
      const result = reply('answer', 'state', next as never);
      expect((await failure(server.call('give', result))).why).toEqual([
        'bad_return_value',
        result,
      ]);
    },
  );

  test('[GC13] a kill during the call fails it with killed', async () => {
    const server = await obedient();
    const error = failure(server.call('later', 'x'));
    await settle();
    exit(server.pid, 'kill');
    expect(await error).toMatchObject({ why: 'killed' });
  });

  test('[GC18] an unknown clause ends the server with a function clause error', async () => {
    const server = await obedient();
    const error = await failure(GenServer.call(server, ['unknown', 1]));
    expect(error.why).toMatchObject({
      code: 'ERR_FUNCTION_CLAUSE',
      callback: 'handleCall',
      clause: 'unknown',
    });
    expect(isAlive(server.pid)).toBe(false);
    expect(log).toMatchObject([['terminate', { code: 'ERR_FUNCTION_CLAUSE' }]]);
  });

  test('[GC19] a server without clauses says so', async () => {
    const Mute = GenServer.define({ name: 'Mute', init: () => 0 });
    const server = await Mute.start();
    const error = await failure(GenServer.call(server, 'ask'));
    expect((error.why as Error).message).toMatch(/^Mute has no handleCall clause "ask"\. /);
    const other = await Mute.start();
    await inProcess(async () => {
      const ref = monitor(other);
      GenServer.cast(other, 'tell');
      expect(await mailbox()).toMatchObject([{ ref, reason: { clause: 'tell' } }]);
    });
  });

  test('left uncaught, the failure of a call is the exit reason of its caller', async () => {
    const server = await obedient();
    const caller = spawn(() => server.call('give', stop('boom', 0)));
    await inProcess(async () => {
      monitor(caller);
      expect(await receive()).toMatchObject({
        reason: ['boom', ['GenServer', 'call', [server.pid, expect.anything(), 5000]]],
      });
    });
  });
});

describe('deferred answers', () => {
  test('[GC14] come from any process that has the from', async () => {
    const server = await obedient();
    const answer = server.call('later', 'x');
    await settle();
    const from = (log[0] as [string, From])[1];
    await inProcess(() => GenServer.reply(from, 'from elsewhere'));
    expect(await answer).toBe('from elsewhere');
  });

  test('[GC14] may come from plain code, or from the server itself', async () => {
    const server = await obedient();
    const first = server.call('later', 'x');
    const second = server.call('later', 'y');
    await settle();
    const froms = log.map((entry) => (entry as [string, From])[1]);
    GenServer.reply(froms[1] as From, 2);
    GenServer.reply(froms[0] as From, 1);
    expect([await first, await second]).toEqual([1, 2]);
  });

  test('[GC15] a second answer is dropped', async () => {
    const server = await obedient();
    await inProcess(async () => {
      const call = server.call('later', 'x');
      await settle();
      const from = (log[0] as [string, From])[1];
      for (const value of [1, 2, 3]) GenServer.reply(from, value);
      expect(await call).toBe(1);
      expect(await mailbox()).toEqual([]);
    });
  });

  test('this.from stays the same for a callback that goes on after its return', async () => {
    const Detached = GenServer.define({
      init: () => 0,
      handleCall: {
        later(n, value: string) {
          setImmediate(() => GenServer.reply(this.from, value));
          return noreply(n);
        },
      },
    });
    await using server = await Detached.start();
    expect(await Promise.all([server.call('later', 'a'), server.call('later', 'b')])).toEqual([
      'a',
      'b',
    ]);
  });

  test('GenServer.from() is the from of the call that is handled', async () => {
    const froms: From[] = [];
    const Asking = GenServer.define({
      init: () => 0,
      handleCall: {
        later: async (n) => {
          await Promise.resolve();
          froms.push(GenServer.from());
          return noreply(n);
        },
      },
    });
    await using server = await Asking.start();
    await inProcess(async () => {
      const call = server.call('later');
      await settle();
      expect(froms[0]?.pid).toBe(self());
      GenServer.reply(froms[0] as From, 'done');
      expect(await call).toBe('done');
      expect(() => GenServer.from()).toThrow('inside a handleCall clause');
    });
    expect(() => GenServer.from()).toThrow('inside a handleCall clause');
  });

  test('what is not a from is refused', () => {
    for (const bad of [undefined, {}, 5, { pid: 1 }]) {
      expect(() => GenServer.reply(bad as never, 1)).toThrow(
        'from must be the from of a handleCall',
      );
    }
  });
});

describe('what comes after an answer', () => {
  test('[GC16] noreply with a timeout leads to the message timeout', async () => {
    const clock = new TestClock().install(onTestFinished);
    const server = await obedient();
    void server.call('give', noreply(1, 20)).catch(() => {});
    await clock.advance(20);
    expect(log).toEqual(['timeout']);
  });

  test('[GC17] a continue runs before the next message, and after the answer', async () => {
    const server = await obedient();
    const answer = server.call('give', reply('r', 1, { continue: ['note', 'c'] }));
    send(server.pid, 'queued');
    expect(await answer).toBe('r');
    await settle();
    expect(log).toEqual(['continue c', 'queued']);
  });

  test('a million continues in a row neither overflow the stack nor stop the world', async () => {
    let left = 1_000_000;
    const Looping = GenServer.define({
      init: () => ok(0, { continue: 'again' }),
      handleContinue: {
        again: (n) => noreply(n + 1, --left > 0 ? { continue: 'again' } : 'infinity'),
      },
      handleCall: { get: (n) => reply(n, n) },
    });
    const server = await Looping.start();
    await new Promise((resolve) => void setImmediate(resolve));
    expect(left).toBeGreaterThan(0);
    expect(await GenServer.call(server, 'get', { timeout: 'infinity' })).toBe(1_000_000);
    await server.stop();
  });

  test('a server that continues for ever can be killed', async () => {
    await using _ = leakCheck();
    const Endless = GenServer.define({
      init: () => ok(0, { continue: 'again' }),
      handleContinue: { again: (n) => noreply(n, { continue: 'again' }) },
    });
    const server = await Endless.start();
    await new Promise((resolve) => void setImmediate(resolve));
    exit(server.pid, 'kill');
  });
});

describe('calls and casts', () => {
  test('are handled in the order in which one process sent them', async () => {
    const seen: unknown[] = [];
    const Ordered = GenServer.define({
      init: () => 0,
      handleCall: { call: (n, i: number) => (seen.push(i), reply(i, n)) },
      handleCast: { cast: (n, i: number) => (seen.push(i), noreply(n)) },
      handleInfo: (n, i) => (seen.push(i), noreply(n)),
    });
    await using server = await Ordered.start();
    await inProcess(async () => {
      server.cast('cast', 1);
      const call = server.call('call', 2);
      send(server.pid, 3);
      server.cast('cast', 4);
      await Promise.all([call, server.call('call', 5)]);
    });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  test('wait while an async callback runs', async () => {
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    const Slow = GenServer.define({
      init: () => 0,
      handleCall: {
        slow: async (n) => {
          seen.push('slow begins');
          await gate.promise;
          seen.push('slow ends');
          return reply(n, n + 1);
        },
        fast: (n) => (seen.push('fast'), reply(n, n)),
      },
    });
    await using server = await Slow.start();
    const slow = server.call('slow');
    const fast = server.call('fast');
    await settle();
    expect(processInfo(server.pid)?.status).toBe('busy');
    gate.resolve();
    expect([await slow, await fast]).toEqual([0, 1]);
    expect(seen).toEqual(['slow begins', 'slow ends', 'fast']);
  });

  test('a callback may receive messages of its own while it runs', async () => {
    const Asking = GenServer.define({
      init: () => 0,
      handleCall: {
        ask: async (n) => {
          const answer = await receive((m): m is { answer: number } => typeof m === 'object');
          return reply(answer.answer, n);
        },
      },
      handleInfo: (n, message) => noreply(message === 'count' ? n + 1 : n),
    });
    await using server = await Asking.start();
    const call = server.call('ask');
    send(server.pid, 'count');
    send(server.pid, { answer: 42 });
    expect(await call).toBe(42);
  });

  test('[GT01] [G004] a cast to nobody is fine', async () => {
    const dead = await deadPid();
    GenServer.cast(dead, 'x');
    GenServer.cast('nobody', 'x');
    GenServer.cast({ via: ['none', 1] }, 'x');
    GenServer.cast({ name: 'x', node: 'other@host' }, 'x');
  });

  test('[G009] whereis finds servers by everything that names them', async () => {
    await using server = await Obedient.start(0, { name: 'g009' });
    for (const ref of [
      server.pid,
      server,
      'g009',
      { name: 'g009', node: 'nonode@nohost' },
    ] as const) {
      expect(GenServer.whereis(ref)).toBe(server.pid);
    }
    expect(GenServer.whereis('unknown')).toBeUndefined();
    expect(GenServer.whereis({ name: 'g009', node: 'other@host' })).toBeUndefined();
    expect(GenServer.whereis({ via: ['none', 1] })).toBeUndefined();
  });

  test('a thenable as answer of a callback is waited for', async () => {
    const server = await obedient();
    // oxlint-disable-next-line unicorn/no-thenable -- the point of the test
    const thenable = { then: (done: (value: unknown) => void) => done(reply('waited', 1)) };
    // oxlint-disable-next-line unicorn/no-thenable -- the point of the test
    const never = { then: () => {} };
    expect(await server.call('give', thenable)).toBe('waited');
    const call = failure(server.call('give', never));
    server.cast('give', noreply('must wait'));
    await settle();
    expect(processInfo(server.pid)?.status).toBe('busy');
    exit(server.pid, 'kill');
    expect(await call).toMatchObject({ why: 'killed' });
  });
});

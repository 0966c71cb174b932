import {
  exit,
  GenServer,
  isAlive,
  noreply,
  receive,
  ReceiveTimeoutError,
  register,
  reply,
  self,
  send,
  sendAfter,
  spawn,
  trapExit,
  type Pid,
} from '@linnet/otp';
import {
  captureCrashReports,
  eventually,
  expectNoLeaks,
  inProcess,
  leakCheck,
  processSnapshot,
  settle,
  startSupervised,
  TestClock,
} from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: {
    value: (n) => reply(n, n),
    add: (n, by: number) => reply(n + by, n + by),
    silence: (n) => noreply(n),
  },
});

describe('settle', () => {
  test('resolves after all messages that follow from a message', async () => {
    const seen: number[] = [];
    const next = (pid: Pid, n: number): void => void (n > 0 && send(pid, n - 1));
    const hop = spawn(async () => {
      for (;;) {
        const n = (await receive()) as number;
        seen.push(n);
        next(self(), n);
      }
    });
    send(hop, 20_000);
    await settle();
    expect(seen).toHaveLength(20_001);
    exit(hop, 'shutdown');
  });

  test('rejects when processes never come to rest, and names one that is runnable', async () => {
    const busy = spawn(async () => {
      for (;;) {
        send(self(), 'again');
        await receive();
      }
    });
    await expect(settle({ timeout: 20 })).rejects.toMatchObject({
      code: 'ERR_NOT_SETTLED',
    });
    exit(busy, 'shutdown');
    await settle();
  });
});

describe('TestClock', () => {
  test('fires the timers that fall due in order of their deadlines', async () => {
    const clock = new TestClock().install(onTestFinished);
    const seen: unknown[] = [];
    const pid = spawn(async () => {
      for (;;) seen.push([await receive(), clock.now()]);
    });
    sendAfter(pid, 'late', 300);
    sendAfter(pid, 'early', 100);
    sendAfter(pid, 'middle', 200);
    await clock.advance(99);
    expect(seen).toEqual([]);
    await clock.advance(150);
    expect(seen).toEqual([
      ['early', 100],
      ['middle', 200],
    ]);
    expect(clock.now()).toBe(249);
    await clock.advance(1000);
    expect(seen.at(-1)).toEqual(['late', 300]);
    exit(pid, 'shutdown');
    await settle();
    expect(clock.pending).toBe(0);
  });

  test('fires timers that are armed while it advances', async () => {
    using clock = new TestClock(5000).install();
    const ticks: number[] = [];
    const pid = spawn(async () => {
      for (;;) {
        sendAfter(self(), 'tick', 10);
        await receive();
        ticks.push(clock.now());
      }
    });
    await clock.advance(35);
    expect(ticks).toEqual([5010, 5020, 5030]);
    expect(await clock.advanceToNext()).toBe(5);
    expect(ticks).toHaveLength(4);
    exit(pid, 'shutdown');
    await settle();
    expect(await clock.advanceToNext()).toBeUndefined();
  });

  test('drives the timeouts of calls and receives', async () => {
    using clock = new TestClock().install();
    const counter = await startSupervised(() => Counter.startLink(1), onTestFinished);
    const call = counter.handle.call('silence').catch((error: unknown) => error);
    let timedOut: unknown;
    spawn(async () => {
      timedOut = await receive(() => true, { timeout: 60_000 }).catch((error: unknown) => error);
    });
    await clock.advance(5000);
    expect(await call).toMatchObject({ code: 'ERR_CALL_TIMEOUT' });
    expect(timedOut).toBeUndefined();
    await clock.advance(55_000);
    expect(timedOut).toBeInstanceOf(ReceiveTimeoutError);
  });

  test('gives the time back to the system when it is uninstalled', async () => {
    new TestClock().install().uninstall();
    const got = Promise.withResolvers<unknown>();
    const pid = spawn(async () => got.resolve(await receive()));
    sendAfter(pid, 'real', 1);
    expect(await got.promise).toBe('real');
  });

  test('refuses to go back in time', () => {
    expect(() => new TestClock().advance(-1)).toThrow('ms must be a number of milliseconds >= 0');
  });
});

describe('eventually', () => {
  test('resolves with the first result that does not throw', async () => {
    let tries = 0;
    expect(
      await eventually(() => {
        expect(++tries).toBe(5);
        return tries;
      }),
    ).toBe(5);
  });

  test('rejects after its timeout with the last failure', async () => {
    const never = eventually(() => expect(1).toBe(2), { timeout: 5 });
    await expect(never).rejects.toThrow(/not within 5 ms .* expected 1 to be 2/s);
    const failure: unknown = await never.catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'ERR_EVENTUALLY' });
    expect((failure as Error).cause).toMatchObject({ name: 'AssertionError' });
  });
});

describe('captureCrashReports', () => {
  test('gives the reports of a function', async () => {
    const reports = await captureCrashReports(() => {
      spawn(() => {
        throw new Error('boom');
      });
    });
    expect(reports).toMatchObject([{ reason: { message: 'boom' }, cause: 'fault' }]);
  });

  test('captures until it is disposed of', async () => {
    const crashes = captureCrashReports();
    spawn(() => exit('bad'));
    await settle();
    crashes[Symbol.dispose]();
    crashes[Symbol.dispose]();
    expect(crashes.reports.map((report) => report.reason)).toEqual(['bad']);
    expect(crashes.logs).toMatchObject([{ level: 'error' }]);
    await captureCrashReports(() => spawn(() => exit('other')));
    expect(crashes.reports).toHaveLength(1);
  });
});

describe('startSupervised', () => {
  test('stops the process when the test ends', async () => {
    const hooks: Array<() => Promise<void>> = [];
    const { pid, handle } = await startSupervised(
      () => Counter.startLink(40),
      (hook) => void hooks.push(hook),
    );
    expect(await handle.call('add', 2)).toBe(42);
    for (const hook of hooks) await hook();
    expect(isAlive(pid)).toBe(false);
  });

  test('takes a child specification and kills a child that does not stop in time', async () => {
    using _clock = new TestClock().install();
    using _crashes = captureCrashReports();
    const stubborn = spawn(async () => {
      trapExit();
      for (;;) await receive();
    });
    {
      await using supervised = await startSupervised({
        id: 'stubborn',
        shutdown: 1,
        start: () => stubborn,
      });
      expect(supervised.pid).toBe(stubborn);
    }
    expect(isAlive(stubborn)).toBe(false);
  });

  test('takes a module, or a module and its argument, and restarts it as it says', async () => {
    using _crashes = captureCrashReports();
    await using counter = await startSupervised([Counter, 7]);
    await using idle = await startSupervised(GenServer.define({ init: () => 1 }));
    const first = counter.pid;
    expect(await GenServer.call(first, 'value')).toBe(7);
    exit(first, 'boom');
    await settle();
    expect(counter.pid).not.toBe(first);
    expect(await GenServer.call(counter.pid, 'value')).toBe(7);
    expect(isAlive(idle.pid)).toBe(true);
  });

  test('does not restart what a function has started', async () => {
    await using _leaks = leakCheck();
    using _crashes = captureCrashReports();
    await using counter = await startSupervised(() => Counter.start(1));
    exit(counter.pid, 'boom');
    await settle();
    expect(isAlive(counter.pid)).toBe(false);
  });

  test('survives the end of the process in which it was called', async () => {
    const supervised = await inProcess(() => startSupervised([Counter, 1]));
    await settle();
    expect(isAlive(supervised.pid)).toBe(true);
    await supervised.stop();
    expect(isAlive(supervised.pid)).toBe(false);
  });

  test('rejects with what the start function throws', async () => {
    using _crashes = captureCrashReports();
    const failing = startSupervised((): Pid => {
      throw new Error('no start');
    });
    await expect(failing).rejects.toThrow('no start');
    await expect(startSupervised({ id: 'x', start: () => 42 as never })).rejects.toMatchObject({
      code: 'ERR_BADARG',
    });
  });
});

describe('inProcess', () => {
  test('gives the result of a body that runs as a process', async () => {
    const me = await inProcess(() => self());
    expect(isAlive(me)).toBe(false);
    await expect(inProcess(() => Promise.reject(new Error('oops')))).rejects.toThrow('oops');
  });

  test('rejects when a signal ends the process', async () => {
    using _ = captureCrashReports();
    const killed = inProcess(async () => {
      exit(self(), 'kill');
      await receive();
    });
    await expect(killed).rejects.toMatchObject({ code: 'ERR_EXIT', reason: 'killed' });
  });
});

describe('leak check', () => {
  test('passes when everything was given back', async () => {
    await using _ = leakCheck();
    await using counter = await Counter.startLink(1, { name: 'leak-counter' });
    await counter.call('value');
  });

  test('names what was left behind', async () => {
    const before = processSnapshot();
    const pid = spawn(async () => {
      register('left');
      await receive(() => true, { timeout: 1000 });
    });
    await settle();
    sendAfter(pid, 'later', 100_000);
    await expect(expectNoLeaks(before)).rejects.toThrow(
      `left behind: process ${String(pid)}; name left; 2 timers; 1 watch`,
    );
    exit(pid, 'shutdown');
    await expectNoLeaks(before);
  });
});

import {
  GenServer,
  getState,
  noreply,
  ok,
  replaceState,
  reply,
  resume,
  send,
  suspend,
  trace,
  type ServerHandle,
  type TraceEvent,
} from '@linnet/otp';
import { inProcess, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { quietCrashes } from '../support/mailbox.ts';
import { useClock, type Clock } from '../../src/process/time/clock.ts';

quietCrashes();

const Counter = GenServer.define({
  name: 'Counter',
  init: (n: number) => n,
  handleCall: { add: (n, by: number) => reply(n + by, n + by) },
  handleCast: { reset: () => noreply(0) },
  handleInfo: (n) => noreply(n),
});

test('getState and replaceState look into a server, in order with its messages', async () => {
  await using server = await Counter.start(1);
  void server.call('add', 1);
  expect(await getState(server)).toBe(2);
  expect(await replaceState(server, (n) => (n as number) * 10)).toBe(20);
  expect(await server.call('add', 1)).toBe(21);
});

test('a replaceState whose function throws keeps the state and rejects', async () => {
  await using server = await Counter.start(1);
  const failing = replaceState(server, () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await getState(server)).toBe(1);
  expect(() => replaceState(server, 5 as never)).toThrow('replace must be a function');
});

test('a suspended server answers system messages only, and goes on where it was', async () => {
  await using server = await Counter.start(1);
  await suspend(server);
  await suspend(server);
  const answer = server.call('add', 1);
  server.cast('reset');
  await settle();
  expect(await getState(server)).toBe(1);
  await resume(server);
  await resume(server);
  expect(await answer).toBe(2);
  expect(await getState(server)).toBe(0);
});

test('a suspended server can be stopped', async () => {
  const server = await Counter.start(1);
  await suspend(server);
  expect(await server.stop()).toBeUndefined();
});

test('trace tells messages, answers and states until it is taken back', async () => {
  await using server = await Counter.start(1);
  const events: TraceEvent[] = [];
  await trace(server, (event) => void events.push(event));
  await inProcess(async () => {
    await server.call('add', 1);
    server.cast('reset');
    send(server.pid, 'hello');
  });
  await settle();
  expect(events).toMatchObject([
    { type: 'in', message: { call: ['add', 1] } },
    { type: 'out', message: 2 },
    { type: 'state', state: 2 },
    { type: 'in', message: { cast: 'reset' } },
    { type: 'state', state: 0 },
    { type: 'in', message: 'hello' },
    { type: 'state', state: 0 },
  ]);
  await trace(server, undefined);
  await server.call('add', 1);
  expect(events).toHaveLength(7);
});

test('a listener of trace that throws is dropped', async () => {
  await using server = await Counter.start(1);
  let calls = 0;
  await trace(server, () => {
    calls++;
    throw new Error('listener');
  });
  expect(await server.call('add', 1)).toBe(2);
  expect(await server.call('add', 1)).toBe(3);
  expect(calls).toBe(1);
});

describe('system messages and the timeout of a server', () => {
  const log: unknown[] = [];
  const Waiting = GenServer.define({
    init: (timeout: number) => ok(timeout, timeout),
    handleCall: { quiet: (timeout) => reply(undefined, timeout) },
    handleInfo: (timeout, message) => {
      log.push(message);
      return noreply(timeout, message === 'timeout' ? 'infinity' : timeout);
    },
  });
  type Waiting = ServerHandle<{ quiet: () => undefined }, Record<never, never>>;

  async function waiting(timeout: number): Promise<{ clock: TestClock; server: Waiting }> {
    log.length = 0;
    const clock = new TestClock().install(onTestFinished);
    const server = await Waiting.start(timeout);
    onTestFinished(() => server.stop());
    return { clock, server: server as unknown as Waiting };
  }

  test('[GT19] a system message does not cancel the timeout, it starts it anew', async () => {
    const { clock, server } = await waiting(20);
    await clock.advance(15);
    await getState(server);
    await clock.advance(19);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['timeout']);
  });

  test('[GT19] any other message cancels it', async () => {
    const { clock, server } = await waiting(20);
    await server.call('quiet');
    await clock.advance(100);
    expect(log).toEqual([]);
    send(server.pid, 'again');
    await clock.advance(100);
    expect(log).toEqual(['again', 'timeout']);
  });

  test('the time of a suspended server stands still, and starts anew when it is resumed', async () => {
    const { clock, server } = await waiting(20);
    await suspend(server);
    await clock.advance(100);
    await resume(server);
    await clock.advance(19);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(['timeout']);
  });

  test('a timeout that was overtaken by a message does not cancel the next one', async () => {
    log.length = 0;
    let now = 0;
    const wakeups = new Set<() => void>();
    const manual: Clock = {
      now: () => now,
      wakeAfter: (_delay, callback) => {
        wakeups.add(callback);
        return { cancel: () => void wakeups.delete(callback), keepAlive: () => {} };
      },
    };
    onTestFinished(useClock(manual));
    const fire = (): void => {
      now += 20;
      const due = [...wakeups];
      wakeups.clear();
      for (const callback of due) callback();
    };
    await using server = await Waiting.start(20);
    send(server.pid, 'just before');
    fire(); // the message waits already: the timeout is void, its successor is not
    await settle();
    expect(log).toEqual(['just before']);
    fire();
    await settle();
    expect(log).toEqual(['just before', 'timeout']);
  });
});

import { inspect } from 'node:util';
import { setImmediate as turn } from 'node:timers/promises';
import {
  CallError,
  exit,
  GenServer,
  noreply,
  processInfo,
  receive,
  reply,
  self,
  spawn,
  type From,
} from '@linnet/otp';
import { inProcess, processSnapshot, TestClock } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { quietCrashes } from '../../support/mailbox.ts';

quietCrashes();

const Server = GenServer.define({
  init: () => [] as From[],
  handleCall: {
    answer: (waiting) => reply('answer', waiting),
    wait: (waiting) => noreply([...waiting, GenServer.from()]),
    callers: (waiting) => reply(waiting, waiting),
  },
});

const why = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (error: unknown) => (error instanceof CallError ? error.why : error),
  );

describe('in the turn in which it is made, a call', () => {
  test('fails when its server is killed', async () => {
    const server = await Server.start();
    const failure = why(server.call('wait'));
    exit(server.pid, 'kill');
    expect(await failure).toBe('killed');
  });

  test('fails like those of earlier turns when their server is killed', async () => {
    const server = await Server.start();
    const earlier = why(server.call('wait'));
    await turn();
    const later = [why(server.call('wait')), why(server.call('answer'))];
    exit(server.pid, 'kill');
    expect(await Promise.all([earlier, ...later])).toEqual(['killed', 'killed', 'killed']);
  });

  test('is given up when its caller is killed, and leaves nothing behind', async () => {
    const server = await Server.start();
    const before = processSnapshot();
    const settled: unknown[] = [];
    const caller = spawn(() => why(server.call('wait')).then((how) => settled.push(how)));
    await Promise.resolve();
    exit(caller, 'kill');
    await turn();
    expect(settled).toEqual([]);
    expect(processSnapshot()).toEqual(before);
  });

  test('counts as a monitor of the caller, and as a timer', async () => {
    const server = await Server.start();
    await inProcess(() => {
      const before = processSnapshot();
      void server.call('answer');
      const after = processSnapshot();
      expect(after.timers - before.timers).toBe(1);
      expect(after.watches - before.watches).toBe(1);
      expect(processInfo(self())?.monitors).toBe(1);
    });
  });

  test('times out on a clock that is moved', async () => {
    using clock = new TestClock().install();
    const server = await Server.start();
    const failure = why(server.call(['wait'], { timeout: 50 }));
    await clock.advance(50);
    expect(await failure).toBe('timeout');
  });

  test('keeps its timeout on the clock on which it was made', async () => {
    const server = await Server.start();
    const failure = why(server.call(['wait'], { timeout: 20 }));
    using _clock = new TestClock().install();
    expect(await failure).toBe('timeout');
  });

  test('leaves neither a watch nor a timer behind when it is answered', async () => {
    const server = await Server.start();
    const before = processSnapshot();
    for (let i = 0; i < 3; i++) expect(await server.call('answer')).toBe('answer');
    await turn();
    expect(processSnapshot()).toEqual(before);
  });
});

test('any of many calls of a turn may be answered or fail first', async () => {
  const servers = await Promise.all([Server.start(), Server.start(), Server.start()]);
  const [a, b, c] = servers;
  const calls = [a, b, c, a, b, c].map((server) => why(server.call('wait')));
  await Promise.resolve();
  exit(b.pid, 'kill');
  const [first] = await a.call('callers');
  GenServer.reply(first as From, 'now');
  exit(c.pid, 'shutdown');
  exit(a.pid, 'done');
  expect(await Promise.all(calls)).toEqual([
    'answered',
    'killed',
    'shutdown',
    'done',
    'killed',
    'shutdown',
  ]);
});

test('the from of a call shows its caller, and nothing else', async () => {
  const server = await Server.start();
  const caller = spawn(async () => {
    await server.call(['wait'], { timeout: 'infinity' });
    await receive();
  });
  await turn();
  const [from] = await server.call('callers');
  expect(JSON.stringify(from)).toBe(JSON.stringify({ pid: caller }));
  expect(inspect(from)).toBe(inspect({ pid: caller }));
  exit(caller, 'kill');
});

/** The race of QUIC and TCP, with dials that do what the test says. */
import type { Clock, Dial } from '@linnet/mint';
import { expect, test } from 'vitest';
import { Race } from '../../src/connection/race.ts';

/** A dial that opens or fails when it is told to. */
class Dialling implements Dial<string> {
  readonly limit: number;
  readonly outcome = Promise.withResolvers<string>();
  readonly result = this.outcome.promise;
  isCancelled = false;

  constructor(limit: number) {
    this.limit = limit;
    this.result.catch(() => {});
  }

  cancel(): void {
    this.isCancelled = true;
  }
}

/** A clock whose only timer is the head start. */
class HeadStartClock implements Clock {
  time = 0;
  run: (() => void) | undefined = undefined;

  now(): number {
    return this.time;
  }

  after(_ms: number, run: () => void) {
    this.run = run;
    return {
      cancel: () => {
        this.run = undefined;
      },
    };
  }

  pass(ms: number): void {
    this.time += ms;
    this.run?.();
  }
}

function race(limit = 5000) {
  const clock = new HeadStartClock();
  const log: string[] = [];
  const begun: { quic?: Dialling; tcp?: Dialling } = {};
  const dials = {
    quic: (left: number) => (begun.quic = new Dialling(left)),
    tcp: (left: number) => (begun.tcp = new Dialling(left)),
    discard: (made: string) => log.push(`discarded ${made}`),
    quicLost: (error: unknown) => log.push(`lost ${String(error)}`),
  };
  const it = new Race<string>(dials, { limit, headStart: 200, clock });
  const outcome = it.result.catch((error: unknown) => error);
  const { quic } = begun;
  if (quic === undefined) throw new Error('QUIC was not begun');
  return { it, clock, log, begun, quic, outcome };
}

/** Lets what was fulfilled be heard of. */
const turn = () => new Promise((resolve) => void setImmediate(resolve));

test('QUIC is alone for its head start, and TCP is not begun when it is open by then', async () => {
  const { quic, begun, log, outcome, clock } = race();
  expect(quic.limit).toBe(5000);
  quic.outcome.resolve('quic');
  expect(await outcome).toBe('quic');
  expect(clock.run).toBeUndefined();
  expect(begun.tcp).toBeUndefined();
  expect(log).toEqual([]);
});

test('TCP begins after the head start, with what is left of the time; QUIC can still win', async () => {
  const { quic, begun, log, outcome, clock } = race();
  clock.pass(200);
  expect(begun.tcp?.limit).toBe(4800);
  quic.outcome.resolve('quic');
  expect(await outcome).toBe('quic');
  expect(begun.tcp?.isCancelled).toBe(true);
  expect(log).toEqual([]);
});

test('TCP that is open first ends QUIC, which has lost', async () => {
  const { quic, begun, log, outcome, clock } = race();
  clock.pass(200);
  begun.tcp?.outcome.resolve('tcp');
  expect(await outcome).toBe('tcp');
  expect(quic.isCancelled).toBe(true);
  expect(log).toEqual(['lost undefined']);
});

test('TCP begins at once when QUIC fails, and QUIC has lost when TCP is open', async () => {
  const { quic, begun, log, outcome, clock } = race();
  clock.time = 30;
  quic.outcome.reject(new Error('refused'));
  await turn();
  expect(clock.run).toBeUndefined();
  expect(begun.tcp?.limit).toBe(4970);
  expect(log).toEqual([]);
  begun.tcp?.outcome.resolve('tcp');
  expect(await outcome).toBe('tcp');
  expect(log).toEqual(['lost Error: refused']);
});

test('what is open too late is closed', async () => {
  const late = race();
  late.clock.pass(200);
  late.quic.outcome.resolve('quic');
  late.begun.tcp?.outcome.resolve('tcp');
  expect(await late.outcome).toBe('quic');
  await turn();
  expect(late.log).toEqual(['discarded tcp']);

  const other = race();
  other.clock.pass(200);
  other.begun.tcp?.outcome.resolve('tcp');
  other.quic.outcome.resolve('quic');
  expect(await other.outcome).toBe('tcp');
  await turn();
  expect(other.log).toEqual(['lost undefined', 'discarded quic']);
});

test('where neither opens, it fails as TCP did, and QUIC has not lost', async () => {
  for (const first of ['quic', 'tcp'] as const) {
    const { begun, log, outcome, clock } = race();
    clock.pass(200);
    begun[first]?.outcome.reject(new Error(first));
    await turn();
    begun[first === 'quic' ? 'tcp' : 'quic']?.outcome.reject(new Error('the other'));
    expect(await outcome).toEqual(new Error(first === 'tcp' ? 'tcp' : 'the other'));
    expect(log).toEqual([]);
  }
});

test('TCP that fails leaves QUIC what is left of the time', async () => {
  const { quic, begun, outcome, clock } = race();
  clock.pass(200);
  begun.tcp?.outcome.reject(new Error('tcp'));
  await turn();
  quic.outcome.resolve('quic');
  expect(await outcome).toBe('quic');
});

test('a head start that is longer than the time leaves TCP none', async () => {
  for (const isOpen of [true, false]) {
    const { quic, begun, outcome, clock } = race(100);
    clock.pass(200);
    expect(begun.tcp).toBeUndefined();
    if (isOpen) quic.outcome.resolve('quic');
    else quic.outcome.reject(new Error('timeout'));
    expect(await outcome).toEqual(isOpen ? 'quic' : new Error('timeout'));
    expect(begun.tcp).toBeUndefined();
  }
});

test('given up, it gives up both and closes what opens all the same', async () => {
  const { it, quic, begun, log, outcome, clock } = race();
  clock.pass(200);
  it.cancel(new Error('enough'));
  it.cancel(new Error('again'));
  expect(await outcome).toEqual(new Error('enough'));
  expect([quic.isCancelled, begun.tcp?.isCancelled]).toEqual([true, true]);
  begun.tcp?.outcome.resolve('tcp');
  quic.outcome.resolve('quic');
  await turn();
  expect(log.sort()).toEqual(['discarded quic', 'discarded tcp']);
});

test('given up during the head start, it leaves no timer', async () => {
  const { it, quic, begun, outcome, clock } = race();
  it.cancel();
  expect(clock.run).toBeUndefined();
  quic.outcome.reject(new Error('late'));
  await turn();
  expect(begun.tcp).toBeUndefined();
  expect(await outcome).toEqual(new Error('cancelled'));
});

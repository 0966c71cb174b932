import {
  exit,
  monitor,
  receive,
  register,
  send,
  spawn,
  spawnMonitor,
  subscribe,
  type DownMessage,
  type MonitorRef,
  type Pid,
} from '@linnet/otp';
import { inProcess, startSupervised } from '@linnet/otp/testing';
import { expectTypeOf, test } from 'vitest';

declare const predicate: (message: unknown) => boolean;

test('receive has the type of its predicate', () => {
  expectTypeOf(receive()).resolves.toEqualTypeOf<unknown>();
  expectTypeOf(receive(predicate)).resolves.toEqualTypeOf<unknown>();
  expectTypeOf(receive((m): m is string => typeof m === 'string')).resolves.toEqualTypeOf<string>();
  const ref = monitor('x');
  expectTypeOf(
    receive((m): m is DownMessage => ref.isDownMessage(m)),
  ).resolves.toEqualTypeOf<DownMessage>();
  // @ts-expect-error a predicate is a function
  void receive('x');
  // @ts-expect-error no such option
  void receive(undefined, { timout: 5 });
});

test('exit of oneself never returns, a signal does', () => {
  expectTypeOf(exit('normal')).toBeNever();
  expectTypeOf(
    exit(
      spawn(() => {}),
      'normal',
    ),
  ).toBeVoid();
});

test('what takes a process takes pids, handles and names only', () => {
  send('name', 1);
  send(Symbol('name'), 1);
  send({ via: ['registry', 1] }, 1);
  send({ name: 'x', node: 'y@z' }, 1);
  send({ pid: spawn(() => {}) }, 1);
  // @ts-expect-error a number is no process
  send(5, 1);
  // @ts-expect-error a name is a string or a symbol
  register(5);
  // @ts-expect-error a body is a function
  spawn('x');
});

test('spawnMonitor gives both', () => {
  expectTypeOf(spawnMonitor(() => 1)).toEqualTypeOf<{
    readonly pid: Pid;
    readonly ref: MonitorRef;
  }>();
});

test('events are told apart by their type', () => {
  subscribe((event) => {
    if (event.type === 'restart') expectTypeOf(event.restarts).toEqualTypeOf<number>();
    // @ts-expect-error only an exit and a crash have a reason
    void event.reason;
  });
});

test('helpers of tests keep the types of what they start', () => {
  expectTypeOf(inProcess(() => 5)).resolves.toEqualTypeOf<number>();
  expectTypeOf(inProcess(async () => 'x')).resolves.toEqualTypeOf<string>();
  expectTypeOf(startSupervised(() => spawn(() => {})))
    .resolves.toHaveProperty('handle')
    .toEqualTypeOf<Pid>();
  // @ts-expect-error a start function gives a process
  void startSupervised(() => 5);
});

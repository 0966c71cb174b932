import {
  GenServer,
  ignore,
  noreply,
  reply,
  self,
  spawnLink,
  Supervisor,
  type ChildSpec,
  type ChildWithInfo,
  type Ignore,
  type Pid,
  type SupervisorHandle,
} from '@linnet/otp';
import { expectTypeOf, test } from 'vitest';

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: { value: (n) => reply(n, n) },
});
const Plain = GenServer.define({ init: () => 0, handleInfo: (n) => noreply(n) });
const Maybe = GenServer.define({ init: (on: boolean) => (on ? 1 : ignore) });
const worker = { id: 'worker', start: () => spawnLink(() => {}) };

test('a list of children is checked', () => {
  void (async () => {
    await Supervisor.startLink([worker, Plain, [Counter, 1], [Plain, undefined]], {
      strategy: 'one_for_one',
      maxRestarts: 1,
    });
    // @ts-expect-error the argument of Counter is a number
    await Supervisor.startLink([[Counter, 'one']], { strategy: 'one_for_one' });
    // @ts-expect-error Counter needs an argument
    await Supervisor.startLink([Counter], { strategy: 'one_for_one' });
    // @ts-expect-error a promise of a server is no child [N14]
    await Supervisor.startLink([Counter.startLink(1)], { strategy: 'one_for_one' });
    // @ts-expect-error no strategy
    await Supervisor.startLink([worker], {});
    // @ts-expect-error no such strategy
    await Supervisor.startLink([worker], { strategy: 'one_for_two' });
    // @ts-expect-error no such restart type
    await Supervisor.startLink([{ ...worker, restart: 'always' }], { strategy: 'one_for_one' });
    // @ts-expect-error shutdown is no string of digits
    await Supervisor.startLink([{ ...worker, shutdown: '5' }], { strategy: 'one_for_one' });
    // @ts-expect-error a child needs an id
    await Supervisor.startLink([{ start: worker.start }], { strategy: 'one_for_one' });
    // @ts-expect-error a start function gives a process
    await Supervisor.startLink([{ id: 1, start: () => 'pid' }], { strategy: 'one_for_one' });
    // @ts-expect-error Math is no module with childSpec
    await Supervisor.startLink([Math], { strategy: 'one_for_one' });
    // @ts-expect-error no such option value
    await Supervisor.startLink([], { strategy: 'one_for_one', autoShutdown: 'always' });
  });
});

test('startChild resolves with what the start function gives', () => {
  void (async (supervisor: SupervisorHandle, anySpec: ChildSpec) => {
    expectTypeOf(await supervisor.startChild(worker)).toEqualTypeOf<Pid>();
    expectTypeOf(await supervisor.startChild(anySpec)).toEqualTypeOf<Pid>();
    expectTypeOf(await supervisor.startChild([Counter, 1])).toEqualTypeOf<Pid>();
    expectTypeOf(await supervisor.startChild(Plain)).toEqualTypeOf<Pid>();
    expectTypeOf(await supervisor.startChild(Maybe.childSpec(true))).toEqualTypeOf<
      Pid | undefined
    >();
    expectTypeOf(
      await supervisor.startChild({ id: 'i', start: (): Pid | Ignore => ignore }),
    ).toEqualTypeOf<Pid | undefined>();
    expectTypeOf(
      await supervisor.startChild({ id: 'i', start: () => ({ pid: self(), info: 1 }) }),
    ).toEqualTypeOf<ChildWithInfo<number>>();
    // @ts-expect-error the argument of Counter is a number
    await supervisor.startChild([Counter, 'one']);
    // @ts-expect-error no id
    await supervisor.startChild({ start: worker.start });
    // @ts-expect-error no such type
    await Supervisor.startChild('name', { ...worker, type: 'wrker' });
  });
});

test('a template types the arguments of startChild', () => {
  void (async () => {
    const supervisor = await Supervisor.startLink(
      [{ id: 'child', start: (n: number, s: string) => Counter.startLink(n + s.length) }],
      { strategy: 'simple_one_for_one' },
    );
    expectTypeOf(await supervisor.startChild([1, 'a'])).toEqualTypeOf<Pid>();
    // @ts-expect-error the first argument is a number
    await supervisor.startChild(['a', 'a']);
    // @ts-expect-error children are known by pid
    await supervisor.terminateChild('child');
  });
});

test('a module-based supervisor types its argument', () => {
  void (async () => {
    const Shard = Supervisor.define({
      init: (n: number) => ({ strategy: 'one_for_all', children: [[Counter, n]] }),
    });
    expectTypeOf(await Shard.startLink(1)).toEqualTypeOf<SupervisorHandle>();
    await Supervisor.startLink([[Shard, 1]], { strategy: 'one_for_one' });
    // @ts-expect-error n is a number
    await Shard.startLink('1');
    // @ts-expect-error no such strategy
    Supervisor.define({ init: () => ({ strategy: 'all', children: [] }) });
    const Optional = Supervisor.define({
      init: (on: boolean) => (on ? { strategy: 'one_for_all', children: [] } : ignore),
    });
    expectTypeOf(await Optional.startLink(true)).toEqualTypeOf<SupervisorHandle | Ignore>();
  });
});

test('a nested tree is a child', () => {
  void (async () => {
    await Supervisor.startLink(
      [Supervisor.childSpec({ id: 'in', strategy: 'one_for_all', children: [[Counter, 1]] })],
      { strategy: 'one_for_one' },
    );
    // @ts-expect-error wrong argument in a nested tree
    Supervisor.childSpec({ strategy: 'one_for_all', children: [[Counter, 'one']] });
    Supervisor.childSpec([Counter, 1], { restart: 'transient' });
  });
});

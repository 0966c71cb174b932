import {
  DynamicSupervisor,
  exit,
  GenServer,
  isAlive,
  PartitionSupervisor,
  reply,
  Supervisor,
  whereis,
  type Pid,
} from '@linnet/otp';
import { expectNoLeaks, processSnapshot, settle } from '@linnet/otp/testing';
import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { child, counts, list, reasonOf, startAs, Worker } from './support.ts';

const Echo = GenServer.define({
  name: 'Echo',
  init: (value: unknown) => value,
  handleCall: { value: (value) => reply(value, value) },
});

describe('PartitionSupervisor', () => {
  test('[OTP P001] the id of its child specification is its name', () => {
    const options = { child: DynamicSupervisor };
    expect(PartitionSupervisor.childSpec({ ...options, name: 'parts' }).id).toBe('parts');
    expect(
      PartitionSupervisor.childSpec({ ...options, name: { via: ['registry', 'key'] } }).id,
    ).toBe('key');
    expect(
      PartitionSupervisor.childSpec({ ...options, id: 'x', restart: 'temporary' }),
    ).toMatchObject({
      id: 'x',
      restart: 'temporary',
      type: 'supervisor',
    });
  });

  test('[OTP P002] routes by key; what was started through a key is found there', async () => {
    await using _ = await PartitionSupervisor.startLink({
      child: DynamicSupervisor,
      name: 'parts',
    });
    expect(PartitionSupervisor.partitions('parts')).toBe(availableParallelism());
    const started = new Map<object, Pid>();
    for (let i = 0; i < 100; i++) {
      const key = {};
      const spec = { id: i, start: () => Worker.startLink({}) };
      started.set(key, await DynamicSupervisor.startChild({ via: ['parts', key] }, spec));
    }
    for (const [key, pid] of started) {
      const children = await DynamicSupervisor.whichChildren({ via: ['parts', key] });
      expect(children.map((one) => one.pid)).toContain(pid);
    }
    const all = await Promise.all(
      (await PartitionSupervisor.whichChildren('parts')).map(({ pid }) =>
        DynamicSupervisor.countChildren(pid as Pid),
      ),
    );
    expect(all.reduce((sum, { active }) => sum + active, 0)).toBe(100);
  });

  test('[C6] [C9] a key is hashed by its parts; what has no end of them is refused', async () => {
    await using parts = await PartitionSupervisor.startLink({
      child: [Echo, 'hello'],
      partitions: 64,
    });
    for (const key of [() => ['user', 1], () => ({ user: { id: 1 }, at: [1] }), () => 'a']) {
      expect(parts.lookup(key())).toBe(parts.lookup(key()));
    }
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    const array: unknown[] = [];
    array.push(array);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const unreadable = {
      get user(): never {
        throw new Error('no');
      },
    };
    const badarg = expect.objectContaining({ code: 'ERR_BADARG' }) as Error;
    const none = [
      cyclic,
      array,
      [cyclic],
      proxy,
      unreadable,
      Promise.resolve(1),
      [Promise.resolve(1)],
    ];
    for (const key of none) {
      expect(() => parts.lookup(key)).toThrow(badarg);
      await expect(GenServer.call({ via: [parts, key] }, 'value')).rejects.toEqual(badarg);
    }
  });

  test('[OTP P003] its handle stands for its name', async () => {
    await using parts = await PartitionSupervisor.startLink({
      child: [Echo, 'hello'],
      partitions: 2,
    });
    expect(await GenServer.call({ via: [parts, 1] }, 'value')).toBe('hello');
    expect(whereis({ via: [parts, 1] })).toBe(parts.lookup(1));
    await expect(Echo.startLink(1, { name: { via: [parts, 'key'] } })).rejects.toThrow(
      'PartitionSupervisor',
    );
  });

  test('[OTP P004] [PS01] arguments by partition', async () => {
    await using parts = await PartitionSupervisor.startLink({
      child: [Echo, 'hello'],
      partitions: 3,
      withArguments: (text: string, partition: number) => [text, partition],
    });
    const at = async (key: unknown) =>
      (await GenServer.call<[string, number]>({ via: [parts, key] }, 'value'))[1];
    expect([
      await at(0),
      await at(1),
      await at(2),
      await at(3),
      await at(-1),
      await at(-4n),
    ]).toEqual([0, 1, 2, 0, 1, 1]);
    await using specs = await PartitionSupervisor.startLink({
      child: { id: 'ignored', start: (partition: number) => Echo.startLink(partition) },
      partitions: 2,
    });
    expect(await GenServer.call({ via: [specs, 1] }, 'value')).toBe(1);
  });

  test.for([
    ['no child', {}, 'child must be'],
    [
      'no partitions',
      { child: DynamicSupervisor, partitions: 0 },
      'partitions must be a positive integer',
    ],
    [
      'a wrong withArguments',
      { child: [Echo, 1], withArguments: 1 },
      'withArguments must be a function',
    ],
    [
      'withArguments without an argument',
      { child: DynamicSupervisor, withArguments: () => 1 },
      '[Module, arg]',
    ],
    ['a module without childSpec', { child: class {} }, 'childSpec'],
    ['a wrong name', { child: DynamicSupervisor, name: 1 }, 'name must be'],
  ] as Array<[string, never, string]>)(
    '[OTP P005] [PS04] refuses %s',
    async ([, options, message]) => {
      await expect(PartitionSupervisor.startLink(options)).rejects.toThrow(message);
    },
  );

  test('[OTP P005] a child of a wrong shape is refused by the supervisor', async () => {
    const start = PartitionSupervisor.startLink({ child: { id: 1 } as never, partitions: 1 });
    expect(await reasonOf(start)).toEqual(['start_spec', 'missing_start']);
  });

  test('[OTP P006] after the stop its name is free and nothing is left', async () => {
    const before = processSnapshot();
    const parts = await PartitionSupervisor.startLink({ child: DynamicSupervisor, name: 'parts' });
    await PartitionSupervisor.stop('parts');
    expect(isAlive(parts.pid)).toBe(false);
    expect(whereis({ via: ['parts', 1] })).toBeUndefined();
    expect(whereis({ via: [parts, 1] })).toBeUndefined();
    await expectNoLeaks(before);
    await using again = await PartitionSupervisor.startLink({
      child: DynamicSupervisor,
      name: 'parts',
    });
    expect(whereis({ via: ['parts', 1] })).toBe(again.lookup(1));
  });

  test('[OTP P007] [OTP P010] [PS05] an unknown name is noproc', async () => {
    expect(() => PartitionSupervisor.partitions('nobody')).toThrow('noproc');
    await expect(PartitionSupervisor.countChildren('nobody')).rejects.toMatchObject({
      why: 'noproc',
    });
    await expect(GenServer.call({ via: ['nobody', 1] }, 'value')).rejects.toMatchObject({
      why: 'noproc',
    });
  });

  test('[OTP P008] resizes between 0 and the number it was started with', async () => {
    await using parts = await PartitionSupervisor.startLink({ child: child('c'), partitions: 8 });
    let former = 8;
    for (const size of [0, 1, 8, 5, 3, 8]) {
      expect(await parts.resize(size)).toBe(former);
      former = size;
      expect(parts.partitions()).toBe(size);
      expect(await counts(parts)).toEqual([8, size, 0, 8]);
      const reached = size === 0 ? [] : Array.from({ length: 50 }, (_, key) => parts.lookup(key));
      expect(new Set(reached).size).toBe(size);
    }
    await parts.resize(0);
    expect(() => parts.lookup(1)).toThrow('there are 0');
    await expect(parts.resize(9)).rejects.toThrow('from 0 to 8');
  });

  test('[OTP P009] [PS02] its children are its partitions', async () => {
    await using parts = await PartitionSupervisor.startLink({
      child: DynamicSupervisor,
      partitions: 3,
    });
    const children = (await list(parts)).toReversed();
    expect(children).toEqual([0, 1, 2].map((id) => [id, parts.lookup(id)]));
    expect(await counts(parts)).toEqual([3, 3, 3, 0]);
  });

  test('[PS03] a partition that crashes is reached again after its restart', async () => {
    await using parts = await PartitionSupervisor.startLink({ child: child('c'), partitions: 2 });
    const pid = parts.lookup(1) as Pid;
    exit(pid, 'kill');
    expect(whereis({ via: [parts, 1] })).toBeUndefined();
    await settle();
    expect(parts.lookup(1)).not.toBe(pid);
    expect(isAlive(parts.lookup(1) as Pid)).toBe(true);
  });

  test('equal keys go to the same partition, whatever they are made of', async () => {
    await using parts = await PartitionSupervisor.startLink({ child: child('c'), partitions: 16 });
    const pid = (await startAs('ok')) as Pid;
    const symbol = Symbol('s');
    for (const make of [
      () => 'text',
      () => 1.5,
      () => ['user', { id: 1, a: [2] }],
      () => pid,
      () => symbol,
      () => null,
      () => true,
    ]) {
      expect(parts.lookup(make())).toBe(parts.lookup(make()));
    }
    expect(parts.lookup({ a: 1, b: 2 })).toBe(parts.lookup({ b: 2, a: 1 }));
    const texts = Array.from({ length: 200 }, (_, i) => parts.lookup(`key ${i}`));
    expect(new Set(texts).size).toBe(16);
    exit(pid, 'kill');
  });

  test('under a supervisor, restarted with its table', async () => {
    await using supervisor = await Supervisor.startLink(
      [PartitionSupervisor.childSpec({ child: child('c'), name: 'parts', partitions: 2 })],
      { strategy: 'one_for_one' },
    );
    const before = whereis({ via: ['parts', 0] });
    exit(whereis('parts') as Pid, 'kill');
    await settle();
    expect(whereis({ via: ['parts', 0] })).not.toBe(before);
    expect(await counts('parts')).toEqual([2, 2, 0, 2]);
    expect(await counts(supervisor)).toEqual([1, 1, 1, 0]);
  });
});

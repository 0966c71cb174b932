import {
  DuplicateRegistryError,
  exit,
  GenServer,
  processInfo,
  reply,
  self,
  send,
  trapExit,
  type Pid,
} from '@linnet/otp';
import { inProcess } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { mailbox, quietCrashes } from '../support/mailbox.ts';
import { living, pairs, startRegistry } from './support.ts';

quietCrashes();

const Server = GenServer.define({ init: () => 0, handleCall: { value: (n) => reply(n, n) } });

describe.each([1, 8])('a duplicate registry with %i partitions', (partitions) => {
  test('[OTP R022] [REG03] a process registers a key as often as it likes', async () => {
    const registry = await startRegistry<string, number>('duplicate', partitions);
    await inProcess(() => {
      registry.register('k', 1);
      registry.register('k', 2);
      registry.register('other', 3);
      expect(pairs(registry.lookup('k'))).toEqual([
        [self(), 1],
        [self(), 2],
      ]);
      expect(registry.keys(self())).toEqual(['k', 'k', 'other']);
      expect(registry.values('k', self())).toEqual([1, 2]);
      expect(registry.count()).toBe(3);
    });
  });

  test('[OTP R022] processes share a key', async () => {
    const registry = await startRegistry<string, number>('duplicate', partitions);
    const owners = [
      await living(() => registry.register('k', 1)),
      await living(() => registry.register('k', 2)),
    ];
    expect(pairs(registry.lookup('k'))).toEqual([
      [owners[0], 1],
      [owners[1], 2],
    ]);
    await inProcess(() => expect(registry.keys(self())).toEqual([]));
    exit(owners[0] as Pid, 'kill');
    expect(pairs(registry.lookup('k'))).toEqual([[owners[1], 2]]);
    exit(owners[1] as Pid, 'kill');
    expect(registry.details()).toMatchObject({ entries: 0, owners: 0 });
  });

  test('[OTP R025] [REG04] unregister removes all own entries of the key', async () => {
    const registry = await startRegistry<string, number>('duplicate', partitions);
    const other = await living(() => registry.register('k', 0));
    await inProcess(() => {
      registry.register('k', 1);
      registry.register('k', 2);
      registry.register('l', 3);
      registry.unregister('k');
      expect(pairs(registry.lookup('k'))).toEqual([[other, 0]]);
      expect(registry.keys(self())).toEqual(['l']);
    });
    exit(other, 'kill');
  });

  test('[OTP R010] [REG05] unregisterMatch removes the own entries that are wanted', async () => {
    const registry = await startRegistry<string, readonly [string, number]>(
      'duplicate',
      partitions,
    );
    await inProcess(() => {
      registry.register('k', ['a', 1]);
      registry.register('k', ['b', 2]);
      registry.register('k', ['a', 3]);
      registry.unregisterMatch('k', ([kind]) => kind === 'a');
      expect(pairs(registry.lookup('k'))).toEqual([[self(), ['b', 2]]]);
      expect(registry.keys(self())).toEqual(['k']);
      expect(registry.count()).toBe(1);
    });
  });

  test('[OTP R006] [OTP R018] match and select find all entries that are wanted', async () => {
    const registry = await startRegistry<string, number>('duplicate', partitions);
    await inProcess(() => {
      for (const n of [1, 2, 3]) registry.register('k', n);
      expect(registry.match('k', (n) => n > 1).map(({ value }) => value)).toEqual([2, 3]);
      expect(registry.countMatch('k', (n) => n > 1)).toBe(2);
      expect(registry.countSelect((key, _pid, n) => key === 'k' && n < 3)).toBe(2);
    });
  });

  test('[OTP R024] dispatches in the caller, once for each partition with entries', async () => {
    const registry = await startRegistry<string, number>('duplicate', partitions);
    const owners: Pid[] = [];
    for (let n = 0; n < 8; n++) owners.push(await living(() => registry.register('k', n)));
    const other = await living(() => registry.register('other', -1));
    await inProcess(() => {
      const me = self();
      const calls: number[][] = [];
      registry.dispatch('k', (entries) => {
        expect(self()).toBe(me);
        calls.push(entries.map(({ value }) => value));
      });
      expect(calls).toHaveLength(new Set(owners.map(({ id }) => id % partitions)).size);
      expect(calls.flat().toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    });
    for (const owner of [...owners, other]) exit(owner, 'kill');
  });

  test('[OTP R024] dispatches in parallel without leaving messages or links', async () => {
    const registry = await startRegistry<string, number>('duplicate', partitions);
    const owners: Pid[] = [];
    for (let n = 0; n < 8; n++) owners.push(await living(() => registry.register('k', n)));
    await inProcess(async () => {
      trapExit();
      const me = self();
      const runners = new Set<Pid>();
      await registry.dispatch(
        'k',
        async (entries) => {
          await Promise.resolve();
          runners.add(self());
          for (const { value } of entries) send(me, value);
        },
        { parallel: true },
      );
      expect(new Set(await mailbox())).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
      expect(runners.has(me)).toBe(partitions === 1);
      expect(runners.size).toBe(new Set(owners.map(({ id }) => id % partitions)).size);
      expect(processInfo(me)?.links).toEqual([]);
      await registry.dispatch('none', () => expect.fail('must not run'), { parallel: true });
    });
    for (const owner of owners) exit(owner, 'kill');
  });

  test('[OTP R024] [REG08] what a dispatch throws reaches its caller', async () => {
    const registry = await startRegistry<string, number>('duplicate', partitions);
    await inProcess(async () => {
      registry.register('k', 1);
      const fail = (): never => {
        throw new Error('in dispatch');
      };
      expect(() => registry.dispatch('k', fail)).toThrow('in dispatch');
      await expect(registry.dispatch('k', fail, { parallel: true })).rejects.toThrow('in dispatch');
    });
  });

  test('[OTP R026] [REG06] [REG15] has no via names and no updateValue', async () => {
    const registry = await startRegistry<string, number>('duplicate', partitions);
    await inProcess(async () => {
      registry.register('k', 1);
      expect(() => registry.updateValue('k', (n) => n)).toThrow(DuplicateRegistryError);
      expect(() => registry.updateValue('k', (n) => n)).toThrow(
        /^updateValue is not supported for duplicate registries/,
      );
      expect(() => GenServer.cast(registry.via('k'), 'x')).toThrow(
        /^via is not supported for duplicate registries/,
      );
      await expect(Server.start(undefined, { name: registry.via('s') })).rejects.toThrow(
        expect.objectContaining({
          reason: expect.any(DuplicateRegistryError) as Error,
        }) as Error,
      );
    });
  });
});

test('many entries of one key come and go in any order', async () => {
  const registry = await startRegistry<string, number>('duplicate');
  await inProcess(() => {
    for (let n = 0; n < 100; n++) registry.register('k', n);
    registry.unregisterMatch('k', (n) => n % 3 > 0);
    expect(registry.lookup('k').map(({ value }) => value)).toEqual(registry.values('k', self()));
    expect(registry.count()).toBe(34);
    registry.unregisterMatch('k', (n) => n > 0);
    expect(pairs(registry.lookup('k'))).toEqual([[self(), 0]]);
    registry.unregister('k');
    expect(registry.lookup('k')).toEqual([]);
    expect(registry.details()).toMatchObject({ entries: 0, owners: 0 });
  });
});

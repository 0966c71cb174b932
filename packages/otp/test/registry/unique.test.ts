import {
  AlreadyRegisteredError,
  exit,
  GenServer,
  isAlive,
  monitor,
  NoProcessError,
  processInfo,
  receive,
  Registry,
  resume,
  self,
  send,
  spawn,
  Supervisor,
  suspend,
  UnknownRegistryError,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { quietCrashes } from '../support/mailbox.ts';
import { living, pairs, startRegistry } from './support.ts';

quietCrashes();

describe.each([1, 8])('a unique registry with %i partitions', (partitions) => {
  test('[OTP R001] [REG19] supervises its partitions', async () => {
    const registry = await startRegistry('unique', partitions);
    const { specs, active } = await Supervisor.countChildren(registry.pid);
    expect([specs, active]).toEqual([partitions, partitions]);
    expect(registry.details()).toMatchObject({ keys: 'unique', entries: 0, owners: 0 });
    expect(registry.details().partitions.every((pid) => pid !== undefined && isAlive(pid))).toBe(
      true,
    );
  });

  test('[OTP R002] [OTP R003] [REG01] [REG02] registers a key once, for one process', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    await inProcess(() => {
      expect(registry.count()).toBe(0);
      const partition = registry.register('a', 1);
      expect(registry.details().partitions).toContain(partition);
      registry.register('b', 2);
      expect(() => registry.register('a', 3)).toThrow(AlreadyRegisteredError);
      expect(() => registry.register('a', 3)).toThrow(
        expect.objectContaining({
          code: 'ERR_ALREADY_REGISTERED',
          pid: self(),
          key: 'a',
          reason: ['already_registered', self()],
        }) as Error,
      );
      expect(pairs(registry.lookup('a'))).toEqual([[self(), 1]]);
      expect(registry.lookup('z')).toEqual([]);
      expect(registry.keys(self())).toEqual(['a', 'b']);
      expect(registry.values('a', self())).toEqual([1]);
      expect(registry.count()).toBe(2);
      expect(registry.countMatch('a', () => true)).toBe(1);
    });
  });

  test('[OTP R004] [OTP R020] [REG01] refuses the key of a live process, without a trace of the refused', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    const owner = await living(() => registry.register('a', 1));
    await inProcess(() => {
      expect(() => registry.register('a', 2)).toThrow(
        expect.objectContaining({ reason: ['already_registered', owner] }) as Error,
      );
      expect(registry.keys(self())).toEqual([]);
      expect(registry.values('a', self())).toEqual([]);
      expect(processInfo(self())?.links).toEqual([]);
      expect(registry.details().owners).toBe(1);
    });
    exit(owner, 'kill');
  });

  test('[OTP R005] [REG09] [REG10] a key is free in the moment in which its owner dies', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    const owner = await living(() => registry.register('a', 1));
    await inProcess(() => {
      exit(owner, 'kill');
      // No message has been handled in between.
      expect(registry.lookup('a')).toEqual([]);
      expect(registry.count()).toBe(0);
      registry.register('a', 2);
      expect(pairs(registry.lookup('a'))).toEqual([[self(), 2]]);
    });
  });

  test('[OTP R005] [REG10] a suspended partition changes nothing', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    const owner = await living(() => registry.register('a', 1));
    for (const pid of registry.details().partitions) if (pid !== undefined) await suspend(pid);
    await inProcess(() => {
      expect(() => registry.register('a', 2)).toThrow(AlreadyRegisteredError);
      exit(owner, 'kill');
      registry.register('a', 2);
      expect(pairs(registry.lookup('a'))).toEqual([[self(), 2]]);
      registry.unregister('a');
    });
    for (const pid of registry.details().partitions) if (pid !== undefined) await resume(pid);
  });

  test('[OTP R021] nothing is left of an owner that was killed', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    const owner = await living(() => {
      for (const key of ['a', 'b', 'c']) registry.register(key, 0);
    });
    expect(registry.count()).toBe(3);
    exit(owner, 'kill');
    expect(registry.details()).toMatchObject({ entries: 0, owners: 0 });
    expect(registry.keys(owner)).toEqual([]);
    expect(registry.select(() => true)).toEqual([]);
  });

  test('[OTP R013] [REG04] unregisters by key, and does nothing without an entry', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    await inProcess(() => {
      registry.unregister('a');
      registry.register('a', 1);
      registry.register('b', 2);
      registry.unregister('a');
      expect(registry.lookup('a')).toEqual([]);
      expect(registry.keys(self())).toEqual(['b']);
      registry.register('a', 3);
      expect(pairs(registry.lookup('a'))).toEqual([[self(), 3]]);
    });
  });

  test('[OTP R013] the key of another process stays when one unregisters it', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    const owner = await living(() => registry.register('a', 1));
    await inProcess(() => registry.unregister('a'));
    expect(pairs(registry.lookup('a'))).toEqual([[owner, 1]]);
    exit(owner, 'kill');
  });

  test('[OTP R011] [REG06] updates the value of an own entry only', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    const owner = await living(() => registry.register('foreign', 1));
    await inProcess(() => {
      const add = (n: number): number => n + 1;
      registry.register('own', 1);
      const before = registry.lookup('own');
      expect(registry.updateValue('own', add)).toEqual([2, 1]);
      expect(pairs(registry.lookup('own'))).toEqual([[self(), 2]]);
      expect(registry.values('own', self())).toEqual([2]);
      expect(before[0]?.value).toBe(1);
      const notRun = (): number => expect.fail('must not run');
      expect(registry.updateValue('foreign', notRun)).toBeUndefined();
      expect(registry.updateValue('none', notRun)).toBeUndefined();
      expect(registry.count()).toBe(2);
    });
    exit(owner, 'kill');
  });

  test('[OTP R012] [REG07] [REG08] dispatches to the entries of a key, in the caller', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    await inProcess(() => {
      registry.dispatch('a', () => expect.fail('must not run'));
      registry.register('a', 1);
      const calls: unknown[] = [];
      registry.dispatch('a', (entries) => calls.push([self(), pairs(entries)]));
      expect(calls).toEqual([[self(), [[self(), 1]]]]);
      const fail = (): void => {
        throw new Error('in dispatch');
      };
      expect(() => registry.dispatch('a', fail)).toThrow('in dispatch');
    });
  });

  test('[OTP R006] [OTP R007] [OTP R009] matches the values of a key by a predicate', async () => {
    const registry = await startRegistry<string, { kind: string; n: number }>('unique', partitions);
    await inProcess(() => {
      registry.register('a', { kind: 'x', n: 1 });
      registry.register('b', { kind: 'x', n: 2 });
      const isX = ({ kind }: { kind: string }): boolean => kind === 'x';
      expect(pairs(registry.match('a', isX))).toEqual([[self(), { kind: 'x', n: 1 }]]);
      expect(registry.match('a', ({ n }) => n > 1)).toEqual([]);
      expect(registry.match('a', (_value, pid) => pid === self())).toHaveLength(1);
      expect(registry.match('z', isX)).toEqual([]);
      expect(registry.countMatch('a', isX)).toBe(1);
      expect(registry.countMatch('b', ({ n }) => n > 2)).toBe(0);
    });
  });

  test('[OTP R008] keys that mean something in a match specification are keys like any other', async () => {
    const registry = await startRegistry('unique', partitions);
    await inProcess(() => {
      const object = { _: '$1' };
      for (const key of ['_', '$1', '$$', undefined, null, object]) registry.register(key, key);
      for (const key of ['_', '$1', '$$', undefined, null, object]) {
        expect(registry.lookup(key).map(({ value }) => value)).toEqual([key]);
        expect(registry.countMatch(key, () => true)).toBe(1);
        registry.unregisterMatch(key, () => true);
        expect(registry.lookup(key)).toEqual([]);
      }
    });
  });

  test('[OTP R010] unregisters the own entry if its value is wanted', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    const owner = await living(() => registry.register('foreign', 1));
    await inProcess(() => {
      registry.register('a', 1);
      registry.unregisterMatch('a', (n) => n > 1);
      expect(registry.lookup('a')).toHaveLength(1);
      registry.unregisterMatch('a', (n) => n === 1);
      expect(registry.lookup('a')).toEqual([]);
      registry.unregisterMatch('foreign', () => true);
      expect(registry.lookup('foreign')).toHaveLength(1);
    });
    exit(owner, 'kill');
  });

  test('[OTP R018] [OTP R019] [REG16] selects among all entries', async () => {
    const registry = await startRegistry<string, number>('unique', partitions);
    await inProcess(() => {
      expect(registry.select(() => true)).toEqual([]);
      registry.register('a', 1);
      registry.register('b', 2);
      const all = registry.select(
        () => true,
        (key, _pid, value) => [key, value],
      );
      expect(all).toEqual([
        ['a', 1],
        ['b', 2],
      ]);
      expect(registry.select((_key, pid, value) => pid === self() && value < 2)).toEqual([
        { key: 'a', pid: self(), value: 1 },
      ]);
      expect(registry.countSelect((key) => key === 'b')).toBe(1);
      expect(() => registry.select('all' as never)).toThrow('where must be a function');
    });
  });
});

test('[OTP R028] [REG13] keeps metadata beside the entries', async () => {
  const name = 'RegistryWithMeta';
  await inProcess(async () => {
    await using registry = await Registry.startLink({ name, keys: 'unique', meta: { a: 1 } });
    expect(registry.meta('a')).toBe(1);
    registry.putMeta('a', 2);
    expect(Registry.meta(name, 'a')).toBe(2);
    expect(registry.meta('b')).toBeUndefined();
    registry.deleteMeta('a');
    expect(registry.meta('a')).toBeUndefined();
  });
});

test('[OTP R028] every function is there by the name of the registry', async () => {
  const { name } = await startRegistry('unique');
  await inProcess(async () => {
    Registry.register(name, 'k', 1);
    expect(pairs(Registry.lookup(name, 'k'))).toEqual([[self(), 1]]);
    expect(Registry.whereis(name, 'k')).toBe(self());
    expect(Registry.keys(name, self())).toEqual(['k']);
    expect(Registry.values(name, 'k', self())).toEqual([1]);
    expect(Registry.count(name)).toBe(1);
    expect(Registry.updateValue(name, 'k', () => 2)).toEqual([2, 1]);
    expect(Registry.match(name, 'k', (value) => value === 2)).toHaveLength(1);
    expect(Registry.countMatch(name, 'k', () => true)).toBe(1);
    expect(Registry.select(name, (key) => key === 'k')).toHaveLength(1);
    expect(Registry.countSelect(name, () => false)).toBe(0);
    Registry.dispatch(name, 'k', ([entry]) => send(entry!.pid, 'dispatched'));
    Registry.putMeta(name, 'm', 1);
    expect(Registry.meta(name, 'm')).toBe(1);
    Registry.deleteMeta(name, 'm');
    expect(await Registry.lock(name, 'k', () => 'locked')).toBe('locked');
    expect(Registry.details(name)).toMatchObject({ name, entries: 1 });
    Registry.unregisterMatch(name, 'k', () => false);
    Registry.unregister(name, 'k');
    expect(Registry.count(name)).toBe(0);
  });
});

test('[OTP R016] [REG17] an unknown registry is an error that names it', async () => {
  expect(() => Registry.lookup('NoReg', 'k')).toThrow(UnknownRegistryError);
  expect(() => Registry.count('NoReg')).toThrow(/^unknown registry: NoReg;/);
  await inProcess(() => {
    expect(() => Registry.register('NoReg', 'k', 1)).toThrow(
      expect.objectContaining({ code: 'ERR_UNKNOWN_REGISTRY', registry: 'NoReg' }) as Error,
    );
  });
});

test('plain code can look up but not register', async () => {
  const registry = await startRegistry<string, number>('unique');
  expect(registry.lookup('a')).toEqual([]);
  expect(() => registry.register('a', 1)).toThrow(NoProcessError);
});

test('a look-up gives the same list until the entry changes', async () => {
  const registry = await startRegistry<string, number>('unique');
  await inProcess(() => {
    registry.register('a', 1);
    const found = registry.lookup('a');
    expect(registry.lookup('a')).toBe(found);
    expect(Object.isFrozen(found)).toBe(true);
    registry.updateValue('a', () => 2);
    expect(registry.lookup('a')).not.toBe(found);
  });
});

test('[C6] keys are those of a Map, and arrays are compared by their elements', async () => {
  const registry = await startRegistry('unique');
  await inProcess(() => {
    registry.register(1, 'number');
    registry.register('1', 'string');
    registry.register(['room', 1], 'array');
    const object = { room: 1 };
    registry.register(object, 'object');
    expect(registry.lookup(1.0)[0]?.value).toBe('number');
    expect(registry.lookup('1')[0]?.value).toBe('string');
    expect(registry.lookup(['room', 1])[0]?.value).toBe('array');
    expect(registry.lookup(['room', '1'])).toEqual([]);
    expect(registry.lookup(object)[0]?.value).toBe('object');
    expect(registry.lookup({ room: 1 })).toEqual([]);
    expect(() => registry.register(['room', 1], 'again')).toThrow('is taken');
    expect(registry.whereis(['room', 1])).toBe(self());
    expect(registry.keys(self())).toEqual([1, '1', ['room', 1], object]);
    expect(registry.values(['room', 1], self())).toEqual(['array']);
    expect(registry.updateValue(['room', 1], () => 'updated')).toEqual(['updated', 'array']);
    registry.unregister(['room', 1]);
    expect(registry.lookup(['room', 1])).toEqual([]);
  });
});

test('[C6] names of processes, metadata and locks take arrays as the same keys', async () => {
  const registry = await startRegistry<readonly unknown[], number>('unique');
  await inProcess(async () => {
    const server = await GenServer.define({ init: () => 0 }).start(undefined, {
      name: registry.via(['room', 1]),
    });
    expect(GenServer.whereis(registry.via(['room', 1]))).toBe(server.pid);
    registry.putMeta(['city', 1], 'Berlin');
    expect(registry.meta(['city', 1])).toBe('Berlin');
    registry.deleteMeta(['city', 1]);
    expect(registry.meta(['city', 1])).toBeUndefined();
    const log: string[] = [];
    await Promise.all(
      ['a', 'b'].map((name) =>
        registry.lock(['lock', 1], async () => {
          log.push(`${name} in`);
          await settle();
          log.push(`${name} out`);
        }),
      ),
    );
    expect(log).toEqual(['a in', 'a out', 'b in', 'b out']);
    await server.stop();
  });
});

test('[C6] a promise is no key: its value has not been awaited', async () => {
  const registry = await startRegistry('duplicate');
  const badarg = expect.objectContaining({ code: 'ERR_BADARG' }) as Error;
  await inProcess(async () => {
    for (const key of [Promise.resolve(1), ['room', Promise.resolve(1)]]) {
      expect(() => registry.register(key, 1)).toThrow(badarg);
      expect(() => registry.lookup(key)).toThrow(badarg);
      await expect(registry.lock(key, () => {})).rejects.toEqual(badarg);
    }
    expect(registry.count()).toBe(0);
  });
});

test('whoever is told of the death of an owner finds no entry of it any more', async () => {
  const registry = await startRegistry<string, number>('unique');
  const seen = await inProcess(async () => {
    const owner = spawn(async () => {
      registry.register('a', 1);
      await receive();
    });
    monitor(owner);
    await settle();
    send(owner, 'end');
    await receive();
    return registry.lookup('a');
  });
  expect(seen).toEqual([]);
});

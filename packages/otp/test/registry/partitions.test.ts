import {
  BadArgumentError,
  exit,
  isAlive,
  processInfo,
  receive,
  register,
  Registry,
  self,
  spawn,
  Supervisor,
  trapExit,
  UnknownRegistryError,
  whereis,
  type Pid,
  type RegistryHandle,
  type RegistryOptions,
} from '@linnet/otp';
import { inProcess, leakCheck, settle } from '@linnet/otp/testing';
import { describe, expect, test } from 'vitest';
import { mailbox, quietCrashes } from '../support/mailbox.ts';
import { living, pairs, startRegistry, uniqueName } from './support.ts';

quietCrashes();

function partition(registry: RegistryHandle<string, number>, pid: Pid): Pid {
  const { partitions } = registry.details();
  return partitions[pid.id % partitions.length] as Pid;
}

describe('the links of owners', () => {
  test('[OTP R015] an owner is linked with one partition while it has a key', async () => {
    const registry = await startRegistry<string, number>('unique', 4);
    await inProcess(() => {
      const linked = registry.register('a', 1);
      expect(linked).toBe(partition(registry, self()));
      expect(registry.register('b', 2)).toBe(linked);
      expect(processInfo(self())?.links).toEqual([linked]);
      registry.unregister('a');
      expect(processInfo(self())?.links).toEqual([linked]);
      registry.unregister('b');
      expect(processInfo(self())?.links).toEqual([]);
      expect(processInfo(linked)?.links).not.toContain(self());
    });
  });

  test('[REG11] the death of a partition reaches the owners', async () => {
    const registry = await startRegistry<string, number>('duplicate', 1);
    const exits = await inProcess(async () => {
      trapExit();
      const linked = registry.register('k', 1);
      exit(linked, 'kill');
      // The entries went with the partition, though the owner lives.
      expect(registry.lookup('k')).toEqual([]);
      expect(registry.keys(self())).toEqual([]);
      return (await mailbox()).map((message) => (message as { reason: unknown }).reason);
    });
    expect(exits).toEqual(['killed']);
    const owner = await living(() => registry.register('k', 1));
    exit(partition(registry, owner), 'kill');
    expect(isAlive(owner)).toBe(false);
  });

  test('[REG19] a duplicate registry restarts the partition that died, with its owners', async () => {
    const registry = await startRegistry<string, number>('duplicate', 2);
    const owners = [
      await living(() => registry.register('k', 0)),
      await living(() => registry.register('k', 1)),
    ];
    const [hit, spared] = owners as [Pid, Pid];
    const before = registry.details().partitions;
    exit(partition(registry, hit), 'kill');
    await settle();
    expect([isAlive(hit), isAlive(spared)]).toEqual([false, true]);
    expect(pairs(registry.lookup('k'))).toEqual([[spared, 1]]);
    const after = registry.details().partitions;
    expect(after.filter((pid, index) => pid !== before[index])).toHaveLength(1);
    exit(spared, 'kill');
  });

  test('[REG19] a unique registry restarts all partitions, and loses all owners', async () => {
    const registry = await startRegistry<string, number>('unique', 2);
    const owners = [
      await living(() => registry.register('a', 0)),
      await living(() => registry.register('b', 1)),
    ];
    const before = registry.details().partitions;
    exit(before[0] as Pid, 'kill');
    await settle();
    expect(owners.map(isAlive)).toEqual([false, false]);
    expect(registry.count()).toBe(0);
    expect(registry.details().partitions.some((pid) => before.includes(pid))).toBe(false);
    const again = await living(() => registry.register('a', 2));
    expect(registry.whereis('a')).toBe(again);
    exit(again, 'kill');
  });

  test('registering while the partition is being restarted is an error, and loses nothing', async () => {
    const registry = await startRegistry<string, number>('unique');
    await inProcess(async () => {
      exit(partition(registry, self()), 'kill');
      expect(() => registry.register('a', 1)).toThrow(UnknownRegistryError);
      await settle();
      registry.register('a', 1);
      expect(registry.count()).toBe(1);
    });
  });
});

describe('listeners', () => {
  test('[OTP R014] [REG12] hear of register and unregister, but not of a death', async () => {
    const name = uniqueName();
    await inProcess(async () => {
      register(`${name}.listener`);
      const listeners = [`${name}.listener`, 'nobody has this name'];
      await using registry = await Registry.startLink({ name, keys: 'unique', listeners });
      const owner = spawn(async () => {
        registry.register('k', 1);
        registry.register('j', 2);
        registry.unregister('j');
        await receive();
      });
      await settle();
      exit(owner, 'kill');
      expect(await mailbox()).toEqual([
        { type: 'register', registry: name, key: 'k', pid: owner, value: 1 },
        { type: 'register', registry: name, key: 'j', pid: owner, value: 2 },
        { type: 'unregister', registry: name, key: 'j', pid: owner },
      ]);
    });
  });

  test('[OTP R014] hear of unregisterMatch when the last entry of the key is gone', async () => {
    const name = uniqueName();
    await inProcess(async () => {
      register(`${name}.listener`);
      const listeners = [`${name}.listener`];
      await using registry = await Registry.startLink<string, number>({
        name,
        keys: 'duplicate',
        listeners,
      });
      registry.register('k', 1);
      registry.register('k', 2);
      await mailbox();
      registry.unregisterMatch('k', (n) => n === 1);
      expect(await mailbox()).toEqual([]);
      registry.unregisterMatch('k', (n) => n === 2);
      expect(await mailbox()).toEqual([
        { type: 'unregister', registry: name, key: 'k', pid: self() },
      ]);
    });
  });
});

describe('as a process', () => {
  test('is a child of a supervisor, with its name as its id', async () => {
    const name = uniqueName();
    await inProcess(async () => {
      const spec = Registry.childSpec({ name, keys: 'unique', restart: 'transient' });
      expect(spec).toMatchObject({ id: name, type: 'supervisor', restart: 'transient' });
      await using supervisor = await Supervisor.startLink(
        [spec, [Registry, { name: `${name}b`, keys: 'duplicate' }]],
        { strategy: 'one_for_one' },
      );
      expect(await supervisor.whichChildren()).toMatchObject([
        { id: `${name}b`, pid: whereis(`${name}b`), type: 'supervisor' },
        { id: name, pid: whereis(name) },
      ]);
    });
    expect(() => Registry.count(name)).toThrow(UnknownRegistryError);
  });

  test('a handle finds the registry again that was restarted under its name', async () => {
    const name = uniqueName();
    await inProcess(async () => {
      await using _supervisor = await Supervisor.startLink(
        [Registry.childSpec({ name, keys: 'unique' })],
        { strategy: 'one_for_one' },
      );
      const registry = Registry.at<string, number>(name);
      const owner = await living(() => registry.register('a', 1));
      const first = registry.pid;
      exit(first, 'kill');
      expect(() => registry.lookup('a')).toThrow(UnknownRegistryError);
      await settle();
      expect(isAlive(owner)).toBe(false);
      expect(registry.pid).not.toBe(first);
      expect(registry.lookup('a')).toEqual([]);
      registry.register('a', 2);
      expect(registry.lookup('a')).toHaveLength(1);
      registry.unregister('a');
    });
  });

  test('a name that is taken is refused as by any supervisor', async () => {
    const registry = await startRegistry('unique');
    await inProcess(async () => {
      await expect(Registry.startLink({ name: registry.name, keys: 'unique' })).rejects.toThrow(
        expect.objectContaining({ reason: ['already_started', registry.pid] }) as Error,
      );
    });
    expect(registry.count()).toBe(0);
  });

  test('leaves no process, name, timer or watch behind', async () => {
    await using _check = leakCheck();
    await inProcess(async () => {
      await using registry = await Registry.startLink({ name: uniqueName(), keys: 'unique' });
      registry.register('a', 1);
      const owner = await living(() => registry.register('b', 1));
      exit(owner, 'kill');
      registry.unregister('a');
    });
  });

  test('[REG18] options that are not valid are refused by name', async () => {
    const valid = { name: uniqueName(), keys: 'unique' };
    const refused: Array<[options: unknown, message: string]> = [
      [{ name: 'a' }, "keys must be 'unique' or 'duplicate', got undefined"],
      [{ keys: 'unique' }, 'name must be a non-empty string or a symbol, got undefined'],
      [{ ...valid, partitions: 0 }, 'partitions must be a positive integer, got 0'],
      [{ ...valid, listeners: [1] }, 'listeners must be a list of names of processes'],
      [{ ...valid, meta: 1 }, 'meta must be an object, got 1'],
      [{ ...valid, compressed: true }, 'options must be made of name, keys, partitions'],
      [undefined, 'options must be an object with keys and name'],
    ];
    for (const [options, message] of refused) {
      const start = Registry.startLink(options as RegistryOptions);
      await expect(start).rejects.toThrow(BadArgumentError);
      await expect(Registry.startLink(options as RegistryOptions)).rejects.toThrow(message);
    }
  });
});

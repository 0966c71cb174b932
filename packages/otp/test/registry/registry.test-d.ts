import { Registry, type Pid, type RegistryEntry } from '@linnet/otp';
import { expectTypeOf, test } from 'vitest';

test('a registry is typed by its keys and values', () => {
  void (async () => {
    const registry = await Registry.startLink<string, { n: number }>({ name: 'r', keys: 'unique' });
    expectTypeOf(registry.register('a', { n: 1 })).toEqualTypeOf<Pid>();
    expectTypeOf(registry.lookup('a')).toEqualTypeOf<
      ReadonlyArray<RegistryEntry<string, { n: number }>>
    >();
    expectTypeOf(registry.select((key) => key === 'a')).toEqualTypeOf<
      Array<RegistryEntry<string, { n: number }>>
    >();
    expectTypeOf(
      registry.select(
        () => true,
        (key, _pid, { n }) => [key, n] as const,
      ),
    ).toEqualTypeOf<Array<readonly [string, number]>>();
    expectTypeOf(registry.dispatch('a', () => {})).toEqualTypeOf<void>();
    expectTypeOf(registry.dispatch('a', async () => {}, { parallel: true })).toEqualTypeOf<
      Promise<void>
    >();
    // @ts-expect-error a key is a string
    registry.register(1, { n: 1 });
    // @ts-expect-error a value has a number
    registry.register('a', { n: 'one' });
    // @ts-expect-error what updates a value gives a value
    registry.updateValue('a', () => 1);
    // @ts-expect-error no such mode
    await Registry.startLink({ name: 'r', keys: 'set' });
    // @ts-expect-error a registry has a name
    await Registry.startLink({ keys: 'unique' });
  });
});

/**
 * Registries: processes by key, local, found without a message.
 *
 * Use one to name processes dynamically (`{ via: ['Rooms', id] }`), to keep what a process
 * publishes about itself where others read it synchronously, or, with duplicate keys, to dispatch
 * to its subscribers.
 *
 * Keys are compared as those of a Map, strings, numbers and symbols by value; arrays by their
 * elements, so that a compound key is written `['room', 1]`; all other objects by identity.
 */
import { splitOverrides } from '../process/start/child-options.ts';
import type { ChildSpec, ChildSpecOverrides } from '../process/start/child-spec.ts';
import type { Name } from '../process/names/name.ts';
import type { Pid } from '../process/pid.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { RegistryHandle } from './handle.ts';
import type { LockOptions } from './locks.ts';
import { checkOptions } from './options.ts';
import { RegistryPartition } from './partition.ts';
import { RegistryTable } from './table.ts';
import type {
  EntryPredicate,
  RegistryDetails,
  RegistryEntry,
  RegistryOptions,
  ValuePredicate,
} from './types.ts';

/**
 * Starts a registry: a supervisor of its partitions, linked to the current process.
 *
 * Source: `Registry.start_link/1`.
 * @throws {BadArgumentError} for an option that is not valid.
 * @throws {SupervisorError} with reason `['already_started', pid]` when the name is taken.
 * @example
 * const rooms = await Registry.startLink<string, number>({ name: 'Rooms', keys: 'unique' });
 */
async function startLink<Key = unknown, Value = unknown>(
  options: RegistryOptions,
): Promise<RegistryHandle<Key, Value>> {
  checkOptions(options);
  const { name, keys, partitions = 1 } = options;
  const table = new RegistryTable<unknown, unknown>(options);
  const children = Array.from({ length: partitions }, (_, index): ChildSpec => ({
    id: `${String(name)}.Partition${index}`,
    start: () => RegistryPartition.startLink({ table, index }),
  }));
  // The unique keys of one owner are lost with any partition, so all start afresh; the entries of
  // a registry with duplicate keys belong to one partition each.
  const strategy = keys === 'unique' ? 'one_for_all' : 'one_for_one';
  const supervisor = await Supervisor.startLink(children, { strategy, name });
  table.open(supervisor.pid);
  return new RegistryHandle(name);
}

/**
 * A registry as a child of a supervisor; its id is its name.
 *
 * Source: `Registry.child_spec/1`.
 * @example
 * await Supervisor.startLink([Registry.childSpec({ name: 'Rooms', keys: 'unique' })], {
 *   strategy: 'one_for_one',
 * });
 */
function childSpec(options: RegistryOptions & ChildSpecOverrides): ChildSpec<RegistryHandle> {
  const [overrides, registry] = splitOverrides(options);
  checkOptions(registry);
  return {
    id: registry.name,
    start: () => startLink(registry),
    type: 'supervisor',
    ...overrides,
  };
}

const at = <Key = unknown, Value = unknown>(name: Name): RegistryHandle<Key, Value> =>
  new RegistryHandle(name);

/**
 * Registries, and what can be done with any of them by name: each function of
 * {@link RegistryHandle} with the name in front.
 *
 * @example
 * Registry.register('Rooms', 'room:1', 3);
 * Registry.lookup('Rooms', 'room:1'); // [{ key: 'room:1', pid, value: 3 }]
 */
export const Registry: {
  readonly startLink: typeof startLink;
  readonly childSpec: typeof childSpec;
  /**
   * A typed handle of a registry that is, or will be, running under a name.
   * @example
   * const rooms = Registry.at<string, number>('Rooms');
   * rooms.register('room:1', 3);
   */
  readonly at: typeof at;
  /**
   * Registers the current process under a key; see {@link RegistryHandle.register}.
   * @example
   * Registry.register('Rooms', 'room:1', 3);
   */
  readonly register: (registry: Name, key: unknown, value: unknown) => Pid;
  /**
   * Removes the entries of the current process under a key; see {@link RegistryHandle.unregister}.
   * @example
   * Registry.unregister('Rooms', 'room:1');
   */
  readonly unregister: (registry: Name, key: unknown) => void;
  /**
   * Removes those of them that are wanted; see {@link RegistryHandle.unregisterMatch}.
   * @example
   * Registry.unregisterMatch('Topics', 'news', (topic) => topic === 'weather');
   */
  readonly unregisterMatch: (registry: Name, key: unknown, where: ValuePredicate<unknown>) => void;
  /**
   * The entries of a key; see {@link RegistryHandle.lookup}.
   * @example
   * const [room] = Registry.lookup('Rooms', 'room:1');
   */
  readonly lookup: (registry: Name, key: unknown) => readonly RegistryEntry[];
  /**
   * The live process that holds a unique key; see {@link RegistryHandle.whereis}.
   * @example
   * Registry.whereis('Rooms', 'room:1')?.toString();
   */
  readonly whereis: (registry: Name, key: unknown) => Pid | undefined;
  /**
   * Registers any live process under a unique key; see {@link RegistryHandle.registerName}.
   * @example
   * Registry.registerName('Rooms', 'room:1', worker); // false when a live process holds it
   */
  readonly registerName: (registry: Name, key: unknown, pid: Pid, value?: unknown) => boolean;
  /**
   * The keys of a process; see {@link RegistryHandle.keys}.
   * @example
   * Registry.keys('Rooms', self()); // ['room:1']
   */
  readonly keys: (registry: Name, pid: Pid) => unknown[];
  /**
   * The values of a process under a key; see {@link RegistryHandle.values}.
   * @example
   * Registry.values('Rooms', 'room:1', self()); // [3]
   */
  readonly values: (registry: Name, key: unknown, pid: Pid) => unknown[];
  /**
   * How many entries there are; see {@link RegistryHandle.count}.
   * @example
   * Registry.count('Rooms'); // 2
   */
  readonly count: (registry: Name) => number;
  /**
   * Calls a function with the entries of a key; see {@link RegistryHandle.dispatch}.
   * @example
   * Registry.dispatch('Topics', 'news', (entries) => {
   *   for (const { pid } of entries) send(pid, { type: 'news', text });
   * });
   */
  readonly dispatch: (
    registry: Name,
    key: unknown,
    act: (entries: readonly RegistryEntry[]) => void,
  ) => void;
  /**
   * Replaces the value of the current process under a unique key; see
   * {@link RegistryHandle.updateValue}.
   * @example
   * Registry.updateValue('Rooms', 'room:1', (guests) => Number(guests) + 1);
   */
  readonly updateValue: (
    registry: Name,
    key: unknown,
    change: (value: unknown) => unknown,
  ) => readonly [updated: unknown, former: unknown] | undefined;
  /**
   * The entries of a key that are wanted; see {@link RegistryHandle.match}.
   * @example
   * Registry.match('Topics', 'news', (topic) => topic === 'weather');
   */
  readonly match: (registry: Name, key: unknown, where: ValuePredicate<unknown>) => RegistryEntry[];
  /**
   * How many `match` would give; see {@link RegistryHandle.countMatch}.
   * @example
   * Registry.countMatch('Topics', 'news', (topic) => topic === 'weather');
   */
  readonly countMatch: (registry: Name, key: unknown, where: ValuePredicate<unknown>) => number;
  /**
   * The wanted entries of all keys; see {@link RegistryHandle.select}.
   * @example
   * Registry.select('Rooms', (_key, _pid, guests) => guests === 0);
   */
  readonly select: (registry: Name, where: EntryPredicate<unknown, unknown>) => RegistryEntry[];
  /**
   * How many `select` would give; see {@link RegistryHandle.countSelect}.
   * @example
   * Registry.countSelect('Rooms', (_key, pid) => pid === worker);
   */
  readonly countSelect: (registry: Name, where: EntryPredicate<unknown, unknown>) => number;
  /**
   * What is kept with the registry itself under a key; see {@link RegistryHandle.meta}.
   * @example
   * Registry.meta('Rooms', 'city');
   */
  readonly meta: (registry: Name, key: unknown) => unknown;
  /**
   * Keeps a value with the registry itself; see {@link RegistryHandle.putMeta}.
   * @example
   * Registry.putMeta('Rooms', 'city', 'Berlin');
   */
  readonly putMeta: (registry: Name, key: unknown, value: unknown) => void;
  /**
   * Removes such a value; see {@link RegistryHandle.deleteMeta}.
   * @example
   * Registry.deleteMeta('Rooms', 'city');
   */
  readonly deleteMeta: (registry: Name, key: unknown) => void;
  /**
   * Runs a function while no other runs under the same key; see {@link RegistryHandle.lock}.
   * @example
   * await Registry.lock('Rooms', 'migrate', () => migrate());
   */
  readonly lock: <T>(
    registry: Name,
    key: unknown,
    work: () => T | PromiseLike<T>,
    options?: LockOptions,
  ) => Promise<T>;
  /**
   * Name, mode, partitions and counts; see {@link RegistryHandle.details}.
   * @example
   * Registry.details('Rooms').entries;
   */
  readonly details: (registry: Name) => RegistryDetails;
} = Object.freeze({
  startLink,
  childSpec,
  at,
  register: (registry, key, value) => at(registry).register(key, value),
  unregister: (registry, key) => at(registry).unregister(key),
  unregisterMatch: (registry, key, where) => at(registry).unregisterMatch(key, where),
  lookup: (registry, key) => at(registry).lookup(key),
  whereis: (registry, key) => at(registry).whereis(key),
  registerName: (registry, key, pid, value) => at(registry).registerName(key, pid, value),
  keys: (registry, pid) => at(registry).keys(pid),
  values: (registry, key, pid) => at(registry).values(key, pid),
  count: (registry) => at(registry).count(),
  dispatch: (registry, key, act) => at(registry).dispatch(key, act),
  updateValue: (registry, key, change) => at(registry).updateValue(key, change),
  match: (registry, key, where) => at(registry).match(key, where),
  countMatch: (registry, key, where) => at(registry).countMatch(key, where),
  select: (registry, where) => at(registry).select(where),
  countSelect: (registry, where) => at(registry).countSelect(where),
  meta: (registry, key) => at(registry).meta(key),
  putMeta: (registry, key, value) => at(registry).putMeta(key, value),
  deleteMeta: (registry, key) => at(registry).deleteMeta(key),
  lock: (registry, key, work, options) => at(registry).lock(key, work, options),
  details: (registry) => at(registry).details(),
} satisfies typeof Registry);

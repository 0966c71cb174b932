/**
 * Registries: processes by key, local, found without a message.
 *
 * Use one to name processes dynamically (`{ via: ['Rooms', id] }`), to keep what a process
 * publishes about itself where others read it synchronously, or, with duplicate keys, to dispatch
 * to whoever has subscribed.
 *
 * Keys are compared as those of a Map: strings, numbers and symbols by value, objects, arrays
 * included, by identity. Write a compound key as a string.
 */
import type { ChildSpec, ChildSpecOverrides } from '../process/child-spec.ts';
import type { Name } from '../process/names.ts';
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
  const { id, restart, shutdown, type, significant, ...registry } = options;
  checkOptions(registry);
  return {
    id: id ?? registry.name,
    start: () => startLink(registry),
    type: type ?? 'supervisor',
    ...(restart === undefined ? undefined : { restart }),
    ...(shutdown === undefined ? undefined : { shutdown }),
    ...(significant === undefined ? undefined : { significant }),
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
  /** A typed handle of a registry that is, or will be, running under a name. */
  readonly at: typeof at;
  readonly register: (registry: Name, key: unknown, value: unknown) => Pid;
  readonly unregister: (registry: Name, key: unknown) => void;
  readonly unregisterMatch: (registry: Name, key: unknown, where: ValuePredicate<unknown>) => void;
  readonly lookup: (registry: Name, key: unknown) => readonly RegistryEntry[];
  readonly whereis: (registry: Name, key: unknown) => Pid | undefined;
  readonly registerName: (registry: Name, key: unknown, pid: Pid, value?: unknown) => boolean;
  readonly keys: (registry: Name, pid: Pid) => unknown[];
  readonly values: (registry: Name, key: unknown, pid: Pid) => unknown[];
  readonly count: (registry: Name) => number;
  readonly dispatch: (
    registry: Name,
    key: unknown,
    act: (entries: readonly RegistryEntry[]) => void,
  ) => void;
  readonly updateValue: (
    registry: Name,
    key: unknown,
    change: (value: unknown) => unknown,
  ) => readonly [updated: unknown, former: unknown] | undefined;
  readonly match: (registry: Name, key: unknown, where: ValuePredicate<unknown>) => RegistryEntry[];
  readonly countMatch: (registry: Name, key: unknown, where: ValuePredicate<unknown>) => number;
  readonly select: (registry: Name, where: EntryPredicate<unknown, unknown>) => RegistryEntry[];
  readonly countSelect: (registry: Name, where: EntryPredicate<unknown, unknown>) => number;
  readonly meta: (registry: Name, key: unknown) => unknown;
  readonly putMeta: (registry: Name, key: unknown, value: unknown) => void;
  readonly deleteMeta: (registry: Name, key: unknown) => void;
  readonly lock: <T>(
    registry: Name,
    key: unknown,
    work: () => T | PromiseLike<T>,
    options?: LockOptions,
  ) => Promise<T>;
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

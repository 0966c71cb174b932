/** What can be done with a running registry. */
import { BadArgumentError } from '../process/errors.ts';
import type { Name } from '../process/names/name.ts';
import type { Pid } from '../process/pid.ts';
import { viaRegistry, type Via } from '../process/names/server-ref.ts';
import { keyOf } from '../process/values/term-key.ts';
import { stopServer } from '../gen-server/server-handle.ts';
import { dispatchParallel } from './dispatch-parallel.ts';
import { UnknownRegistryError } from './errors.ts';
import type { LockOptions } from './locks.ts';
import { RegistryTable } from './table.ts';
import type {
  EntryPredicate,
  KeysMode,
  RegistryDetails,
  RegistryEntry,
  ValuePredicate,
} from './types.ts';

type Entries<Key, Value> = ReadonlyArray<RegistryEntry<Key, Value>>;

/**
 * A registry by its name, typed by its keys and values.
 *
 * It survives a restart of the registry: it finds the new one under the same name. Every method
 * throws {@link UnknownRegistryError} while no registry of that name is running. All of them but
 * `lock`, `stop` and a parallel `dispatch` are synchronous.
 */
export class RegistryHandle<Key = unknown, Value = unknown> implements AsyncDisposable {
  readonly name: Name;
  #table: RegistryTable<Key, Value> | undefined;

  constructor(name: Name) {
    this.name = name;
  }

  /** The supervisor of the registry's partitions. */
  get pid(): Pid {
    return this.#open().supervisor as Pid;
  }

  /** Whether a key has at most one owner, or any number of entries. */
  get keysMode(): KeysMode {
    return this.#open().keys;
  }

  /**
   * Registers the current process under a key; returns the partition that links with it.
   *
   * A registry with unique keys refuses a key that a live process holds. The entry is removed when
   * the process dies, before links and monitors are told of its death.
   *
   * Source: `Registry.register/3`.
   * @throws {AlreadyRegisteredError} when the key is taken.
   * @throws {NoProcessError} outside any process.
   * @example
   * registry.register('room:1', { since: Date.now() });
   */
  register(key: Key, value: Value): Pid {
    const table = this.#open();
    return table.register(table.caller('register'), key, value);
  }

  /**
   * Removes all entries of the current process under a key; nothing happens when there are none.
   *
   * Source: `Registry.unregister/2`.
   * @example
   * registry.unregister('room:1');
   */
  unregister(key: Key): void {
    const table = this.#open();
    table.unregister(table.caller('unregister'), key);
  }

  /**
   * Removes those entries of the current process under a key that are wanted.
   *
   * Source: `Registry.unregister_match/4`, with a predicate for the match specification.
   * @example
   * registry.unregisterMatch('news', (value) => value.topic === 'weather');
   */
  unregisterMatch(key: Key, where: ValuePredicate<Value>): void {
    checkFunction('where', where);
    const table = this.#open();
    table.unregisterMatch(table.caller('unregisterMatch'), key, where);
  }

  /**
   * The entries of a key; empty when there are none. One read of a Map, nothing is copied.
   *
   * Source: `Registry.lookup/2`.
   * @example
   * const [room] = registry.lookup('room:1');
   * room?.value.since;
   */
  lookup(key: Key): Entries<Key, Value> {
    return this.#open().lookup(key);
  }

  /**
   * The live process that holds a key of a registry with unique keys.
   *
   * Source: `Registry.whereis_name/1`.
   * @throws {DuplicateRegistryError}
   * @example
   * registry.whereis('room:1')?.toString();
   */
  whereis(key: Key): Pid | undefined {
    return this.#open().whereisName(key);
  }

  /**
   * Registers any live process under a key of a registry with unique keys; false when a live
   * process holds it. For a process that cannot do it itself, such as a supervisor.
   *
   * Source: `Registry.register_name/2`.
   * @throws {DuplicateRegistryError}
   * @example
   * registry.registerName('room:1', supervisor.pid, { since: Date.now() });
   */
  registerName(key: Key, pid: Pid, value?: Value): boolean {
    return this.#open().registerName(key, pid, value);
  }

  /**
   * The keys of a process; one that it has registered twice is there twice.
   *
   * Source: `Registry.keys/2`.
   * @example
   * registry.keys(self()); // ['room:1']
   */
  keys(pid: Pid): Key[] {
    return this.#open().keysOf(pid);
  }

  /**
   * The values of a process under a key.
   *
   * Source: `Registry.values/3`.
   * @example
   * registry.values('room:1', self());
   */
  values(key: Key, pid: Pid): Value[] {
    return this.#open().valuesOf(key, pid);
  }

  /**
   * How many entries there are.
   *
   * Source: `Registry.count/1`.
   * @example
   * registry.count(); // 2
   */
  count(): number {
    return this.#open().count;
  }

  /**
   * Calls a function with the entries of a key, once for each partition that has any and not at
   * all when there are none; what it throws comes out here.
   *
   * With `parallel`, and in a registry with several partitions and duplicate keys, the calls run
   * in one task each, so that an async function is waited for everywhere at once.
   *
   * Source: `Registry.dispatch/4`.
   * @example
   * registry.dispatch('news', (entries) => {
   *   for (const { pid } of entries) send(pid, { type: 'news', text });
   * });
   */
  dispatch(key: Key, act: (entries: Entries<Key, Value>) => void): void;
  dispatch(
    key: Key,
    act: (entries: Entries<Key, Value>) => void | PromiseLike<void>,
    options: { readonly parallel: true },
  ): Promise<void>;
  dispatch(
    key: Key,
    act: (entries: Entries<Key, Value>) => void | PromiseLike<void>,
    options?: { readonly parallel?: boolean },
  ): void | Promise<void> {
    checkFunction('act', act);
    const groups = this.#open().byPartition(key);
    if (options?.parallel === true) return dispatchParallel(groups, act);
    for (const entries of groups) void act(entries);
    return undefined;
  }

  /**
   * Replaces the value of the current process under a unique key; undefined, and the function is
   * not called, when another process holds the key or none does.
   *
   * Source: `Registry.update_value/3`.
   * @throws {DuplicateRegistryError}
   * @example
   * const [now, before] = visits.updateValue('home', (n) => n + 1) ?? [];
   */
  updateValue(
    key: Key,
    change: (value: Value) => Value,
  ): readonly [updated: Value, former: Value] | undefined {
    checkFunction('change', change);
    const table = this.#open();
    return table.update(table.caller('updateValue'), key, change);
  }

  /**
   * The entries of a key that are wanted, of all owners.
   *
   * Source: `Registry.match/4`, with a predicate for pattern and guards.
   * @example
   * registry.match('news', (value) => value.topic === 'weather');
   */
  match(key: Key, where: ValuePredicate<Value>): Array<RegistryEntry<Key, Value>> {
    checkFunction('where', where);
    return this.lookup(key).filter(({ value, pid }) => where(value, pid));
  }

  /**
   * How many {@link match} would give.
   *
   * Source: `Registry.count_match/4`.
   * @example
   * registry.countMatch('news', (value) => value.urgent === true);
   */
  countMatch(key: Key, where: ValuePredicate<Value>): number {
    return this.match(key, where).length;
  }

  /**
   * The wanted entries of all keys, or what `take` makes of each. Looks at every entry.
   *
   * Source: `Registry.select/2`, with functions for head and guards, and for the body.
   * @example
   * registry.select((key) => key.startsWith('room:'), (key, pid) => [key, pid]);
   */
  select(where: EntryPredicate<Key, Value>): Array<RegistryEntry<Key, Value>>;
  select<T>(where: EntryPredicate<Key, Value>, take: (key: Key, pid: Pid, value: Value) => T): T[];
  select<T>(
    where: EntryPredicate<Key, Value>,
    take?: (key: Key, pid: Pid, value: Value) => T,
  ): Array<RegistryEntry<Key, Value> | T> {
    checkFunction('where', where);
    if (take !== undefined) checkFunction('take', take);
    const selected: Array<RegistryEntry<Key, Value> | T> = [];
    for (const entry of this.#open().entries()) {
      const { key, pid, value } = entry;
      if (!where(key, pid, value)) continue;
      selected.push(take === undefined ? entry : take(key, pid, value));
    }
    return selected;
  }

  /**
   * How many {@link select} would give.
   *
   * Source: `Registry.count_select/2`.
   * @example
   * registry.countSelect((_key, pid) => pid === worker);
   */
  countSelect(where: EntryPredicate<Key, Value>): number {
    return this.select(where).length;
  }

  /**
   * What was attached to the registry under a key of its metadata, undefined if nothing was.
   *
   * Source: `Registry.meta/2`.
   * @example
   * registry.meta('owner team');
   */
  meta(key: unknown): unknown {
    return this.#open().meta.get(keyOf(key));
  }

  /**
   * Attaches something to the registry.
   *
   * Source: `Registry.put_meta/3`.
   * @example
   * registry.putMeta('owner team', 'payments');
   */
  putMeta(key: unknown, value: unknown): void {
    this.#open().meta.set(keyOf(key), value);
  }

  /**
   * Detaches it.
   *
   * Source: `Registry.delete_meta/2`.
   * @example
   * registry.deleteMeta('owner team');
   */
  deleteMeta(key: unknown): void {
    this.#open().meta.delete(keyOf(key));
  }

  /**
   * Runs a function, in the caller, while no other runs under the same lock key.
   *
   * First come, first served. The lock is free again when the function has returned or thrown (its
   * promise included), or when the calling process dies. Lock keys and registered keys have
   * nothing to do with each other, and a holder that asks again waits for itself.
   *
   * Source: `Registry.lock/3`.
   * @throws {CallError} with `why` `'timeout'` when the lock was not free within `timeout` ms,
   *   5000 by default; the reason of `signal` when that aborts the wait.
   * @example
   * await registry.lock('migrate', () => migrate());
   */
  lock<T>(key: unknown, work: () => T | PromiseLike<T>, options?: LockOptions): Promise<T> {
    checkFunction('work', work);
    return this.#open().locks.run(key, work, options);
  }

  /**
   * The name under which a process can be started, called and found through this registry.
   *
   * Source: `{:via, Registry, {registry, key, value}}`.
   * @example
   * await Room.startLink(1, { name: rooms.via('room:1') });
   * await GenServer.call(rooms.via('room:1'), 'guests');
   */
  via(key: Key, value?: Value): Via {
    return { via: value === undefined ? [this.name, key] : [this.name, key, value] };
  }

  /**
   * Name, mode, partitions and counts, for tools that look at the running system.
   * @example
   * registry.details().entries;
   */
  details(): RegistryDetails {
    return this.#open().details();
  }

  /**
   * Stops the registry and, since they are linked with it, the processes registered in it.
   * @example
   * await registry.stop();
   */
  async stop(): Promise<void> {
    await stopServer(this.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (tableNamed(this.name) !== undefined) await this.stop();
  }

  #open(): RegistryTable<Key, Value> {
    const table = this.#table;
    if (table?.supervisor !== undefined) return table;
    const found = tableNamed(this.name);
    if (found === undefined) throw new UnknownRegistryError(this.name);
    return (this.#table = found as RegistryTable<Key, Value>);
  }
}

function tableNamed(name: Name): RegistryTable<unknown, unknown> | undefined {
  const registry = viaRegistry({ via: [name, undefined] });
  return registry instanceof RegistryTable ? registry : undefined;
}

function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new BadArgumentError(name, value, 'a function');
}

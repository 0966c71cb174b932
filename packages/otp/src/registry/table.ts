/**
 * The table of a registry: its entries by key, and what each process owns.
 *
 * All of it is synchronous, as ETS is for Elixir's Registry: a look-up is one read of a Map. The
 * partitions are processes that hold the links with the owners; they never stand between a caller
 * and the table.
 */
import { requireProcess } from '../process/context.ts';
import { BadArgumentError } from '../process/errors.ts';
import { linkProcesses, unlinkProcesses } from '../process/links/link.ts';
import type { Name } from '../process/names/name.ts';
import { processByName } from '../process/names/names.ts';
import { onDeath } from '../process/links/on-death.ts';
import { checkPid, processOf, type Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { provideVia, withdrawVia, type ViaRegistry } from '../process/names/server-ref.ts';
import { keyOf } from '../process/values/term-key.ts';
import { Bucket } from './bucket.ts';
import { AlreadyRegisteredError, DuplicateRegistryError, UnknownRegistryError } from './errors.ts';
import { Locks } from './locks.ts';
import { Owner, type OwnerTable } from './owner.ts';
import type {
  KeysMode,
  ListenerMessage,
  RegistryDetails,
  RegistryEntry,
  RegistryOptions,
  ValuePredicate,
} from './types.ts';

type Entry<Key, Value> = RegistryEntry<Key, Value>;

const none: readonly never[] = Object.freeze([]);

export class RegistryTable<Key, Value> implements ViaRegistry, OwnerTable<Key, Value> {
  readonly name: Name;
  readonly keys: KeysMode;
  readonly meta: Map<unknown, unknown>;
  readonly locks: Locks;
  readonly #buckets: Map<unknown, Bucket<Key, Value>> = new Map();
  readonly #owners: Map<Pid, Owner<Key, Value>> = new Map();
  readonly #partitions: Array<Pid | undefined>;
  readonly #listeners: readonly Name[];
  #count = 0;
  #supervisor: Pid | undefined;

  constructor(options: RegistryOptions) {
    this.name = options.name;
    this.keys = options.keys;
    this.meta = new Map(Object.entries(options.meta ?? {}));
    this.locks = new Locks(options.name);
    this.#partitions = Array.from({ length: options.partitions ?? 1 });
    this.#listeners = [...(options.listeners ?? [])];
  }

  /** The supervisor of the partitions, while it lives. */
  get supervisor(): Pid | undefined {
    return this.#supervisor;
  }

  /** From here on the table is in use, until the supervisor dies. */
  open(supervisor: Pid): void {
    this.#supervisor = supervisor;
    provideVia(this.name, this);
    onDeath(supervisor, () => this.#close());
  }

  /** A partition has started; its death removes the entries of the owners it is linked with. */
  openPartition(index: number, pid: Pid): void {
    this.#partitions[index] = pid;
    onDeath(pid, () => this.#partitionDown(index, pid));
  }

  get count(): number {
    return this.#count;
  }

  lookup(key: Key): ReadonlyArray<Entry<Key, Value>> {
    return this.#buckets.get(keyOf(key))?.list ?? none;
  }

  /** All entries; those under one key follow each other. */
  *entries(): Iterable<Entry<Key, Value>> {
    for (const bucket of this.#buckets.values()) yield* bucket.list;
  }

  keysOf(pid: Pid): Key[] {
    return Array.from(this.#owners.get(pid)?.entries() ?? none, ({ key }) => key);
  }

  valuesOf(key: Key, pid: Pid): Value[] {
    return this.#own(pid, key).map(({ value }) => value);
  }

  /** The entries under a key, one list for each partition that has any. */
  byPartition(key: Key): Array<ReadonlyArray<Entry<Key, Value>>> {
    const entries = this.lookup(key);
    if (entries.length === 0) return [];
    if (this.#partitions.length === 1 || entries.length === 1) return [entries];
    const groups = Map.groupBy(entries, ({ pid }) => this.#partitionOf(pid));
    return [...groups.values()];
  }

  /** Adds an entry for a process; returns the partition with which it is linked now. */
  register(process: Process, key: Key, value: Value): Pid {
    const index = this.#partitionOf(process.pid);
    const partition = this.#partitions[index];
    if (partition === undefined) throw new UnknownRegistryError(this.name);
    const bucket = this.#buckets.get(keyOf(key));
    if (bucket !== undefined && this.keys === 'unique') this.#evict(bucket);
    const { pid } = process;
    let owner = this.#owners.get(pid);
    if (owner === undefined) {
      linkProcesses(process, partition);
      owner = new Owner(this, pid, index);
      this.#owners.set(pid, owner);
      owner.watch(pid);
    }
    this.#insert(owner, { key, pid, value });
    this.#tell({ type: 'register', registry: this.name, key, pid, value });
    return partition;
  }

  /** Removes the entries of a process under a key. */
  unregister(process: Process, key: Key): void {
    this.#remove(process, this.#own(process.pid, key));
    this.#tell({ type: 'unregister', registry: this.name, key, pid: process.pid });
  }

  /** Removes those of them that are wanted; listeners hear of it when none is left. */
  unregisterMatch(process: Process, key: Key, where: ValuePredicate<Value>): void {
    const { pid } = process;
    const own = this.#own(pid, key);
    const matching = own.filter(({ value }) => where(value, pid));
    this.#remove(process, matching);
    if (matching.length < own.length) return;
    this.#tell({ type: 'unregister', registry: this.name, key, pid });
  }

  /** Replaces the value of an own entry; undefined when there is none. */
  update(
    process: Process,
    key: Key,
    change: (value: Value) => Value,
  ): readonly [updated: Value, former: Value] | undefined {
    if (this.keys === 'duplicate') throw new DuplicateRegistryError('updateValue', this.name);
    const former = this.lookup(key)[0];
    if (former?.pid !== process.pid) return undefined;
    const value = change(former.value);
    const bucket = this.#buckets.get(keyOf(key));
    const owner = this.#owners.get(process.pid);
    // The function may have unregistered the key.
    if (bucket?.list[0] !== former || owner === undefined) return undefined;
    const updated = { key, pid: process.pid, value };
    bucket.replaceOnly(updated);
    owner.replaceOnly(updated);
    return [value, former.value];
  }

  whereisName(key: unknown): Pid | undefined {
    if (this.keys === 'duplicate') throw new DuplicateRegistryError('via', this.name);
    const pid = this.lookup(key as Key)[0]?.pid;
    return pid !== undefined && processOf(pid) !== undefined ? pid : undefined;
  }

  /** Not while the partition of the process is down: the registry ends, or is being restarted. */
  canRegister(pid: Pid): boolean {
    return this.#partitions[this.#partitionOf(pid)] !== undefined;
  }

  registerName(key: unknown, pid: Pid, value?: unknown): boolean {
    if (this.keys === 'duplicate') throw new DuplicateRegistryError('via', this.name);
    checkPid(pid);
    const process = processOf(pid);
    if (process === undefined) throw new BadArgumentError('pid', pid, 'a live local process');
    if (this.whereisName(key) !== undefined) return false;
    this.register(process, key as Key, value as Value);
    return true;
  }

  unregisterName(key: unknown, pid: Pid): void {
    const process = processOf(pid);
    if (process !== undefined) this.unregister(process, key as Key);
  }

  ownerDown(owner: Owner<Key, Value>): void {
    this.#owners.delete(owner.pid);
    for (const entry of owner.entries()) this.#removeFromBucket(entry);
  }

  details(): RegistryDetails {
    return {
      name: this.name,
      keys: this.keys,
      entries: this.#count,
      owners: this.#owners.size,
      partitions: [...this.#partitions],
      listeners: this.#listeners,
    };
  }

  /** The process on whose behalf an operation runs. */
  caller(operation: string): Process {
    return requireProcess(`Registry.${operation}()`);
  }

  #partitionOf(pid: Pid): number {
    return pid.id % this.#partitions.length;
  }

  /** A dead owner gives way; a live one keeps its key. */
  #evict(bucket: Bucket<Key, Value>): void {
    const holder = bucket.list[0] as Entry<Key, Value>;
    if (processOf(holder.pid) !== undefined) {
      throw new AlreadyRegisteredError(this.name, holder.key, holder.pid);
    }
    this.#owners.get(holder.pid)?.remove(holder);
    this.#removeFromBucket(holder);
  }

  /** The entries of a process under a key. */
  #own(pid: Pid, key: Key): ReadonlyArray<Entry<Key, Value>> {
    return this.#owners.get(pid)?.under(key) ?? none;
  }

  #insert(owner: Owner<Key, Value>, entry: Entry<Key, Value>): void {
    const key = keyOf(entry.key);
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) this.#buckets.set(key, new Bucket(entry));
    else bucket.add(entry);
    owner.add(entry);
    this.#count++;
  }

  #remove(process: Process, entries: ReadonlyArray<Entry<Key, Value>>): void {
    const owner = this.#owners.get(process.pid);
    if (owner === undefined) return;
    for (const entry of entries) {
      owner.remove(entry);
      this.#removeFromBucket(entry);
    }
    if (!owner.empty) return;
    this.#owners.delete(process.pid);
    owner.unwatch();
    const partition = this.#partitions[owner.partition];
    if (partition !== undefined) unlinkProcesses(process, partition);
  }

  #removeFromBucket(entry: Entry<Key, Value>): void {
    const key = keyOf(entry.key);
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return;
    if (bucket.remove(entry)) this.#buckets.delete(key);
    this.#count--;
  }

  #tell(message: ListenerMessage<Key, Value>): void {
    for (const name of this.#listeners) processByName(name)?.deliver(message);
  }

  #partitionDown(index: number, pid: Pid): void {
    if (this.#partitions[index] !== pid) return;
    this.#partitions[index] = undefined;
    for (const owner of this.#owners.values()) {
      if (owner.partition !== index) continue;
      owner.unwatch();
      this.ownerDown(owner);
    }
  }

  #close(): void {
    this.#supervisor = undefined;
    withdrawVia(this.name, this);
    this.#partitions.fill(undefined);
    for (const owner of this.#owners.values()) owner.unwatch();
    this.#owners.clear();
    this.#buckets.clear();
    this.#count = 0;
    this.locks.close();
  }
}

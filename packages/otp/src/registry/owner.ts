/** What one process has registered. */
import type { Pid } from '../process/pid.ts';
import { keyOf } from '../process/values/term-key.ts';
import { Watch } from '../process/links/watch.ts';
import { Bucket } from './bucket.ts';
import type { RegistryEntry } from './types.ts';

const none: readonly never[] = Object.freeze([]);

/** Where the entries of a dead owner are removed. */
export interface OwnerTable<Key, Value> {
  ownerDown(owner: Owner<Key, Value>): void;
}

/**
 * Watches an owner, so that its entries are gone in the turn of its death: no process that is told of
 * the death, by a link or a monitor, finds them any more.
 */
export class Owner<Key, Value> extends Watch {
  readonly pid: Pid;
  /** The index of the partition with which it is linked. */
  readonly partition: number;
  readonly #byKey: Map<unknown, Bucket<Key, Value>> = new Map();
  readonly #table: OwnerTable<Key, Value>;

  constructor(table: OwnerTable<Key, Value>, pid: Pid, partition: number) {
    super();
    this.#table = table;
    this.pid = pid;
    this.partition = partition;
  }

  /** Whether it owns nothing any more. */
  get empty(): boolean {
    return this.#byKey.size === 0;
  }

  /** Its entries under a key, in the order of registration. */
  under(key: Key): ReadonlyArray<RegistryEntry<Key, Value>> {
    return this.#byKey.get(keyOf(key))?.list ?? none;
  }

  /** All its entries; those under one key follow each other. */
  *entries(): Iterable<RegistryEntry<Key, Value>> {
    for (const bucket of this.#byKey.values()) yield* bucket.list;
  }

  add(entry: RegistryEntry<Key, Value>): void {
    const key = keyOf(entry.key);
    const bucket = this.#byKey.get(key);
    if (bucket === undefined) this.#byKey.set(key, new Bucket(entry));
    else bucket.add(entry);
  }

  remove(entry: RegistryEntry<Key, Value>): void {
    const key = keyOf(entry.key);
    if (this.#byKey.get(key)?.remove(entry) === true) this.#byKey.delete(key);
  }

  /** Puts an entry in the place of the only one under its key. */
  replaceOnly(entry: RegistryEntry<Key, Value>): void {
    this.#byKey.get(keyOf(entry.key))?.replaceOnly(entry);
  }

  protected override down(): void {
    this.#table.ownerDown(this);
  }
}

/** What one process has registered. */
import type { Pid } from '../process/pid.ts';
import { Watch } from '../process/watch.ts';
import type { RegistryEntry } from './types.ts';

/** Where the entries of a dead owner are removed. */
export interface OwnerTable<Key, Value> {
  ownerDown(owner: Owner<Key, Value>): void;
}

/**
 * Watches an owner, so that its entries are gone in the turn of its death: nobody who is told of
 * the death, by a link or a monitor, finds them any more.
 */
export class Owner<Key, Value> extends Watch {
  readonly pid: Pid;
  /** The index of the partition with which it is linked. */
  readonly partition: number;
  /** Its entries by key, in the order of registration. */
  readonly byKey: Map<Key, Array<RegistryEntry<Key, Value>>> = new Map();
  readonly #table: OwnerTable<Key, Value>;

  constructor(table: OwnerTable<Key, Value>, pid: Pid, partition: number) {
    super();
    this.#table = table;
    this.pid = pid;
    this.partition = partition;
  }

  add(entry: RegistryEntry<Key, Value>): void {
    const entries = this.byKey.get(entry.key);
    if (entries === undefined) this.byKey.set(entry.key, [entry]);
    else entries.push(entry);
  }

  remove(entry: RegistryEntry<Key, Value>): void {
    const entries = this.byKey.get(entry.key)?.filter((other) => other !== entry) ?? [];
    if (entries.length === 0) this.byKey.delete(entry.key);
    else this.byKey.set(entry.key, entries);
  }

  protected override down(): void {
    this.#table.ownerDown(this);
  }
}

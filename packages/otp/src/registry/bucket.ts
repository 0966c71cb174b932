/** The entries of one key. */
import type { RegistryEntry } from './types.ts';

/**
 * Most keys have one entry, so a bucket starts as a list of one, which is also what a look-up
 * gives. With a second entry it gets a set, from which each entry is removed in O(1), and its list
 * is made anew when it is asked for after a change. Lists that were given out never change.
 */
export class Bucket<Key, Value> {
  #list: ReadonlyArray<RegistryEntry<Key, Value>> | undefined;
  #set: Set<RegistryEntry<Key, Value>> | undefined = undefined;

  constructor(entry: RegistryEntry<Key, Value>) {
    this.#list = Object.freeze([entry]);
  }

  get list(): ReadonlyArray<RegistryEntry<Key, Value>> {
    return (this.#list ??= Object.freeze([...(this.#set ?? [])]));
  }

  add(entry: RegistryEntry<Key, Value>): void {
    this.#set ??= new Set(this.#list);
    this.#set.add(entry);
    this.#list = undefined;
  }

  /** Puts an entry in the place of the only one. */
  replaceOnly(entry: RegistryEntry<Key, Value>): void {
    this.#list = Object.freeze([entry]);
  }

  /** Removes an entry if it is here; returns whether the bucket is empty now. */
  remove(entry: RegistryEntry<Key, Value>): boolean {
    const set = this.#set;
    if (set === undefined) return this.#list?.[0] === entry;
    if (set.delete(entry)) this.#list = undefined;
    return set.size === 0;
  }
}

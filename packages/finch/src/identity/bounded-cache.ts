/**
 * A small map that drops the entries that were not used lately.
 *
 * It has two generations. An entry found in the old one moves to the young one. When
 * the young one is full it becomes the old one, and the former old one is dropped. So
 * a look-up costs one or two `Map.get`, and at most twice the limit is kept.
 */
export class BoundedCache<Key, Value> {
  readonly #limit: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  /** `limit` is the size of a generation, in entries. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: Key): Value | undefined {
    const found = this.#young.get(key);
    if (found !== undefined) return found;
    const older = this.#old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: Key, value: Value): void {
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

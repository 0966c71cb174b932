/** A table for each node: what ends when the node is down. */
export class TablesByNode<V> {
  readonly #tables = new Map<string, Map<number, V>>();

  set(node: string, key: number, value: V): void {
    let table = this.#tables.get(node);
    if (table === undefined) this.#tables.set(node, (table = new Map<number, V>()));
    table.set(key, value);
  }

  /** Takes an entry out. */
  take(node: string, key: number): V | undefined {
    const table = this.#tables.get(node);
    const value = table?.get(key);
    if (value === undefined || table === undefined) return undefined;
    table.delete(key);
    if (table.size === 0) this.#tables.delete(node);
    return value;
  }

  /** Takes all entries of a node out. */
  takeAll(node: string): V[] {
    const table = this.#tables.get(node);
    this.#tables.delete(node);
    return table === undefined ? [] : [...table.values()];
  }

  get size(): number {
    let size = 0;
    for (const table of this.#tables.values()) size += table.size;
    return size;
  }
}

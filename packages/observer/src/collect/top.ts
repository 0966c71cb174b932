/** The first ones in an order, of any number that are added; memory for twice as many is enough. */
export class Top<T> {
  readonly #capacity: number;
  readonly #compare: (one: T, other: T) => number;
  #items: T[] = [];
  /** The last of the first ones, once there are as many as are wanted: what comes after it is not added. */
  last: T | undefined;

  constructor(capacity: number, compare: (one: T, other: T) => number) {
    this.#capacity = capacity;
    this.#compare = compare;
  }

  add(item: T): void {
    if (this.last !== undefined && this.#compare(this.last, item) <= 0) return;
    this.#items.push(item);
    // So seldom that sorting costs each of them next to nothing.
    if (this.#items.length >= 2 * this.#capacity) this.#trim();
  }

  /** In their order. */
  list(): readonly T[] {
    this.#trim();
    return this.#items;
  }

  clear(): void {
    this.#items = [];
    this.last = undefined;
  }

  #trim(): void {
    this.#items = this.#items.sort(this.#compare).slice(0, this.#capacity);
    if (this.#items.length === this.#capacity) this.last = this.#items.at(-1);
  }
}

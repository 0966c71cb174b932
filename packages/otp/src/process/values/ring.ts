/** A growing ring buffer: the mailbox of a process and the run queue of the scheduler. */

/** Eight empty places; a literal keeps the array packed. */
const emptyPlaces = (): undefined[] => [
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
];

/**
 * A queue in order of arrival, with removal from the middle for selective receive.
 * Its array is allocated with the first item, and released when it is empty again after a burst
 * that made it larger than `keepCapacity`.
 */
export class Ring<T> {
  #items: Array<T | undefined> | undefined;
  #head = 0;
  #size = 0;
  readonly #keepCapacity: number;

  constructor(keepCapacity = 64) {
    this.#keepCapacity = keepCapacity;
  }

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    let items = this.#items;
    if (items === undefined) {
      items = this.#items = emptyPlaces();
    } else if (this.#size === items.length) {
      items = this.#grow(items);
    }
    items[(this.#head + this.#size) & (items.length - 1)] = item;
    this.#size++;
  }

  /** Takes the oldest item; call only when `size > 0`. */
  shift(): T {
    const items = this.#items as Array<T | undefined>;
    const item = items[this.#head] as T;
    items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (items.length - 1);
    this.#size--;
    if (this.#size === 0 && items.length > this.#keepCapacity) this.clear();
    return item;
  }

  /** The item at a position, 0 being the oldest. */
  at(index: number): T {
    const items = this.#items as Array<T | undefined>;
    return items[(this.#head + index) & (items.length - 1)] as T;
  }

  /** Takes out the item at a position; the order of the others is kept. */
  remove(index: number): T {
    if (index === 0) return this.shift();
    const items = this.#items as Array<T | undefined>;
    const mask = items.length - 1;
    const item = items[(this.#head + index) & mask] as T;
    for (let i = index; i < this.#size - 1; i++) {
      items[(this.#head + i) & mask] = items[(this.#head + i + 1) & mask];
    }
    this.#size--;
    items[(this.#head + this.#size) & mask] = undefined;
    return item;
  }

  clear(): void {
    this.#items = undefined;
    this.#head = 0;
    this.#size = 0;
  }

  #grow(items: Array<T | undefined>): Array<T | undefined> {
    const grown: Array<T | undefined> = [];
    for (let i = 0; i < items.length; i++) grown.push(this.at(i));
    for (let i = 0; i < items.length; i++) grown.push(undefined);
    this.#head = 0;
    this.#items = grown;
    return grown;
  }
}

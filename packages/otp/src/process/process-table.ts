/**
 * The process table: which process has which id, oldest first.
 *
 * It has pages of 64 ids, and is not one Map: a Map to which short-lived processes are added and
 * from which they are deleted is rehashed often. V8 keeps its former tables in a chain, so that an
 * old table would hold dead processes until a full garbage collection.
 */

/** The processes whose ids differ in their last bits only. */
interface Page<T> {
  readonly items: Array<T | undefined>;
  count: number;
}

const pageSize = 64;

/** Processes by their id; as the `children` of nact's system by their name, which is the id. */
export class ProcessTable<T> {
  readonly #pages = new Map<number, Page<T>>();
  #size = 0;
  /** The page of the newest process, which stays when it is empty: the next one goes there. */
  #newest = -1;

  get size(): number {
    return this.#size;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get(name: string): T | undefined {
    return this.at(Number(name));
  }

  at(id: number): T | undefined {
    return this.#pages.get(Math.floor(id / pageSize))?.items[id % pageSize];
  }

  /** Adds the process with an id; ids only grow. */
  add(id: number, item: T): void {
    const number = Math.floor(id / pageSize);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = { items: [], count: 0 };
      for (let i = 0; i < pageSize; i++) page.items.push(undefined);
      this.#pages.set(number, page);
      if (this.#pages.get(this.#newest)?.count === 0) this.#pages.delete(this.#newest);
      this.#newest = number;
    }
    page.items[id % pageSize] = item;
    page.count++;
    this.#size++;
  }

  remove(id: number): void {
    const number = Math.floor(id / pageSize);
    const page = this.#pages.get(number);
    if (page?.items[id % pageSize] === undefined) return;
    page.items[id % pageSize] = undefined;
    page.count--;
    this.#size--;
    if (page.count === 0 && number !== this.#newest) this.#pages.delete(number);
  }

  *values(): Generator<T> {
    for (const page of this.#pages.values()) {
      for (const item of page.items) if (item !== undefined) yield item;
    }
  }
}

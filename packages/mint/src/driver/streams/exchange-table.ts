/**
 * The exchanges that are under way on a connection: each knows its place, so
 * that it comes and goes without a search.
 */

/** Has a place in a table; -1 for none. */
export interface Placed {
  place: number;
}

export class ExchangeTable<T extends Placed> {
  private readonly items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  add(item: T): void {
    item.place = this.items.length;
    this.items.push(item);
  }

  /** Whether it was there. */
  delete(item: T): boolean {
    const { items } = this;
    const { place } = item;
    if (place < 0) return false;
    item.place = -1;
    const last = items.pop() as T;
    if (last === item) return true;
    items[place] = last;
    last.place = place;
    return true;
  }

  /** A copy of what is there now: the table may change while it is gone through. */
  all(): T[] {
    return this.items.slice();
  }
}

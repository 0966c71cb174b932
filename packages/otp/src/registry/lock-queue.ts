/** The holder of one lock and those that wait for it. */

/** A place in the queue of a lock. */
export interface Place<P> {
  ahead: P | undefined;
  behind: P | undefined;
}

/**
 * In the order in which they asked; the first has the lock. A list, so that each may leave it in O(1):
 * to take the first out of a Set that others have left costs as many steps as have left.
 */
export class LockQueue<P extends Place<P>> {
  #first: P | undefined;
  #last: P | undefined;

  get first(): P | undefined {
    return this.#first;
  }

  push(place: P): void {
    place.ahead = this.#last;
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
  }

  /** Returns whether it was in the queue. */
  remove(place: P): boolean {
    const { ahead, behind } = place;
    if (ahead === undefined && this.#first !== place) return false;
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
    place.ahead = place.behind = undefined;
    return true;
  }
}

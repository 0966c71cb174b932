/** Callers that wait for a connection: first come, first served. */
import type { Connection } from '../connection/connection.ts';
import { QueueFullError, type Figures } from '../errors/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';

/** A caller that waits for a connection. In at most one queue at a time. */
export interface Waiter<C = Connection> {
  /** Here is one; the caller uses it from now on. */
  connected(connection: C): void;
  /** The pool went down: look for it anew, in the time that is left. */
  requeue(): void;
  /** There will be none. */
  failed(error: Error): void;
  /** It needs a connection that no server can have closed yet, unless that is a shared one. */
  readonly fresh: boolean;

  // Kept by the queue.
  queue: WaitQueue<C> | undefined;
  /** Its place among all who wait; 0 before it waits for the first time. */
  ticket: number;
  previousWaiter: Waiter<C> | undefined;
  nextWaiter: Waiter<C> | undefined;
}

/**
 * How many have ever waited: the order of arrival in this program. A caller that comes from another
 * queue, maybe that of another instance, keeps its place; clocks are too coarse for that.
 */
let tickets = 0;

/** A FIFO of waiters in which leaving is O(1) from any place. */
export class WaitQueue<C = Connection> {
  private first: Waiter<C> | undefined = undefined;
  private last: Waiter<C> | undefined = undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The one who waits longest. */
  get next(): Waiter<C> | undefined {
    return this.first;
  }

  /** At the end, unless it waits longer than others do, in a queue that is no more. */
  push(waiter: Waiter<C>): void {
    if (waiter.ticket === 0) waiter.ticket = ++tickets;
    let before = this.last;
    while (before !== undefined && before.ticket > waiter.ticket) before = before.previousWaiter;
    const after = before === undefined ? this.first : before.nextWaiter;
    waiter.queue = this;
    waiter.previousWaiter = before;
    waiter.nextWaiter = after;
    if (before === undefined) this.first = waiter;
    else before.nextWaiter = waiter;
    if (after === undefined) this.last = waiter;
    else after.previousWaiter = waiter;
    this.count++;
  }

  /** Takes the one who waits longest. */
  shift(): Waiter<C> | undefined {
    const waiter = this.first;
    if (waiter !== undefined) this.remove(waiter);
    return waiter;
  }

  /** Takes the one who came last. */
  pop(): Waiter<C> | undefined {
    const waiter = this.last;
    if (waiter !== undefined) this.remove(waiter);
    return waiter;
  }

  /** Takes a waiter out; no effect if it is not in this queue. */
  remove(waiter: Waiter<C>): void {
    if (waiter.queue !== this) return;
    if (waiter.previousWaiter === undefined) this.first = waiter.nextWaiter;
    else waiter.previousWaiter.nextWaiter = waiter.nextWaiter;
    if (waiter.nextWaiter === undefined) this.last = waiter.previousWaiter;
    else waiter.nextWaiter.previousWaiter = waiter.previousWaiter;
    waiter.queue = waiter.previousWaiter = waiter.nextWaiter = undefined;
    this.count--;
  }

  /** Takes out the `count` who wait longest, or all, in order. */
  take(count = Number.POSITIVE_INFINITY): Waiter<C>[] {
    const waiters: Waiter<C>[] = [];
    while (waiters.length < count && this.first !== undefined) {
      waiters.push(this.first);
      this.remove(this.first);
    }
    return waiters;
  }
}

/** What a caller is told that finds the queue full. */
export function queueFullError(
  { key: pool, origin }: PoolIdentity,
  { whenFull, maxQueue }: ResolvedPoolOptions,
  figures: Figures,
): QueueFullError {
  const most = maxQueue === 'infinity' ? undefined : maxQueue;
  return new QueueFullError({ pool, origin, maxQueue: most, whenFull, ...figures });
}

/** Who waits for a connection: first come, first served. */
import type { Connection } from '../connection/connection.ts';

/** Somebody who waits for a connection. In at most one queue at a time. */
export interface Waiter {
  /** Here is one; it is in use by the waiter from now on. */
  connected(connection: Connection): void;
  /** The pool went down: look for it anew, in the time that is left. */
  requeue(): void;
  /** There will be none. */
  failed(error: Error): void;
  /** The limit on a dial that is made for this waiter, in ms; undefined: the pool's. */
  readonly connectTimeout: number | 'infinity' | undefined;
  /** A connection is being opened for it: the limit on waiting gives way to the one on dialling. */
  dialling(): void;
  /** None is being opened for it any more: the limit on waiting holds again. */
  dialGone(): void;
  /** The process that was opening a connection for it died. Whether it goes on waiting. */
  dialLost(): boolean;

  // Kept by the queue.
  queue: WaitQueue | undefined;
  /** Its place among all who wait; 0 before it waits for the first time. */
  ticket: number;
  previousWaiter: Waiter | undefined;
  nextWaiter: Waiter | undefined;
  /** The connection that is being opened for it. */
  dial: Connection | undefined;
  /** It needs a connection that no peer can have closed yet, unless that is a shared one. */
  readonly fresh: boolean;
}

/** How many have ever waited: who comes back from another queue keeps its place. */
let tickets = 0;

/** A FIFO of waiters in which leaving is O(1) from any place. */
export class WaitQueue {
  private first: Waiter | undefined;
  private last: Waiter | undefined;
  private count = 0;
  private assigned = 0;

  /** All of them. */
  get size(): number {
    return this.count;
  }

  /** Those for whom no connection is being opened. */
  get unassigned(): number {
    return this.count - this.assigned;
  }

  /** The one who waits longest. */
  get next(): Waiter | undefined {
    return this.first;
  }

  /** At the end, unless it waits longer than others do, in a queue that is no more. */
  push(waiter: Waiter): void {
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
  shift(): Waiter | undefined {
    const waiter = this.first;
    if (waiter !== undefined) this.remove(waiter);
    return waiter;
  }

  /** Takes a waiter out; no effect if it is not in this queue. */
  remove(waiter: Waiter): void {
    if (waiter.queue !== this) return;
    this.unassign(waiter);
    if (waiter.previousWaiter === undefined) this.first = waiter.nextWaiter;
    else waiter.previousWaiter.nextWaiter = waiter.nextWaiter;
    if (waiter.nextWaiter === undefined) this.last = waiter.previousWaiter;
    else waiter.nextWaiter.previousWaiter = waiter.previousWaiter;
    waiter.queue = waiter.previousWaiter = waiter.nextWaiter = undefined;
    this.count--;
  }

  /** Takes a waiter out and tells him why; no effect if it is not in this queue. */
  refuse(waiter: Waiter, error: Error): void {
    if (waiter.queue !== this) return;
    this.remove(waiter);
    waiter.failed(error);
  }

  /** A connection is being opened for one of them, or for several. */
  assign(waiter: Waiter, dial: Connection): void {
    waiter.dial = dial;
    dial.openedFor.push(waiter);
    this.assigned++;
    waiter.dialling();
  }

  /** It is open, or never will be: those for whom it was, but for those who have left meanwhile. */
  settle(dial: Connection): Waiter[] {
    const waiters: Waiter[] = [];
    for (const waiter of dial.openedFor) {
      if (waiter.dial !== dial) continue;
      this.unassign(waiter);
      waiters.push(waiter);
    }
    dial.openedFor = [];
    return waiters;
  }

  unassign(waiter: Waiter): void {
    if (waiter.dial === undefined) return;
    waiter.dial = undefined;
    this.assigned--;
  }

  /**
   * The one who waits longest among those for whom no connection is being opened; after a given
   * one.
   */
  firstUnassigned(after?: Waiter): Waiter | undefined {
    if (this.unassigned === 0) return undefined;
    let waiter = after === undefined ? this.first : after.nextWaiter;
    while (waiter !== undefined && waiter.dial !== undefined) waiter = waiter.nextWaiter;
    return waiter;
  }

  /** The one who came last among those for whom no connection is being opened. */
  lastUnassigned(): Waiter | undefined {
    let waiter = this.last;
    while (waiter !== undefined && waiter.dial !== undefined) waiter = waiter.previousWaiter;
    return waiter;
  }

  /** Takes all of them out, in order. */
  clear(): Waiter[] {
    const waiters: Waiter[] = [];
    for (let waiter = this.shift(); waiter !== undefined; waiter = this.shift()) {
      waiters.push(waiter);
    }
    return waiters;
  }
}

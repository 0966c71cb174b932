/** Callers that wait for pools to come up, by the keys of the pools. */
import { WaitQueue, type Waiter } from '../pool/wait-queue.ts';

export class PoolWaiters {
  private readonly queues = new Map<string, WaitQueue>();

  /** How many callers wait. */
  get size(): number {
    let size = 0;
    for (const queue of this.queues.values()) size += queue.size;
    return size;
  }

  /** The keys of the pools that have waiters. */
  keys(): Iterable<string> {
    return this.queues.keys();
  }

  has(key: string): boolean {
    return this.queues.has(key);
  }

  /** Adds a waiter; returns whether it is the first one of this pool. */
  add(key: string, waiter: Waiter): boolean {
    let queue = this.queues.get(key);
    if (queue === undefined) {
      queue = new WaitQueue();
      this.queues.set(key, queue);
    }
    queue.push(waiter);
    return queue.size === 1;
  }

  remove(key: string, waiter: Waiter): void {
    const queue = this.queues.get(key);
    queue?.remove(waiter);
    if (queue?.size === 0) this.queues.delete(key);
  }

  /** Removes all waiters of a pool and returns them, in the order in which they came. */
  removeAll(key: string): readonly Waiter[] {
    const waiters = this.queues.get(key)?.take() ?? [];
    this.queues.delete(key);
    return waiters;
  }
}

/**
 * The connections that a pool shard opens: for callers that wait, beyond the
 * size when it is full and may overflow, or to have some ready. Dials belong to
 * the shard, not to callers. While it is not known how many callers a
 * connection carries, one is opened, and the others wait for it.
 */
import { toNumber } from '../options/limit.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { ServerCapacity } from './capacity.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { HostLimits, SlotUser } from './host-limits.ts';
import type { PoolConnection } from './pool-connection.ts';
import type { Waiter, WaitQueue } from './wait-queue.ts';

/** How often a dial is begun anew because its process died, which says nothing of the server. */
const maxLostDials = 3;

/** What a shard has, as its dials see it. */
export interface DialContext<C extends PoolConnection<C>> {
  readonly options: ResolvedPoolOptions;
  readonly table: ConnectionTable<C>;
  readonly queue: WaitQueue<C>;
  readonly capacity: ServerCapacity;
  /** What takes slots from the limits of hosts. */
  readonly user: SlotUser;
  /** Begins to open a connection. */
  open(): C;
}

export class Dials<C extends PoolConnection<C>> {
  /** The cap on open connections. */
  size: number;
  limits: HostLimits;
  /** No connection is opened any more. */
  stopped = false;
  /** Whether the last attempt to open a connection failed. */
  failedLast = false;
  private readonly context: DialContext<C>;

  constructor(limits: HostLimits, context: DialContext<C>) {
    this.limits = limits;
    this.context = context;
    this.size = context.options.size;
  }

  /** Callers that connections are being opened for, as far as is known of the server. */
  private get expected(): number {
    const { table, capacity } = this.context;
    return table.dialled * capacity.callers;
  }

  /** Callers that wait, without those that a connection is being opened for. */
  get queued(): number {
    return Math.max(0, this.context.queue.size - this.expected);
  }

  /** Whether a connection may be opened for a caller that waits. */
  get allowed(): boolean {
    return !this.stopped && this.hasRoom && this.queued > 0 && !this.isPending;
  }

  /** How many callers may wait, without those that a connection is being opened for. */
  get mostQueued(): number {
    const { whenFull, maxQueue } = this.context.options;
    const isFull = whenFull === 'fail' && !(this.hasRoom && this.isPending);
    return isFull ? 0 : toNumber(maxQueue);
  }

  /** How many further callers need not wait for others, as far as is known. */
  get available(): number {
    const { table, capacity } = this.context;
    return (Math.max(0, this.size - table.counted) + table.dialled) * capacity.callers;
  }

  get hasRoom(): boolean {
    return this.context.table.counted < this.size;
  }

  /** Whether it will soon be known how many callers one of the connections carries. */
  get isPending(): boolean {
    const { table, capacity } = this.context;
    return capacity.isPending(table);
  }

  /** Whether there are more connections than the size, or the limits of hosts, allow. */
  get hasTooMany(): boolean {
    const { table, user } = this.context;
    return table.counted > this.size || this.limits.isOverfull(user.host);
  }

  /** Whether a connection had better make room for one of another pool. */
  get slotIsWanted(): boolean {
    return this.limits.wants(this.context.user.host);
  }

  /** Has a caller wait for a connection that is being opened, or for one that is opened now; false when there is none. */
  join(waiter: Waiter<C>): boolean {
    const { queue, options, user } = this.context;
    const { hasRoom } = this;
    if (queue.size < this.expected) {
      queue.push(waiter);
    } else if (hasRoom && !this.isPending && this.limits.take(user)) {
      queue.push(waiter);
      this.dial(false);
    } else if (!hasRoom && options.whenFull === 'overflow' && this.limits.take(user)) {
      queue.push(waiter);
      this.dial(true);
    } else {
      return false;
    }
    return true;
  }

  /** The same for a caller that needs a new connection, for which an idle one makes room. */
  joinFresh(waiter: Waiter<C>): boolean {
    const { queue, user } = this.context;
    const isExpected = queue.size < this.expected;
    if (!isExpected) {
      if (!this.hasRoom && !user.evictIdle()) return false;
      if (!this.limits.take(user) && !(user.evictIdle() && this.limits.take(user))) return false;
    }
    queue.push(waiter);
    if (!isExpected) this.dial(false);
    return true;
  }

  /** The dial that is expected to serve a waiter: those who wait longest have the dials that began first. */
  for(waiter: Waiter<C>): C | undefined {
    const { table, queue, capacity } = this.context;
    const { callers } = capacity;
    let next = queue.next;
    for (const dial of table.dials) {
      for (let left = callers; left > 0 && next !== undefined; left--) {
        if (next === waiter) return dial;
        next = next.nextWaiter;
      }
    }
    return undefined;
  }

  /** Opens connections for those who wait without one; `lost`: how many died in whose place they are. */
  serve(lost = 0): void {
    const { user } = this.context;
    while (this.allowed && this.limits.take(user)) {
      // An idle connection that made room may have served them.
      if (this.allowed) this.dial(false, lost);
      else this.limits.give(user.host);
    }
  }

  /** The same beyond the size. */
  overflow(): void {
    const { user } = this.context;
    while (!this.stopped && this.queued > 0 && this.limits.take(user)) this.dial(true);
  }

  /** Opens connections until `count` are idle, have streams available or are being opened; returns them. */
  prewarm(count: number): C[] {
    const { table, user } = this.context;
    const opening: C[] = [];
    while (table.warm < count && this.hasRoom && this.limits.takeSpare(user)) {
      opening.push(this.dial(false));
    }
    return opening;
  }

  /**
   * Opens a connection beside the others to take their place, beyond the size for as long as that
   * takes; unless there is one already, or no slot to spare.
   */
  openSuccessor(): void {
    const { table, user } = this.context;
    if (this.stopped || table.hasHttp3 || !this.limits.takeSpare(user)) return;
    const connection = this.context.open();
    connection.successor = true;
    table.add(connection);
  }

  /** One could not be opened: those who wait longest are told, as many as it was expected to serve. */
  failed(connection: C, error: Error): void {
    // No caller waits for a successor, and the others go on.
    if (connection.successor) {
      this.remove(connection, undefined);
      return;
    }
    this.failedLast = true;
    this.remove(connection, error);
  }

  /** One is gone for any other reason; one that was not open yet is begun anew, for those who wait. */
  gone(connection: C, error: Error | undefined): void {
    const isDial = connection.protocol === undefined && !connection.successor;
    const lost = isDial ? connection.lostBefore + 1 : 0;
    if (lost > maxLostDials) this.remove(connection, error);
    else this.remove(connection, undefined, lost);
  }

  private remove(connection: C, error: Error | undefined, lost = 0): void {
    const { table, queue, capacity, user } = this.context;
    const { callers } = capacity;
    if (!table.remove(connection)) return;
    if (error !== undefined) {
      capacity.forget();
      for (const waiter of queue.take(callers)) waiter.failed(error);
    }
    this.limits.give(user.host);
    this.serve(lost);
  }

  private dial(overflow: boolean, lostBefore = 0): C {
    const connection = this.context.open();
    connection.overflow = overflow;
    connection.lostBefore = lostBefore;
    this.context.table.add(connection);
    return connection;
  }
}

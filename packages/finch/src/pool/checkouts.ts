/**
 * Checkout and checkin: open connections of a pool shard are given to callers,
 * and what comes back goes to the next one who waits, to the idle ones, or is
 * closed.
 */
import type { CloseReason } from '../connection/owner.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { Dials } from './dials.ts';
import type { PoolEffects } from './effects.ts';
import type { PoolConnection } from './pool-connection.ts';
import type { Waiter, WaitQueue } from './wait-queue.ts';

/** What a shard has, as its checkouts see it. */
export interface CheckoutContext<C extends PoolConnection<C>> {
  readonly options: ResolvedPoolOptions;
  readonly table: ConnectionTable<C>;
  readonly queue: WaitQueue<C>;
  readonly dials: Dials<C>;
  readonly effects: PoolEffects<C>;
}

export class Checkouts<C extends PoolConnection<C>> {
  /** How often a connection was taken. */
  count = 0;
  /** When a connection was taken last; kept only for a pool with `poolMaxIdleTime`. */
  usedAt: number;
  /** The time in `idle` after which a connection closes, in ms. */
  idleTime: number;
  /** Connections are closed rather than idle. */
  draining = false;
  private readonly context: CheckoutContext<C>;
  private readonly table: ConnectionTable<C>;
  private readonly queue: WaitQueue<C>;
  private readonly dials: Dials<C>;
  /** A waiter is being given its connection. */
  private granting = false;
  /** What was given back meanwhile. */
  private readonly returned: C[] = [];

  constructor(context: CheckoutContext<C>, idleTime: number) {
    this.context = context;
    this.table = context.table;
    this.queue = context.queue;
    this.dials = context.dials;
    this.idleTime = idleTime;
    this.usedAt = context.effects.now();
  }

  /** Whether nothing is in use and no caller waits. */
  get quiet(): boolean {
    return this.table.inUse === 0 && this.queue.size === 0;
  }

  /** Takes a connection that has a stream available, else an idle one: the one used last. */
  take(): C | undefined {
    for (let it = this.table.next(); it !== undefined; it = this.table.next()) {
      if (it.reusable && (!it.shared || it.availableStreams > 0)) {
        if (this.occupy(it)) return it;
      } else if (!it.reusable) {
        this.retire(it, it.users > 0 ? 'expired' : 'stale');
      } else if (it.users > 0) {
        this.table.updateAvailability(it);
      } else {
        // Its server allows no request for the time being.
        return this.takeBelow(it);
      }
    }
    return undefined;
  }

  /** Takes an idle connection that was used before another one. */
  private takeBelow(blocked: C): C | undefined {
    for (let it = blocked.below; it !== undefined; it = it.below) {
      if (it.reusable && it.availableStreams > 0 && this.occupy(it)) return it;
    }
    return undefined;
  }

  /** Takes a stream of a certain connection; false when it has none. */
  enter(connection: C): boolean {
    if (!connection.reusable || connection.inFlight >= connection.limit) return false;
    return this.occupy(connection);
  }

  /** Returns a connection: to the next one who waits, to the idle ones, or to be closed. */
  checkin(connection: C): void {
    if (this.granting) this.returned.push(connection);
    else this.release(connection);
  }

  /** A connection has opened: for those who wait, else idle or closed. */
  opened(connection: C): void {
    this.table.opened(connection);
    this.share(connection);
    if (connection.users > 0 || connection.state !== 'idle') return;
    const isKept = !this.draining && this.idleTime !== 0;
    // The pool, or the cap of the instance, may have been made smaller meanwhile.
    const isTooMany = connection.overflow || this.dials.hasTooMany;
    if (isTooMany || (!isKept && !this.blockedByServer(connection))) {
      connection.close('drained');
    } else {
      this.offerSlot(connection);
    }
  }

  /** Gives an open connection to those who wait, as many as it carries. */
  share(connection: C): void {
    this.table.updateAvailability(connection);
    while (this.queue.next !== undefined && connection.availableStreams > 0) {
      const waiter = this.queue.next;
      if (!this.occupy(connection)) return;
      this.queue.remove(waiter);
      this.grant(waiter, connection);
    }
  }

  /** Gives a stream of a shared connection to a caller that takes no idle one; false when there is none. */
  joinShared(waiter: Waiter<C>): boolean {
    const next = this.table.next();
    if (next === undefined || !next.shared || !next.reusable) return false;
    if (next.availableStreams === 0 || !this.occupy(next)) return false;
    this.grant(waiter, next);
    return true;
  }

  /** It accepts no further caller: closed at once, unless several may still use it. */
  retire(connection: C, reason: CloseReason): void {
    if (connection.state === 'draining') return;
    if (!connection.shared || connection.users === 0) {
      connection.close(reason);
      return;
    }
    this.table.drain(connection, reason);
    // Another one may take its place.
    this.dials.serve();
  }

  /** Ends the connections that may not be used again; one that serves a request ends after it. */
  discardExpired(): void {
    for (const connection of this.table) {
      const { state, reusable, shared, users } = connection;
      if (state !== 'connecting' && !reusable && (shared || users === 0)) {
        this.retire(connection, 'expired');
      }
    }
  }

  /** Closes an idle connection when another pool waits for its slot. */
  offerSlot(connection: C): void {
    if (!this.blockedByServer(connection) && this.dials.slotIsWanted) connection.close('evicted');
  }

  /** Closes the connection that has been idle longest; false when there is none to spare. */
  evictIdle(): boolean {
    const { oldestIdle } = this.table;
    if (oldestIdle === undefined || this.blockedByServer(oldestIdle)) return false;
    oldestIdle.close('evicted');
    return true;
  }

  /** Tells when a shard that drains has nothing left to do. */
  quietIfSo(): void {
    if (this.draining && this.quiet) this.context.effects.quiet();
  }

  /** A caller takes it. False when it is closed. */
  private occupy(connection: C): boolean {
    if (!this.table.take(connection)) return false;
    this.count++;
    const { context } = this;
    if (context.options.poolMaxIdleTime !== 'infinity') this.usedAt = context.effects.now();
    return true;
  }

  /** A user is done with it: the next one who waits has it, or none. */
  private release(connection: C): void {
    if (connection.state === 'closed') return;
    if (!connection.reusable || this.tooMany(connection)) {
      this.retire(connection, connection.reusable ? 'drained' : 'expired');
      this.leave(connection);
      return;
    }
    const { next } = this.queue;
    // A server may allow fewer than it did when they were accepted.
    const isFull = connection.users > connection.limit || connection.unlisted;
    if (next === undefined || isFull) {
      this.leave(connection);
    } else if (!next.fresh || connection.shared) {
      this.handOver(connection, next);
    } else {
      this.releaseBeside(next, connection);
    }
  }

  /** The next waiter needs a new connection: this one is for another, or makes room where there is no dial. */
  private releaseBeside(fresh: Waiter<C>, connection: C): void {
    const isDialled = this.dials.for(fresh) !== undefined;
    let other: Waiter<C> | undefined = isDialled ? fresh : undefined;
    while (other?.fresh === true) other = other.nextWaiter;
    if (other !== undefined) this.handOver(connection, other);
    else if (isDialled && this.dials.queued === 0) this.leave(connection);
    else connection.close('evicted');
  }

  /** From one user to the next. */
  private handOver(connection: C, waiter: Waiter<C>): void {
    this.queue.remove(waiter);
    connection.reuse();
    this.count++;
    this.grant(waiter, connection);
  }

  /** No caller takes the place of the one who used it. */
  private leave(connection: C): void {
    const { state } = connection;
    if (state === 'closed') return;
    if (connection.users > 1) {
      this.table.leave(connection);
      // One that is never idle would else keep its slot for ever.
      if (this.dials.slotIsWanted) this.retire(connection, 'evicted');
    } else if (state === 'draining') {
      connection.close(connection.closeReason);
    } else if (this.idleTime === 0) {
      connection.close('idle_timeout');
    } else if (this.table.markIdle(connection)) {
      this.offerSlot(connection);
      this.quietIfSo();
    }
  }

  /**
   * Gives a waiter its connection. One that has no use for it after all gives it back inside of the call;
   * ten thousand of those in a row must not nest, so what comes back is released afterwards.
   */
  private grant(waiter: Waiter<C>, connection: C): void {
    if (this.granting) {
      waiter.connected(connection);
      return;
    }
    this.granting = true;
    try {
      waiter.connected(connection);
      for (let it = this.returned.shift(); it !== undefined; it = this.returned.shift()) {
        this.release(it);
      }
    } finally {
      this.granting = false;
    }
  }

  /** Whether it is better closed than used again. */
  private tooMany(connection: C): boolean {
    if (connection.overflow) return !connection.shared || connection.users === 1;
    if (this.draining) return this.queue.size === 0;
    return this.dials.hasTooMany;
  }

  /** Callers wait although it is open: the server allows 0 streams; another connection would not help. */
  private blockedByServer(connection: C): boolean {
    return !connection.acceptsRequests && this.queue.size > 0;
  }
}

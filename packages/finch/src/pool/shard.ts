/**
 * One pool shard: connections and those who wait for them. Its process owns it;
 * requests work on it directly, as they would on an ETS table, so that taking a
 * connection and giving it back need no message.
 *
 * A connection is used by one caller (HTTP/1) or by several (HTTP/2): `users` of
 * its `limit`. Before it is open nobody knows which, so callers join the opening
 * of a connection that may carry them all.
 *
 * What holds after each step: `inUse + idle + connecting = open`, which is at
 * most `size`, overflow connections and those that drain apart; a waiter for whom
 * no connection is being opened has a limit on its waiting; nobody waits while a
 * connection is idle or has room.
 */
import { now } from '@linnet/otp';
import type {
  CloseReason,
  ConnectionOwner,
  ConnectionState,
} from '../connection/connection-owner.ts';
import { Connection } from '../connection/connection.ts';
import { PoolDownError } from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { HandOver } from './hand-over.ts';
import type { PoolIdentity } from './identity.ts';
import { toNumber } from './limit.ts';
import { queueFull, refuseSurplus } from './queue-full.ts';
import { ShardState } from './shard-state.ts';
import type { SlotSource, SlotUser } from './slot-ledger.ts';
import type { Waiter } from './wait-queue.ts';

/** Starts the process of a connection; `connection.abandoned` is called when it cannot. */
export type StartConnection = (connection: Connection) => void;

export class Shard extends ShardState implements ConnectionOwner, SlotUser {
  private readonly startConnection: StartConnection;
  private readonly handOver = new HandOver((connection) => this.pass(connection));

  constructor(
    pool: PoolIdentity,
    options: ResolvedPoolOptions,
    index: number,
    slots: SlotSource,
    startConnection: StartConnection,
  ) {
    super(pool, options, index, slots);
    this.startConnection = startConnection;
    this.ledger.join(this);
  }

  /** Takes a connection that has room, else an idle one: the one used last. */
  take(): Connection | undefined {
    if (this.closed) return undefined;
    for (let it = this.table.next(); it !== undefined; it = this.table.next()) {
      if (it.fit && (!it.shared || it.room > 0)) {
        this.occupy(it);
        return it;
      }
      if (!it.fit) this.retire(it, it.users > 0 ? 'worn' : 'stale');
      else if (it.users > 0) this.table.sort(it);
      // The server allows no request for the time being.
      else return undefined;
    }
    return undefined;
  }

  /** Takes a place on a certain connection, which may be unlisted; false when it has none. */
  enter(connection: Connection): boolean {
    if (this.closed || !connection.fit || connection.inFlight >= connection.limit) return false;
    this.occupy(connection);
    return true;
  }

  /** Puts it back. */
  list(connection: Connection): void {
    this.table.list(connection);
    this.checkin(connection);
    this.share(connection);
  }

  /** Whoever unlisted it is gone: it ends when those who use it are done. */
  dismissUnlisted(connection: Connection): void {
    this.table.list(connection);
    this.retire(connection, 'abandoned');
    this.checkin(connection);
  }

  /** Waits for one that no peer can have closed yet, for which an idle one makes room; false when there can be none. */
  waitForFresh(waiter: Waiter): boolean {
    if (this.closed) return false;
    if (this.joins(waiter)) return true;
    if ((!this.hasRoom && !this.evictIdle()) || !this.ledger.take(this)) return false;
    this.queue.push(waiter);
    this.openFor(waiter, false);
    return true;
  }

  /** Waits for a connection; opens one if there is room. The waiter hears of the outcome, maybe at once. */
  wait(waiter: Waiter): void {
    if (this.closed) {
      waiter.failed(new PoolDownError({ pool: this.pool.key, origin: this.pool.origin }));
      return;
    }
    if (this.joins(waiter)) return;
    const room = this.hasRoom;
    const expecting = room && this.expecting;
    if (room && !expecting && this.ledger.take(this)) {
      this.queue.push(waiter);
      this.openFor(waiter, false);
      return;
    }
    const { whenFull, maxQueue } = this.options;
    if (whenFull === 'overflow' && !room && this.ledger.take(this)) {
      this.queue.push(waiter);
      this.openFor(waiter, true);
    } else if ((whenFull === 'fail' && !expecting) || this.queue.unassigned >= toNumber(maxQueue)) {
      waiter.failed(queueFull(this));
    } else {
      this.queue.push(waiter);
    }
  }

  /** Stops waiting. A connection that is being opened for the waiter goes to somebody else. */
  cancel(waiter: Waiter): void {
    this.queue.remove(waiter);
    this.quietIfSo();
  }

  /**
   * Opens connections until `count` are idle, have room or are being opened, as far as the caps
   * allow; returns them.
   */
  prewarm(count: number): Connection[] {
    const opening: Connection[] = [];
    while (
      !this.draining &&
      this.table.warm < count &&
      this.hasRoom &&
      this.ledger.takeSpare(this)
    ) {
      opening.push(this.openFor(undefined, false));
    }
    return opening;
  }

  /** The instance is another one: counts the open connections in its ledger. */
  moveTo(slots: SlotSource): void {
    this.ledger.leave(this);
    const { idleTime } = this;
    this.adopt(slots);
    this.ledger.join(this);
    if (idleTime !== this.idleTime) this.setIdleTime(this.idleTime);
    if (this.open > 0) this.ledger.add(this.host, this.open);
    this.serve();
  }

  /** Changes the cap: what is too much is closed as soon as it is idle. */
  resize(size: number): void {
    this.size = size;
    while (this.table.counted > size && this.evictIdle()) {
      // One after the other.
    }
    this.serve();
  }

  /** Ends the connections that are not to be used any more; one that a request has ends after it. */
  discardUnfit(): void {
    for (const connection of this.table) {
      const { wire, fit, shared, users } = connection;
      if (wire !== undefined && !fit && (shared || users === 0)) this.retire(connection, 'worn');
    }
  }

  // From connections -----------------------------------------------------------

  /** It is open. */
  opened(connection: Connection): void {
    this.dialFailed = false;
    const isFewer = this.forecast.learn(connection);
    const asked = this.queue.settle(connection);
    const next = connection.takes ? this.queue.next : undefined;
    for (const waiter of asked) if (waiter !== next) waiter.dialGone();
    if (next !== undefined) {
      this.queue.remove(next);
      this.occupy(connection);
      this.handOver.give(next, connection);
      this.share(connection);
    } else if (connection.overflow || (this.keepsNone && !this.isSpurnedBy(connection))) {
      connection.close('drained');
    } else {
      this.rest(connection);
    }
    // Those who waited to see what it would carry.
    if (isFewer || asked.length > 1 || !connection.takes) this.serve();
    if (isFewer) this.reconsider();
  }

  /** It carries more or fewer requests than before, or no further ones. */
  changed(connection: Connection): void {
    const isFewer = this.forecast.learn(connection);
    if (connection.fit) this.share(connection);
    else this.retire(connection, 'goaway');
    if (connection.users === 0) this.offerSlot(connection);
    this.serve();
    if (isFewer) this.reconsider();
  }

  /** Whoever had it gives it back: to the next one who waits, to the others, or not at all. */
  checkin(connection: Connection): void {
    if (connection.ended) return;
    if (this.handOver.underWay) this.handOver.later(connection);
    else this.pass(connection);
  }

  /** It could not be opened: those for whom it was hear of it. */
  failed(connection: Connection, error: Error): void {
    this.dialFailed = true;
    this.forecast.forget();
    for (const waiter of this.queue.settle(connection)) this.queue.refuse(waiter, error);
  }

  /** Its process died while it was being opened, which says nothing of the server. */
  lost(connection: Connection, error: Error): void {
    for (const waiter of this.queue.settle(connection)) {
      if (waiter.queue === this.queue && !waiter.dialLost()) this.queue.refuse(waiter, error);
    }
  }

  /** Its process is dead or about to die, and its socket is not to be used any more. */
  gone(connection: Connection, from: ConnectionState): void {
    if (!this.table.remove(connection, from)) return;
    this.ledger.give(this.host);
    this.serve();
    this.quietIfSo();
  }

  /** Shared connections end with what they carry; those that are opened from now on speak HTTP/1.1. */
  requireHttp1(): boolean {
    if (!this.forecast.requireHttp1()) return false;
    for (const connection of this.table.shared) this.retire(connection, 'goaway');
    return true;
  }

  // From the ledger -------------------------------------------------------------

  get wanting(): boolean {
    return this.mayOpen;
  }

  slotFree(): void {
    this.serve();
  }

  evictIdle(): boolean {
    const { oldest } = this.table;
    if (oldest === undefined || this.isSpurnedBy(oldest)) return false;
    return this.table.closeOldest('evicted');
  }

  // From the process ------------------------------------------------------------

  /** Nothing new from here on; `onQuiet` says when all that was taken on is done. */
  drain(): void {
    this.draining = true;
    this.table.closeIdle('drained');
  }

  /** Sends those who wait to look elsewhere. */
  dismiss(): void {
    for (const waiter of this.queue.clear()) waiter.requeue();
  }

  /** The end, orderly or not. */
  close(): void {
    this.closed = this.draining = true;
    const waiters = this.queue.clear();
    this.ledger.leave(this);
    for (const connection of this.table) connection.close('pool_down');
    for (const waiter of waiters) waiter.requeue();
    this.onQuiet();
  }

  // ------------------------------------------------------------------------------

  private occupy(connection: Connection): void {
    this.table.take(connection);
    this.checkouts++;
    if (this.options.poolMaxIdleTime !== 'infinity') this.usedAt = now();
  }

  /** One who used it does so no more: the next one has it, or nobody. */
  private pass(connection: Connection): void {
    if (connection.ended) return;
    if (!connection.fit || this.tooMany(connection)) {
      this.retire(connection, connection.fit ? 'drained' : 'worn');
      this.leave(connection);
      return;
    }
    // A server may allow fewer than it did when they were taken on.
    const full = connection.users > connection.limit || connection.unlisted;
    const next = full ? undefined : this.queue.next;
    if (next === undefined) {
      this.leave(connection);
    } else if (next.fresh && !connection.shared) {
      // It makes room for the one that the next waiter needs.
      connection.close('evicted');
    } else {
      this.queue.remove(next);
      connection.handover();
      this.checkouts++;
      this.handOver.give(next, connection);
    }
  }

  /** Nobody takes the place of one who used it. */
  private leave(connection: Connection): void {
    if (connection.ended) return;
    if (connection.users > 1) {
      this.table.leave(connection);
      // One that is never idle would else keep its slot for ever.
      if (this.ledger.wants(this.host)) this.retire(connection, 'evicted');
    } else if (connection.draining) {
      connection.close(connection.closeReason);
    } else if (this.idleTime === 0) {
      connection.close('idle_timeout');
    } else {
      this.rest(connection);
      this.quietIfSo();
    }
  }

  /** Gives those who wait as many places as a shared connection has. */
  private share(connection: Connection): void {
    if (!connection.shared) return;
    this.table.sort(connection);
    while (connection.room > 0) {
      const waiter = this.queue.shift();
      if (waiter === undefined) return;
      this.occupy(connection);
      this.handOver.give(waiter, connection);
    }
  }

  /** Nobody else is to use it: closed at once, unless several may still do so. */
  private retire(connection: Connection, reason: CloseReason): void {
    if (connection.ended || connection.draining) return;
    if (!connection.shared || connection.users === 0) return connection.close(reason);
    this.table.drain(connection, reason);
    // Another one may take its place.
    this.serve();
  }

  /** Nobody here wants it; somebody else may want its slot. */
  private rest(connection: Connection): void {
    this.table.rest(connection);
    this.offerSlot(connection);
  }

  /** Idle, it makes room for a connection of somebody else's, unless some wait for it to take them. */
  private offerSlot(connection: Connection): void {
    if (!this.isSpurnedBy(connection) && this.ledger.wants(this.host)) connection.close('evicted');
  }

  /** Opens connections for those who wait without one being opened for them. */
  private serve(): void {
    while (this.mayOpen) {
      const waiter = this.queue.firstUnassigned();
      if (waiter === undefined || !this.ledger.take(this)) return;
      this.openFor(waiter, false);
    }
  }

  /** More was expected of a connection: those who wait for it are treated as if they came now. */
  private reconsider(): void {
    while (this.options.whenFull === 'overflow' && !this.closed) {
      const waiter = this.queue.firstUnassigned();
      if (waiter === undefined || !this.ledger.take(this)) break;
      this.openFor(waiter, true);
    }
    if (!this.expecting) refuseSurplus(this, this.queue);
  }

  private openFor(waiter: Waiter | undefined, overflow: boolean): Connection {
    const connection = new Connection(this, waiter?.connectTimeout, overflow);
    this.table.add(connection);
    const { callers } = this.forecast;
    let next = waiter;
    while (next !== undefined && connection.openedFor.length < callers) {
      if (next.connectTimeout === connection.connectTimeout) this.queue.assign(next, connection);
      next = callers > 1 ? this.queue.firstUnassigned(next) : undefined;
    }
    this.startConnection(connection);
    return connection;
  }

  private quietIfSo(): void {
    if (this.draining && this.quiet) this.onQuiet();
  }
}

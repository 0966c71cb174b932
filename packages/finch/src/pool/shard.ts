/**
 * The data of one pool shard: connections by what they are fit for, waiters,
 * figures. Its process owns it; requests work on it directly, as they would on an
 * ETS table, so that taking a connection and giving it back need no message.
 *
 * A connection is used by one caller (HTTP/1) or by several (HTTP/2): `users` of
 * its `limit`. Before it is open nobody knows which, so callers join the opening
 * of a connection that may turn out to carry them all.
 *
 * What holds after each step: `inUse + idle + connecting = open`, which is at
 * most `size`, overflow connections and those that drain apart; a waiter for whom
 * no connection is being opened has a limit on its waiting; nobody waits while a
 * connection is idle or has room.
 */
import { now } from '@linnet/otp';
import {
  Connection,
  type CloseReason,
  type ConnectionOwner,
  type ConnectionState,
} from '../connection/connection.ts';
import { mayShare } from '../connection/protocol.ts';
import { PoolDownError } from '../errors/index.ts';
import type { PoolFigures } from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { ConnectionStack } from './connection-stack.ts';
import { HandOver } from './hand-over.ts';
import type { PoolIdentity } from './identity.ts';
import { toNumber } from './limit.ts';
import { queueFull } from './queue-full.ts';
import type { SlotLedger, SlotSource, SlotUser } from './slot-ledger.ts';
import { WaitQueue, type Waiter } from './wait-queue.ts';

/** Starts the process of a connection; `connection.abandoned` is called when it cannot. */
export type StartConnection = (connection: Connection) => void;

/** How many requests an HTTP/2 connection is taken to carry before a server has said so (RFC 9113, 6.5.2). */
const assumedStreams = 100;

export class Shard implements ConnectionOwner, SlotUser {
  readonly instance: string;
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  /** From 0. */
  readonly index: number;
  readonly host: string;
  maxPerHost: number;
  /** The cap on open connections; changed by `resize`. */
  size: number;
  /** The time in `idle` after which a connection closes; changed by `setIdleTime`. */
  idleTime: number;
  /** Set while the shard winds down: nothing new is taken on. */
  draining = false;
  closed = false;
  /** How often a connection was taken. */
  checkouts = 0;
  /** How many requests at a time the server allows on an HTTP/2 connection, as far as is known. */
  streams = assumedStreams;
  /** Whether the last attempt to open a connection failed. */
  dialFailed = false;
  /** When a connection was taken last; kept only for a pool with `poolMaxIdleTime`. */
  usedAt: number = now();
  /** Called when the last connection came back while draining, or the queue ran empty; and at the end. */
  onQuiet: () => void = () => {};

  private ledger: SlotLedger;
  private readonly startConnection: StartConnection;
  private readonly idle = new ConnectionStack();
  /** Those in use that have room. */
  private readonly sharing = new ConnectionStack();
  private readonly queue = new WaitQueue();
  private readonly handOver = new HandOver((connection) => this.pass(connection));
  private readonly connections = new Set<Connection>();
  private busy = 0;
  /** Those who have a connection: more than are in use, where they are shared. */
  private users = 0;
  private dialling = 0;
  /** Open for use beyond `size`; not part of the cap. */
  private overflow = 0;
  /** In use, but taking on nobody any more; not part of the cap. */
  private retiring = 0;
  /** Whether connections may turn out to be shared ones. */
  private readonly mayShare: boolean;
  /** What the server spoke when it was last connected to. */
  private spoken: 'http1' | 'http2' | 'http3' | undefined;

  constructor(
    pool: PoolIdentity,
    options: ResolvedPoolOptions,
    index: number,
    slots: SlotSource,
    startConnection: StartConnection,
  ) {
    this.instance = slots.name ?? '';
    this.pool = pool;
    this.options = options;
    this.index = index;
    this.host = pool.unixSocket ?? `${pool.host}:${pool.port}`;
    this.maxPerHost = toNumber(options.maxPerHost ?? slots.maxPerHost);
    this.size = options.size;
    this.idleTime = slots.idleTime ?? toNumber(options.connMaxIdleTime);
    this.ledger = slots.ledger;
    this.startConnection = startConnection;
    this.mayShare = mayShare(pool, options);
    this.ledger.join(this);
  }

  get inUse(): number {
    return this.busy;
  }

  /** Callers that have a connection, or a part in one. */
  get inFlight(): number {
    return this.users;
  }

  get idleCount(): number {
    return this.idle.size;
  }

  /** Callers that wait, without those for whom a connection is being opened. */
  get queued(): number {
    return this.queue.unassigned;
  }

  /** Callers that have a connection or wait for one. */
  get load(): number {
    return this.users + this.queue.size;
  }

  /** How many more callers would not have to wait, as far as one can tell. */
  get available(): number {
    const unopened = Math.max(0, this.size - this.connections.size + this.overflow + this.retiring);
    let available = unopened * this.expected;
    for (const connection of this.connections) {
      available += connection.wire === undefined ? this.expected : connection.room;
    }
    return available;
  }

  /** The open connections that several may use, the one that is used next first. */
  get shared(): Connection[] {
    const next = this.sharing.peek() ?? this.idle.peek();
    return [...this.connections]
      .filter(({ shared, fit, unlisted }) => shared && fit && !unlisted)
      .sort((one, other) => Number(other === next) - Number(one === next));
  }

  /** All connections, those being opened included. */
  get open(): number {
    return this.connections.size;
  }

  get figures(): { readonly [K in keyof PoolFigures]-?: number } {
    return {
      size: this.size,
      inUse: this.busy,
      inFlight: this.users,
      idle: this.idle.size,
      connecting: this.dialling,
      queued: this.queue.unassigned,
    };
  }

  /** Whether nothing is in use and nobody waits. */
  get quiet(): boolean {
    return this.busy === 0 && this.queue.size === 0;
  }

  /** Takes a connection that has room, else an idle one: the one used last. */
  take(): Connection | undefined {
    if (this.closed) return undefined;
    for (let it = this.sharing.peek(); it !== undefined; it = this.sharing.peek()) {
      if (it.fit) {
        this.join(it);
        return it;
      }
      this.retire(it, 'worn');
    }
    for (let it = this.idle.pop(); it !== undefined; it = this.idle.pop()) {
      if (it.fit && takes(it)) {
        this.checkout(it);
        return it;
      }
      if (it.fit) {
        this.idle.push(it);
        return undefined;
      }
      it.close('stale');
    }
    return undefined;
  }

  /** Takes a place on a certain connection, which may be unlisted; false when it has none. */
  enter(connection: Connection): boolean {
    if (this.closed || !connection.fit || connection.users >= connection.limit) return false;
    this.hold(connection);
    return true;
  }

  /** Takes a connection out of what callers are given; whoever has a place on it keeps that. */
  unlist(connection: Connection): void {
    // Held, so that it is neither idle nor closed for that.
    this.hold(connection);
    connection.unlisted = true;
    this.sort(connection);
  }

  /** Puts it back. */
  list(connection: Connection): void {
    connection.unlisted = false;
    this.checkin(connection);
    this.share(connection);
  }

  /** Whoever unlisted it is gone: it ends when those who use it are done. */
  dismissUnlisted(connection: Connection): void {
    this.retire(connection, 'abandoned');
    this.checkin(connection);
  }

  /**
   * Takes a connection that no peer can have closed meanwhile: a new one is opened, for which an
   * idle one makes room if need be. False when there can be none.
   */
  waitForFresh(waiter: Waiter): boolean {
    if (this.closed || (!this.hasRoom && !this.evictIdle()) || !this.ledger.take(this)) {
      return false;
    }
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
    const dial = this.dialToJoin(waiter);
    if (dial !== undefined) {
      this.queue.push(waiter);
      this.assign(waiter, dial);
      return;
    }
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
      !this.closed &&
      !this.draining &&
      this.idle.size + this.sharing.size + this.dialling < count &&
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
    this.ledger = slots.ledger;
    this.ledger.join(this);
    this.maxPerHost = toNumber(this.options.maxPerHost ?? slots.maxPerHost);
    // What the former one was told by setTimeout is gone with it.
    const idleTime = slots.idleTime ?? toNumber(this.options.connMaxIdleTime);
    if (idleTime !== this.idleTime) this.setIdleTime(idleTime);
    if (this.connections.size > 0) this.ledger.add(this.host, this.connections.size);
    this.serve();
  }

  /** Changes the cap: what is too much is closed as soon as it is idle. */
  resize(size: number): void {
    this.size = size;
    while (this.counted > size && this.evictIdle()) {
      // One after the other.
    }
    this.serve();
  }

  setIdleTime(idleTime: number): void {
    this.idleTime = idleTime;
    this.idle.restartIdleTime(idleTime);
  }

  /** Ends the connections that are not to be used any more; one that a request has ends after it. */
  discardUnfit(): void {
    for (const connection of this.connections) {
      const { wire, fit, shared, users } = connection;
      if (wire !== undefined && !fit && (shared || users === 0)) this.retire(connection, 'worn');
    }
  }

  // From connections -----------------------------------------------------------

  /** It is open. */
  opened(connection: Connection): void {
    this.dialFailed = false;
    this.learn(connection);
    const asked = this.settleDial(connection);
    const next = takes(connection) ? this.queue.next : undefined;
    for (const waiter of asked) if (waiter !== next) waiter.dialGone();
    const waiter = next === undefined ? undefined : this.queue.shift();
    if (waiter !== undefined) {
      this.dialling--;
      this.checkout(connection);
      this.handOver.give(waiter, connection);
      this.share(connection);
    } else if (this.draining || connection.overflow || this.idleTime === 0) {
      connection.close('drained');
    } else {
      this.dialling--;
      this.rest(connection);
    }
    // Those who waited to see what it would carry.
    if (this.mayShare) this.serve();
  }

  /** It carries more or fewer requests than before, or no further ones. */
  changed(connection: Connection): void {
    this.learn(connection);
    if (connection.fit) this.share(connection);
    else this.retire(connection, 'goaway');
    this.serve();
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
    this.spoken = undefined;
    for (const waiter of this.settleDial(connection)) {
      if (waiter.queue !== this.queue) continue;
      this.queue.remove(waiter);
      waiter.failed(error);
    }
  }

  /** Its process died while it was being opened, which says nothing of the server. */
  lost(connection: Connection, error: Error): void {
    for (const waiter of this.settleDial(connection)) {
      if (waiter.queue !== this.queue || waiter.dialLost()) continue;
      this.queue.remove(waiter);
      waiter.failed(error);
    }
  }

  /** Its process is dead or about to die, and its socket is not to be used any more. */
  gone(connection: Connection, from: ConnectionState): void {
    if (!this.connections.delete(connection)) return;
    if (connection.overflow) this.overflow--;
    if (from === 'connecting') this.dialling--;
    else if (from === 'idle') this.idle.remove(connection);
    else this.busy--;
    if (from === 'draining') this.retiring--;
    this.sharing.remove(connection);
    this.users -= connection.users;
    connection.users = 0;
    this.ledger.give(this.host);
    this.serve();
    this.quietIfSo();
  }

  // From the ledger -------------------------------------------------------------

  get wanting(): boolean {
    return this.hasRoom && this.queue.unassigned > 0 && !this.expecting;
  }

  slotFree(): void {
    this.serve();
  }

  evictIdle(): boolean {
    const connection = this.idle.oldest();
    if (connection === undefined) return false;
    connection.close('evicted');
    return true;
  }

  // From the process ------------------------------------------------------------

  /** Nothing new from here on; `onQuiet` says when all that was taken on is done. */
  drain(): void {
    this.draining = true;
    for (let it = this.idle.oldest(); it !== undefined; it = this.idle.oldest()) {
      it.close('drained');
    }
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
    for (const connection of this.connections) connection.close('pool_down');
    for (const waiter of waiters) waiter.requeue();
    this.onQuiet();
  }

  // ------------------------------------------------------------------------------

  /** Those that count against `size`. */
  private get counted(): number {
    return this.connections.size - this.overflow - this.retiring;
  }

  private get hasRoom(): boolean {
    return this.counted < this.size;
  }

  /** How many callers a connection is taken to carry before it is open. */
  private get expected(): number {
    return this.mayShare && this.spoken !== 'http1' ? this.streams : 1;
  }

  /** Whether it will soon be known how many callers one of the connections carries. */
  private get expecting(): boolean {
    if (!this.mayShare || this.spoken === 'http1') return false;
    for (const { wire, draining } of this.connections) {
      if (wire === undefined ? this.spoken === undefined : !wire.settled && !draining) return true;
    }
    return false;
  }

  private hold(connection: Connection): void {
    if (connection.users > 0) {
      this.join(connection);
    } else {
      this.idle.remove(connection);
      this.checkout(connection);
    }
  }

  private checkout(connection: Connection): void {
    connection.checkout();
    this.busy++;
    this.taken(connection);
  }

  private join(connection: Connection): void {
    connection.join();
    this.taken(connection);
  }

  private taken(connection: Connection): void {
    this.users++;
    this.checkouts++;
    if (this.options.poolMaxIdleTime !== 'infinity') this.usedAt = now();
    if (connection.shared) this.sort(connection);
  }

  /** Among those that have room, if it has. */
  private sort(connection: Connection): void {
    if (connection.room === 0) this.sharing.remove(connection);
    else if (!connection.stacked) this.sharing.push(connection);
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
    const waiter = full ? undefined : this.queue.shift();
    if (waiter === undefined) {
      this.leave(connection);
    } else {
      connection.handover();
      this.checkouts++;
      this.handOver.give(waiter, connection);
    }
  }

  /** Nobody takes the place of one who used it. */
  private leave(connection: Connection): void {
    if (connection.ended) return;
    if (connection.users > 1) {
      this.users--;
      connection.leave();
      // One that is never idle would else keep its slot for ever.
      if (this.ledger.wants(this.host)) this.retire(connection, 'evicted');
      else this.sort(connection);
    } else if (connection.draining) {
      connection.close(connection.closeReason);
    } else if (this.idleTime === 0) {
      connection.close('idle_timeout');
    } else {
      this.busy--;
      this.users--;
      this.sharing.remove(connection);
      this.rest(connection);
      this.quietIfSo();
    }
  }

  /** Gives those who wait as many places as a shared connection has. */
  private share(connection: Connection): void {
    if (!connection.shared) return;
    if (connection.users === 0) {
      const first = takes(connection) ? this.queue.shift() : undefined;
      if (first === undefined) return;
      this.idle.remove(connection);
      this.checkout(connection);
      this.handOver.give(first, connection);
    }
    this.sort(connection);
    while (connection.room > 0) {
      const waiter = this.queue.shift();
      if (waiter === undefined) return;
      this.join(connection);
      this.handOver.give(waiter, connection);
    }
  }

  /** Nobody else is to use it: closed at once, unless several may still do so. */
  private retire(connection: Connection, reason: CloseReason): void {
    if (connection.ended || connection.draining) return;
    if (connection.shared && connection.users > 0) {
      this.sharing.remove(connection);
      this.retiring++;
      connection.drain(reason);
    } else {
      connection.close(reason);
    }
  }

  /** Nobody here wants it; somebody else may want its slot. */
  private rest(connection: Connection): void {
    connection.checkin();
    this.idle.push(connection);
    if (this.ledger.wants(this.host)) connection.close('evicted');
  }

  /** Opens connections for those who wait without one being opened for them. */
  private serve(): void {
    while (!this.closed && this.hasRoom && this.queue.unassigned > 0 && !this.expecting) {
      const waiter = this.queue.firstUnassigned();
      if (waiter === undefined || !this.ledger.take(this)) return;
      this.openFor(waiter, false);
    }
  }

  private openFor(waiter: Waiter | undefined, overflow: boolean): Connection {
    const connection = new Connection(this, waiter?.connectTimeout, overflow);
    this.connections.add(connection);
    this.dialling++;
    if (overflow) this.overflow++;
    let next = waiter;
    while (next !== undefined && connection.openedFor.length < this.expected) {
      this.assign(next, connection);
      next = this.expected > 1 ? this.queue.firstUnassigned(next) : undefined;
    }
    this.startConnection(connection);
    return connection;
  }

  /** A connection that is being opened and that will carry this waiter as well. */
  private dialToJoin(waiter: Waiter): Connection | undefined {
    // With a limit of its own, the opening may last too long for it.
    if (this.expected === 1 || waiter.connectTimeout !== undefined) return undefined;
    for (const connection of this.connections) {
      const { wire, overflow, openedFor } = connection;
      if (wire === undefined && !overflow && openedFor.length < this.expected) return connection;
    }
    return undefined;
  }

  private assign(waiter: Waiter, connection: Connection): void {
    this.queue.assign(waiter, connection);
    connection.openedFor.push(waiter);
    waiter.dialling();
  }

  /** The dial is over: those for whom it was, but for those who were served or left meanwhile. */
  private settleDial(connection: Connection): Waiter[] {
    const waiters = connection.openedFor.filter(({ dial }) => dial === connection);
    connection.openedFor = [];
    for (const waiter of waiters) this.queue.unassign(waiter);
    return waiters;
  }

  /** What the server speaks, and how many requests at a time. */
  private learn({ wire, limit }: Connection): void {
    if (wire === undefined) return;
    this.spoken = wire.protocol;
    if (wire.settled && wire.protocol !== 'http1') this.streams = Math.max(1, limit);
  }

  private tooMany(connection: Connection): boolean {
    if (connection.overflow) return !connection.shared || connection.users === 1;
    if (this.draining) return this.queue.size === 0;
    return this.counted > this.size || this.ledger.overfull;
  }

  private quietIfSo(): void {
    if (this.draining && this.quiet) this.onQuiet();
  }
}

/** Whether an open connection takes requests: a server may allow none for the time being. */
function takes({ shared, limit }: Connection): boolean {
  return !shared || limit > 0;
}

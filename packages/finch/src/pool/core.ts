/**
 * The core of a pool shard: its connections, and the callers that wait for them. It is pure: no
 * socket, no process, no clock; what it does to the world goes through its effects and through the
 * connections that they open. The shard's process owns it, and requests work on it directly, as they
 * would on an ETS table, so that taking a connection and giving it back need no message.
 *
 * A connection is used by one caller (HTTP/1) or by several (HTTP/2, HTTP/3). Dials belong to the pool,
 * not to callers: the caller that waits longest gets the connection that opens first, and a dial that
 * fails is told to as many of the longest waiting callers as it was expected to serve. While it is not
 * known how many callers a connection carries, one is opened, and the others wait for it.
 *
 * What holds after each step: `inUse + idle + connecting = open`, which is at
 * most `size`, overflow connections and those that drain apart; no caller waits
 * while a connection is idle or has a stream available; and for a caller that
 * waits, a connection is being opened, or there is no room for one.
 */
import type { Discovery } from '../alt-svc/discovery.ts';
import type { Connection } from '../connection/connection.ts';
import type { CloseReason } from '../connection/owner.ts';
import { discoveryOf, mayBeHttp1, mayShare } from '../connection/protocol.ts';
import { PoolDownError, type Figures } from '../errors/index.ts';
import { toNumber } from '../options/limit.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { ServerCapacity } from './capacity.ts';
import { Checkouts } from './checkouts.ts';
import { ConnectionTable } from './connection-table.ts';
import { Dials } from './dials.ts';
import type { PoolEffects } from './effects.ts';
import type { SlotSource, SlotUser } from './host-limits.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { PoolConnection } from './pool-connection.ts';
import { queueFullError, WaitQueue, type Waiter } from './wait-queue.ts';

export class PoolCore<C extends PoolConnection<C> = Connection> implements SlotUser {
  /** The name of the instance. */
  readonly instance: string;
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  /** Which shard of the pool it is, from 0. */
  readonly index: number;
  readonly host: string;
  maxPerHost: number;
  closed = false;
  discovery: Discovery | undefined;

  private readonly effects: PoolEffects<C>;
  private readonly table = new ConnectionTable<C>();
  private readonly queue = new WaitQueue<C>();
  private readonly capacity: ServerCapacity;
  private readonly dials: Dials<C>;
  private readonly held: Checkouts<C>;

  constructor(
    pool: PoolIdentity,
    options: ResolvedPoolOptions,
    index: number,
    slots: SlotSource,
    effects: PoolEffects<C>,
  ) {
    this.instance = slots.name ?? '';
    this.pool = pool;
    this.options = options;
    this.index = index;
    this.host = pool.unixSocket ?? `${pool.host}:${pool.port}`;
    this.maxPerHost = toNumber(options.maxPerHost ?? slots.maxPerHost);
    this.effects = effects;
    this.discovery = discoveryOf(slots.alternatives, pool, options);
    const spoken = { mayShare: mayShare(pool, options), mayBeHttp1: mayBeHttp1(pool, options) };
    const capacity = new ServerCapacity(spoken, () => effects.now());
    this.capacity = capacity;
    const { table, queue } = this;
    const open = (): C => effects.open(this);
    this.dials = new Dials(slots.hostLimits, { options, table, queue, capacity, user: this, open });
    const idleTime = slots.idleTime ?? toNumber(options.connMaxIdleTime);
    const { dials } = this;
    this.held = new Checkouts({ options, table, queue, dials, effects }, idleTime);
    slots.hostLimits.join(this);
  }

  // Its figures ---------------------------------------------------------------------

  /** Set while the shard winds down: it accepts no further caller. */
  get draining(): boolean {
    return this.held.draining;
  }

  /** The time in `idle` after which a connection closes, in ms. */
  get idleTime(): number {
    return this.held.idleTime;
  }

  /** When a connection was taken last; kept only for a pool with `poolMaxIdleTime`. */
  get usedAt(): number {
    return this.held.usedAt;
  }

  /** Whether the last attempt to open a connection failed. */
  get dialFailed(): boolean {
    return this.dials.failedLast;
  }

  /** How often a connection was taken. */
  get checkouts(): number {
    return this.held.count;
  }

  /** The cap on open connections. */
  get size(): number {
    return this.dials.size;
  }

  get inUse(): number {
    return this.table.inUse;
  }

  /** Callers that have a connection, or a stream of one. */
  get inFlight(): number {
    return this.table.inFlight;
  }

  get idleCount(): number {
    return this.table.idleCount;
  }

  /** Callers that wait, without those that a connection is being opened for. */
  get queued(): number {
    return this.dials.queued;
  }

  /** Callers that have a connection or wait for one. */
  get load(): number {
    return this.table.inFlight + this.queue.size;
  }

  /** All connections, those being opened included. */
  get open(): number {
    return this.table.open;
  }

  get figures(): Figures {
    const { inUse, inFlight, idleCount: idle, connecting } = this.table;
    return { size: this.size, inUse, inFlight, idle, connecting, queued: this.queued };
  }

  /** How many more callers would not have to wait, as far as is known. */
  get available(): number {
    let { available } = this.dials;
    for (const { availableStreams } of this.table) available += availableStreams;
    return available;
  }

  /** All connections, in the order in which they began. */
  get connections(): Iterable<C> {
    return this.table;
  }

  /** The open connections that several callers may use, the one that is taken next first. */
  get shared(): C[] {
    return this.table.shared;
  }

  /** What the server spoke when it was last connected to, if that is known. */
  get protocol(): 'http1' | 'http2' | 'http3' | undefined {
    return this.capacity.protocol;
  }

  /** How many requests at a time the server allows on a shared connection, as far as is known. */
  get streams(): number {
    return this.capacity.streams;
  }

  /** Whether the server wants HTTP/1.1 for the time being. */
  get http1Only(): boolean {
    return this.capacity.http1Only;
  }

  /** Whether nothing is in use and no caller waits. */
  get quiet(): boolean {
    return this.held.quiet;
  }

  random(): number {
    return this.effects.random();
  }

  // From callers ----------------------------------------------------------------------

  /** Takes one that has a stream available, else an idle one: the one used last. */
  take(): C | undefined {
    return this.closed ? undefined : this.held.take();
  }

  /** Takes a stream of a certain connection, which may be unlisted; false when it has none. */
  enter(connection: C): boolean {
    return !this.closed && this.held.enter(connection);
  }

  /** Waits for a connection; opens one if there is room. The waiter is told of the outcome, maybe at once. */
  wait(waiter: Waiter<C>): void {
    if (this.closed) {
      waiter.failed(new PoolDownError({ pool: this.pool.key, origin: this.pool.origin }));
      return;
    }
    if (this.dials.join(waiter) || (waiter.fresh && this.held.joinShared(waiter))) return;
    if (this.queued >= this.dials.mostQueued) waiter.failed(this.queueFull());
    else this.queue.push(waiter);
  }

  /**
   * Waits for a connection that no server can have closed yet, for which an idle one makes room; false when
   * there can be none.
   */
  waitForFresh(waiter: Waiter<C>): boolean {
    return !this.closed && this.dials.joinFresh(waiter);
  }

  /** Stops waiting. A connection that is being opened goes to the next one who waits. */
  cancel(waiter: Waiter<C>): void {
    this.queue.remove(waiter);
    this.held.quietIfSo();
  }

  /** The dial that is expected to serve a waiter: those who wait longest have the dials that began first. */
  dialFor(waiter: Waiter<C>): C | undefined {
    return this.dials.for(waiter);
  }

  /** Returns a connection: to the next one who waits, to the idle ones, or to be closed. */
  checkin(connection: C): void {
    this.held.checkin(connection);
  }

  /** Takes a connection out of what callers are given; those who use it may go on. */
  unlist(connection: C): boolean {
    return this.table.unlist(connection);
  }

  /** Puts it back into circulation. */
  list(connection: C): void {
    this.table.list(connection);
    this.held.checkin(connection);
    this.held.share(connection);
  }

  /** The process that unlisted it is dead: it ends with its last user. */
  dismissUnlisted(connection: C): void {
    this.table.list(connection);
    this.held.retire(connection, 'abandoned');
    this.held.checkin(connection);
  }

  // From connections --------------------------------------------------------------------

  /** It is open. */
  opened(connection: C): void {
    this.dials.failedLast = false;
    const isFewer = this.capacity.learn(connection, true);
    if (connection.successor && !this.draining) this.table.supersede();
    this.held.opened(connection);
    // For those who waited to see what it would carry.
    this.dials.serve();
    if (isFewer) this.carryFewer();
  }

  /** It carries more or fewer requests than before, or no further ones. */
  changed(connection: C): void {
    const isFewer = this.capacity.learn(connection, false);
    if (connection.reusable) this.held.share(connection);
    else this.held.retire(connection, 'goaway');
    if (connection.users === 0) this.held.offerSlot(connection);
    this.dials.serve();
    if (isFewer) this.carryFewer();
  }

  /** It could not be opened: those who wait longest are told, as many as it was expected to serve. */
  failed(connection: C, error: Error): void {
    this.dials.failed(connection, error);
    this.held.quietIfSo();
  }

  /** Its process is dead or about to die, and its socket is not to be used any more. */
  gone(connection: C, error: Error | undefined): void {
    this.dials.gone(connection, error);
    this.held.quietIfSo();
  }

  /** The server can be reached by HTTP/3: one connection is opened beside the others, to take their place. */
  alternativeKnown(): void {
    // Where none stays idle, the next dial is a race anyway.
    if (!this.draining && this.idleTime > 0 && !this.http1Only) this.dials.openSuccessor();
  }

  /** It must not be used for further requests. */
  retire(connection: C, reason: CloseReason): void {
    this.held.retire(connection, reason);
  }

  /** Shared connections end with what they carry; those that are opened from now on speak HTTP/1.1. */
  requireHttp1(): boolean {
    if (!this.capacity.requireHttp1()) return false;
    for (const connection of this.table.shared) this.held.retire(connection, 'goaway');
    return true;
  }

  // From the limits of hosts --------------------------------------------------------------

  get wanting(): boolean {
    return this.dials.allowed;
  }

  slotFree(): void {
    this.dials.serve();
  }

  /** Closes the connection that has been idle longest; false when there is none to spare. */
  evictIdle(): boolean {
    return this.held.evictIdle();
  }

  // From the process ------------------------------------------------------------------------

  /**
   * Opens connections until `count` are idle, have streams available or are being opened, as far as the caps
   * allow; returns them.
   */
  prewarm(count: number): C[] {
    return this.draining ? [] : this.dials.prewarm(count);
  }

  /** Changes the cap: connections beyond it are closed as soon as they are idle. */
  resize(size: number): void {
    this.dials.size = size;
    while (this.table.counted > size) {
      if (!this.evictIdle()) break;
    }
    this.dials.serve();
  }

  setIdleTime(idleTime: number): void {
    this.held.idleTime = idleTime;
    this.table.restartIdleTime(idleTime);
  }

  /** Ends the connections that may not be used again; one that serves a request ends after it. */
  discardExpired(): void {
    this.held.discardExpired();
  }

  /** The instance is another one: counts the open connections in its limits. */
  moveTo(slots: SlotSource): void {
    this.dials.limits.leave(this);
    this.dials.limits = slots.hostLimits;
    this.maxPerHost = toNumber(this.options.maxPerHost ?? slots.maxPerHost);
    slots.hostLimits.join(this);
    this.discovery = discoveryOf(slots.alternatives, this.pool, this.options);
    // What the former one was told by `setTimeout` is gone with it.
    const idleTime = slots.idleTime ?? toNumber(this.options.connMaxIdleTime);
    if (idleTime !== this.idleTime) this.setIdleTime(idleTime);
    if (this.open > 0) slots.hostLimits.add(this.host, this.open);
    this.dials.serve();
  }

  /** Accepts no caller from here on; the effect `quiet` says when all that was accepted is done. */
  drain(): void {
    this.held.draining = true;
    this.table.closeIdle('drained');
  }

  /** Sends those who wait to look elsewhere. */
  dismiss(): void {
    for (const waiter of this.queue.take()) waiter.requeue();
  }

  /** The end, orderly or not. */
  close(): void {
    if (this.closed) return;
    this.closed = this.held.draining = this.dials.stopped = true;
    const waiters = this.queue.take();
    this.dials.limits.leave(this);
    for (const connection of this.table) connection.close('pool_down');
    for (const waiter of waiters) waiter.requeue();
    this.effects.quiet();
    this.effects.closed();
  }

  // ------------------------------------------------------------------------------------------

  /** Connections carry fewer callers than was expected: those who wait are treated as if they came now. */
  private carryFewer(): void {
    if (this.options.whenFull === 'overflow') this.dials.overflow();
    if (this.dials.isPending) return;
    while (this.queued > this.dials.mostQueued) this.queue.pop()?.failed(this.queueFull());
  }

  private queueFull(): Error {
    const { figures } = this;
    this.effects.queueFull(figures);
    return queueFullError(this.pool, this.options, figures);
  }
}

/**
 * The data of one pool shard: idle connections, waiters, figures. Its process
 * owns it; requests work on it directly, as they would on an ETS table, so that
 * taking an idle connection and giving it back need no message.
 *
 * What holds after each step: `inUse + idle + connecting = open`, which is at
 * most `size`, overflow connections apart; a waiter without a dial of its own
 * has a limit on its waiting; nobody waits while a connection is idle.
 */
import { now } from '@linnet/otp';
import { Connection, type ConnectionOwner } from '../connection/connection.ts';
import { PoolDownError } from '../errors/index.ts';
import type { PoolFigures } from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { HandOver } from './hand-over.ts';
import type { PoolIdentity } from './identity.ts';
import { IdleStack } from './idle-stack.ts';
import { toNumber } from './limit.ts';
import { queueFull } from './queue-full.ts';
import type { SlotLedger, SlotSource, SlotUser } from './slot-ledger.ts';
import { WaitQueue, type Waiter } from './wait-queue.ts';

/** Starts the process of a connection; `connection.abandoned` is called when it cannot. */
export type StartConnection = (connection: Connection) => void;

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
  /** Whether the last attempt to open a connection failed. */
  dialFailed = false;
  /** When a connection was taken last; kept only for a pool with `poolMaxIdleTime`. */
  usedAt: number = now();
  /** Called when the last connection came back while draining, or the queue ran empty; and at the end. */
  onQuiet: () => void = () => {};

  private ledger: SlotLedger;
  private readonly startConnection: StartConnection;
  private readonly idle = new IdleStack();
  private readonly queue = new WaitQueue();
  private readonly handOver = new HandOver((connection) => this.pass(connection));
  private readonly connections = new Set<Connection>();
  private busy = 0;
  private dialling = 0;
  /** Open for use beyond `size`; not part of the cap. */
  private overflow = 0;

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
    this.ledger.join(this);
  }

  get inUse(): number {
    return this.busy;
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
    return this.busy + this.queue.size;
  }

  /** All connections, those being opened included. */
  get open(): number {
    return this.connections.size;
  }

  get figures(): { readonly [K in keyof PoolFigures]-?: number } {
    return {
      size: this.size,
      inUse: this.busy,
      idle: this.idle.size,
      connecting: this.dialling,
      queued: this.queue.unassigned,
    };
  }

  /** Whether nothing is in use and nobody waits. */
  get quiet(): boolean {
    return this.busy === 0 && this.queue.size === 0;
  }

  /** Takes an idle connection, the one used last. */
  take(): Connection | undefined {
    if (this.closed) return undefined;
    for (let it = this.idle.pop(); it !== undefined; it = this.idle.pop()) {
      if (it.fit) {
        it.checkout();
        this.taken();
        return it;
      }
      it.close('stale');
    }
    return undefined;
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
    const room = this.hasRoom;
    if (room && this.ledger.take(this)) {
      this.queue.push(waiter);
      this.openFor(waiter, false);
      return;
    }
    const { whenFull, maxQueue } = this.options;
    if (whenFull === 'overflow' && !room && this.ledger.take(this)) {
      this.queue.push(waiter);
      this.openFor(waiter, true);
    } else if (whenFull === 'fail' || this.queue.unassigned >= toNumber(maxQueue)) {
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

  /** Opens connections until `count` are idle or being opened, as far as the caps allow; returns them. */
  prewarm(count: number): Connection[] {
    const opening: Connection[] = [];
    while (
      !this.closed &&
      !this.draining &&
      this.idle.size + this.dialling < count &&
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
    if (this.connections.size > 0) this.ledger.add(this.host, this.connections.size);
    this.serve();
  }

  /** Changes the cap: what is too much is closed as soon as it is idle. */
  resize(size: number): void {
    this.size = size;
    while (this.connections.size - this.overflow > size && this.evictIdle()) {
      // One after the other.
    }
    this.serve();
  }

  setIdleTime(idleTime: number): void {
    this.idleTime = idleTime;
    this.idle.restartIdleTime(idleTime);
  }

  // From connections -----------------------------------------------------------

  /** It is open. */
  opened(connection: Connection): void {
    this.dialFailed = false;
    const asked = this.settleDial(connection);
    const waiter = this.queue.shift();
    if (asked !== undefined && asked !== waiter) asked.dialGone();
    if (waiter !== undefined) {
      this.dialling--;
      connection.checkout();
      this.taken();
      this.handOver.give(waiter, connection);
    } else if (this.draining || connection.overflow || this.idleTime === 0) {
      connection.close('drained');
    } else {
      this.dialling--;
      this.rest(connection);
    }
  }

  /** Whoever had it gives it back: to the next one who waits, to the idle ones, or not at all. */
  checkin(connection: Connection): void {
    if (!connection.fit || this.tooMany(connection)) {
      connection.close(connection.fit ? 'drained' : 'worn');
      return;
    }
    if (this.handOver.underWay) this.handOver.later(connection);
    else this.pass(connection);
  }

  /** It could not be opened: whoever it was for hears of it. */
  failed(connection: Connection, error: Error): void {
    this.dialFailed = true;
    const waiter = this.settleDial(connection);
    if (waiter === undefined) return;
    this.queue.remove(waiter);
    waiter.failed(error);
  }

  /** Its process died while it was being opened, which says nothing of the server. */
  lost(connection: Connection, error: Error): void {
    const waiter = this.settleDial(connection);
    if (waiter === undefined) return;
    if (waiter.dialLost()) return;
    this.queue.remove(waiter);
    waiter.failed(error);
  }

  /** Its process is dead or about to die, and its socket is not to be used any more. */
  gone(connection: Connection, from: 'connecting' | 'idle' | 'in_use'): void {
    if (!this.connections.delete(connection)) return;
    if (connection.overflow) this.overflow--;
    if (from === 'connecting') this.dialling--;
    else if (from === 'idle') this.idle.remove(connection);
    else this.busy--;
    this.ledger.give(this.host);
    this.serve();
    this.quietIfSo();
  }

  // From the ledger -------------------------------------------------------------

  get wanting(): boolean {
    return this.hasRoom && this.queue.unassigned > 0;
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

  private get hasRoom(): boolean {
    return this.connections.size - this.overflow < this.size;
  }

  private taken(): void {
    this.busy++;
    this.checkouts++;
    if (this.options.poolMaxIdleTime !== 'infinity') this.usedAt = now();
  }

  /** A connection in use is free: the next one has it, or nobody. */
  private pass(connection: Connection): void {
    const waiter = this.queue.shift();
    if (waiter !== undefined) {
      connection.handover();
      this.checkouts++;
      this.handOver.give(waiter, connection);
    } else if (this.idleTime === 0) {
      connection.close('idle_timeout');
    } else {
      this.busy--;
      this.rest(connection);
      this.quietIfSo();
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
    while (!this.closed && this.hasRoom) {
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
    if (waiter !== undefined) {
      this.queue.assign(waiter, connection);
      connection.openedFor = waiter;
      waiter.dialling();
    }
    this.startConnection(connection);
    return connection;
  }

  /** The dial is over: whoever it was for, unless served or gone by now. */
  private settleDial(connection: Connection): Waiter | undefined {
    const waiter = connection.openedFor;
    connection.openedFor = undefined;
    if (waiter?.dial !== connection) return undefined;
    this.queue.unassign(waiter);
    return waiter;
  }

  private tooMany(connection: Connection): boolean {
    if (connection.overflow) return true;
    if (this.draining) return this.queue.size === 0;
    return this.connections.size - this.overflow > this.size || this.ledger.overfull;
  }

  private quietIfSo(): void {
    if (this.draining && this.quiet) this.onQuiet();
  }
}

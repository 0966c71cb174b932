/**
 * The data of one pool shard: idle connections, waiters, figures. Its process
 * owns it; requests work on it directly, as they would on an ETS table, so that
 * taking an idle connection and giving it back need no message.
 */
import { now } from '@linnet/otp';
import { Connection, type ConnectionOwner } from '../connection/connection.ts';
import { PoolDownError, QueueFullError } from '../errors/index.ts';
import type { PoolFigures } from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from './identity.ts';
import { IdleStack } from './idle-stack.ts';
import type { SlotLedger, SlotUser } from './slot-ledger.ts';
import { WaitQueue, type Waiter } from './wait-queue.ts';

/** Starts the process of a connection; `connection.gone` comes when it cannot. */
export type StartConnection = (connection: Connection) => void;

export class Shard implements ConnectionOwner, SlotUser {
  readonly pool: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  /** From 0. */
  readonly index: number;
  readonly host: string;
  readonly maxPerHost: number;
  /** The cap on open connections; may be changed at any time. */
  size: number;
  /** `connMaxIdleTime`; may be changed at any time, connections that are idle already keep theirs. */
  idleTime: number;
  /** Set while the shard winds down: nothing new is taken on. */
  draining = false;
  closed = false;
  /** How often a connection was taken. */
  checkouts = 0;
  /** When a connection was taken last; kept only for a pool with `poolMaxIdleTime`. */
  private usedAt = now();
  /** Called when the last connection came back while draining, or the queue ran empty. */
  onQuiet: () => void = noop;

  private ledger: SlotLedger;
  private readonly startConnection: StartConnection;
  private readonly idle = new IdleStack();
  private readonly queue = new WaitQueue();
  private readonly connections = new Set<Connection>();
  private busy = 0;
  private dialling = 0;
  /** Open for use beyond `size`; not part of the cap. */
  private overflow = 0;

  constructor(
    pool: PoolIdentity,
    options: ResolvedPoolOptions,
    index: number,
    ledger: SlotLedger,
    startConnection: StartConnection,
  ) {
    this.pool = pool;
    this.options = options;
    this.index = index;
    this.host = pool.unixSocket ?? `${pool.host}:${pool.port}`;
    this.maxPerHost = toNumber(options.maxPerHost);
    this.size = options.size;
    this.idleTime = toNumber(options.connMaxIdleTime);
    this.ledger = ledger;
    this.startConnection = startConnection;
    ledger.join(this);
  }

  get inUse(): number {
    return this.busy;
  }

  get idleCount(): number {
    return this.idle.size;
  }

  get queued(): number {
    return this.queue.size;
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
      queued: this.queue.size,
    };
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

  /** Waits for a connection; opens one if there is room. The waiter hears of the outcome, maybe at once. */
  wait(waiter: Waiter): void {
    if (this.closed) {
      waiter.failed(new PoolDownError({ pool: this.pool.key }));
      return;
    }
    const room = this.connections.size - this.overflow < this.size;
    if (room && this.ledger.take(this)) {
      this.queue.push(waiter);
      this.openFor(waiter, false);
      return;
    }
    const { whenFull, maxQueue } = this.options;
    if (whenFull === 'overflow' && !room && this.ledger.take(this)) {
      this.queue.push(waiter);
      this.openFor(waiter, true);
    } else if (whenFull === 'fail' || this.queue.size >= toNumber(maxQueue)) {
      waiter.failed(
        new QueueFullError({
          pool: this.pool.key,
          maxQueue: maxQueue === 'infinity' ? undefined : maxQueue,
          whenFull,
          ...this.figures,
        }),
      );
    } else {
      this.queue.push(waiter);
    }
  }

  /** Stops waiting. A connection that is being opened for the waiter goes to somebody else. */
  cancel(waiter: Waiter): void {
    this.queue.remove(waiter);
    waiter.dial = undefined;
    this.quietIfSo();
  }

  /** Opens connections until `count` are idle or being opened, as far as the caps allow. */
  prewarm(count: number): void {
    while (
      !this.closed &&
      !this.draining &&
      this.idle.size + this.dialling < count &&
      this.connections.size - this.overflow < this.size &&
      this.ledger.take(this)
    ) {
      this.openFor(undefined, false);
    }
  }

  /** Since when nobody has used it; now, if somebody does. */
  idleSince(): number {
    return this.quiet ? this.usedAt : now();
  }

  /** The instance was restarted: counts the open connections in its new ledger. */
  moveTo(ledger: SlotLedger): void {
    this.ledger = ledger;
    ledger.join(this);
    if (this.connections.size > 0) ledger.add(this.host, this.connections.size);
  }

  /** Changes the cap: what is too much is closed as soon as it is idle. */
  resize(size: number): void {
    this.size = size;
    while (this.connections.size - this.overflow > size && this.evictIdle()) {
      // One after the other.
    }
    this.serve();
  }

  // From connections -----------------------------------------------------------

  /** It is open and idle for the first time. */
  opened(connection: Connection): void {
    this.dialling--;
    this.settleDial(connection);
    if (this.hand(connection)) return;
    if (this.draining || connection.overflow) connection.close('drained');
    else this.idle.push(connection);
  }

  /** Whoever had it gives it back: to the next one who waits, to the idle ones, or not at all. */
  checkin(connection: Connection): void {
    if (!connection.fit || this.tooMany(connection)) {
      connection.close(connection.fit ? 'drained' : 'worn');
      return;
    }
    const waiter = this.queue.shift();
    if (waiter !== undefined) {
      waiter.dial = undefined;
      connection.handover();
      this.checkouts++;
      waiter.connected(connection);
      return;
    }
    this.busy--;
    connection.checkin();
    this.idle.push(connection);
    this.quietIfSo();
  }

  /** The dial failed: whoever it was for hears of it. */
  failed(connection: Connection, error: Error): void {
    const waiter = this.settleDial(connection);
    if (waiter === undefined) return;
    this.queue.remove(waiter);
    waiter.failed(error);
  }

  /** Its process is dead and its socket closed. */
  gone(connection: Connection, from: 'connecting' | 'idle' | 'in_use'): void {
    if (!this.connections.delete(connection)) return;
    if (connection.overflow) this.overflow--;
    if (from === 'connecting') this.dialling--;
    else if (from === 'idle') this.idle.remove(connection);
    else this.busy--;
    this.ledger.give(this.host);
    if (!this.closed) {
      this.serve();
      // Not after a dial that failed: the process tries that again, at its own pace.
      if (from !== 'connecting') this.prewarm(this.options.prewarm);
    }
    this.quietIfSo();
  }

  // From the ledger -------------------------------------------------------------

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

  /** Nothing new from here on; `quiet` says when all that was taken on is done. */
  drain(): void {
    this.draining = true;
    while (this.evictIdle()) {
      // One after the other.
    }
  }

  get quiet(): boolean {
    return this.busy === 0 && this.queue.size === 0;
  }

  /** The end, orderly or not. Gives those who wait back to the caller. */
  close(): Waiter[] {
    this.closed = true;
    this.ledger.leave(this);
    const waiters = this.queue.clear();
    for (const waiter of waiters) waiter.dial = undefined;
    for (const connection of this.connections) connection.close('pool_down');
    return waiters;
  }

  // ------------------------------------------------------------------------------

  /** Hands a fresh connection to the next one who waits. */
  private hand(connection: Connection): boolean {
    const waiter = this.queue.shift();
    if (waiter === undefined) return false;
    waiter.dial = undefined;
    connection.checkout();
    this.taken();
    waiter.connected(connection);
    return true;
  }

  private taken(): void {
    this.busy++;
    this.checkouts++;
    if (this.options.poolMaxIdleTime !== 'infinity') this.usedAt = now();
  }

  /** Opens connections for those who wait without one being opened for them. */
  private serve(): void {
    while (!this.closed && this.connections.size - this.overflow < this.size) {
      const waiter = this.queue.firstWithoutDial();
      if (waiter === undefined || !this.ledger.take(this)) return;
      this.openFor(waiter, false);
    }
  }

  private openFor(waiter: Waiter | undefined, overflow: boolean): void {
    const connection = new Connection(this, waiter?.connectTimeout, overflow);
    this.connections.add(connection);
    this.dialling++;
    if (overflow) this.overflow++;
    if (waiter !== undefined) {
      waiter.dial = connection;
      connection.openedFor = waiter;
      waiter.dialling();
    }
    this.startConnection(connection);
  }

  /** The dial is over: whoever it was for, unless served or gone by now. */
  private settleDial(connection: Connection): Waiter | undefined {
    const waiter = connection.openedFor;
    connection.openedFor = undefined;
    if (waiter?.dial !== connection) return undefined;
    waiter.dial = undefined;
    return waiter;
  }

  private tooMany(connection: Connection): boolean {
    if (connection.overflow) return true;
    if (this.draining) return this.queue.size === 0;
    return this.connections.size - this.overflow > this.size;
  }

  private quietIfSo(): void {
    if (this.draining && this.quiet) this.onQuiet();
  }
}

function toNumber(limit: number | 'infinity' | undefined): number {
  return typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY;
}

function noop(): void {}

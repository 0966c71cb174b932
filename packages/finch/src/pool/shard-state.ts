/** The data of one pool shard, and what it tells of itself. */
import { now } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import type { PoolFigures } from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { ConnectionTable } from './connection-table.ts';
import { Forecast } from './forecast.ts';
import type { PoolIdentity } from './identity.ts';
import { toNumber } from './limit.ts';
import type { SlotLedger, SlotSource } from './slot-ledger.ts';
import { WaitQueue, type Waiter } from './wait-queue.ts';

export abstract class ShardState {
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

  protected ledger: SlotLedger;
  protected readonly table = new ConnectionTable();
  protected readonly queue = new WaitQueue();
  protected readonly forecast: Forecast;

  constructor(pool: PoolIdentity, options: ResolvedPoolOptions, index: number, slots: SlotSource) {
    this.instance = slots.name ?? '';
    this.pool = pool;
    this.options = options;
    this.index = index;
    this.host = pool.unixSocket ?? `${pool.host}:${pool.port}`;
    this.maxPerHost = toNumber(options.maxPerHost ?? slots.maxPerHost);
    this.size = options.size;
    this.idleTime = slots.idleTime ?? toNumber(options.connMaxIdleTime);
    this.ledger = slots.ledger;
    this.forecast = new Forecast(pool, options);
  }

  /** Whether the server wants HTTP/1.1 for the time being. */
  get http1Only(): boolean {
    return this.forecast.http1Only;
  }

  get inUse(): number {
    return this.table.inUse;
  }

  /** Callers that have a connection, or a part in one. */
  get inFlight(): number {
    return this.table.inFlight;
  }

  get idleCount(): number {
    return this.table.idleCount;
  }

  /** Callers that wait, without those for whom a connection is being opened. */
  get queued(): number {
    return this.queue.unassigned;
  }

  /** Callers that have a connection or wait for one. */
  get load(): number {
    return this.table.inFlight + this.queue.size;
  }

  /** How many requests at a time the server allows on a shared connection, as far as is known. */
  get streams(): number {
    return this.forecast.streams;
  }

  /** What the server spoke when it was last connected to, if that is known. */
  get protocol(): 'http1' | 'http2' | 'http3' | undefined {
    return this.forecast.protocol;
  }

  /** How many more callers would not have to wait, as far as one can tell. */
  get available(): number {
    const { callers } = this.forecast;
    let available = Math.max(0, this.size - this.table.counted) * callers;
    for (const { wire, room } of this.table) available += wire === undefined ? callers : room;
    return available;
  }

  /** The open connections that several may use, the one that is taken next first. */
  get shared(): Connection[] {
    return this.table.shared;
  }

  /** All connections, those being opened included. */
  get open(): number {
    return this.table.open;
  }

  get figures(): { readonly [K in keyof PoolFigures]-?: number } {
    const { table, queue, size } = this;
    return {
      size,
      inUse: table.inUse,
      inFlight: table.inFlight,
      idle: table.idleCount,
      connecting: table.connecting,
      queued: queue.unassigned,
    };
  }

  setIdleTime(idleTime: number): void {
    this.idleTime = idleTime;
    this.table.restartIdleTime(idleTime);
  }

  /** Takes a connection out of what callers are given; whoever has a place on it keeps that. */
  unlist(connection: Connection): void {
    this.table.unlist(connection);
  }

  /** Belongs to this instance from here on; what the former one was told by `setTimeout` is gone with it. */
  protected adopt(slots: SlotSource): void {
    this.ledger = slots.ledger;
    this.maxPerHost = toNumber(this.options.maxPerHost ?? slots.maxPerHost);
    this.idleTime = slots.idleTime ?? toNumber(this.options.connMaxIdleTime);
  }

  /** Whether nothing is in use and nobody waits. */
  get quiet(): boolean {
    return this.table.inUse === 0 && this.queue.size === 0;
  }

  protected get hasRoom(): boolean {
    return this.table.counted < this.size;
  }

  /** Whether it will soon be known how many callers one of the connections carries. */
  protected get expecting(): boolean {
    return this.forecast.isPending(this.table);
  }

  /** Whether a connection may be opened for somebody who waits without one being opened for him. */
  protected get mayOpen(): boolean {
    return !this.closed && this.hasRoom && this.queue.unassigned > 0 && !this.expecting;
  }

  /** Has somebody wait for a connection that is being opened already, if it will carry him. */
  protected joins(waiter: Waiter): boolean {
    const { callers } = this.forecast;
    if (callers === 1) return false;
    // With another limit the opening may last too long for him, or too short.
    const dial = this.table.openingForLess(callers, waiter.connectTimeout);
    if (dial === undefined) return false;
    this.queue.push(waiter);
    this.queue.assign(waiter, dial);
    return true;
  }

  /** Whether it had better be closed than used again. */
  protected tooMany(connection: Connection): boolean {
    if (connection.overflow) return !connection.shared || connection.users === 1;
    if (this.draining) return this.queue.size === 0;
    return this.table.counted > this.size || this.ledger.overfull;
  }

  /** Whether no connection is kept that nobody uses. */
  protected get keepsNone(): boolean {
    return this.draining || this.idleTime === 0;
  }

  /** Some wait although it is open: the server takes nobody now, and another one would be no better. */
  protected isSpurnedBy(connection: Connection): boolean {
    return !connection.takes && this.queue.size > 0;
  }
}

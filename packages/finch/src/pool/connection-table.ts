/**
 * The connections of a shard, by what they are fit for, and how many there are of
 * each kind: being opened, idle, in use with room for more, in use without.
 */
import type { CloseReason, ConnectionState } from '../connection/connection-owner.ts';
import type { Connection } from '../connection/connection.ts';
import { ConnectionStack } from './connection-stack.ts';

export class ConnectionTable implements Iterable<Connection> {
  private readonly all = new Set<Connection>();
  private readonly idle = new ConnectionStack();
  /** Those in use that have room. */
  private readonly sharing = new ConnectionStack();
  private opening = 0;
  private busy = 0;
  /** Places that are taken on those in use, those of whoever has unlisted one included. */
  private places = 0;
  private unlisted = 0;
  /** Open for use beyond the size of the pool. */
  private overflow = 0;
  /** In use, but taking on nobody any more; without those beyond the size. */
  private draining = 0;

  [Symbol.iterator](): SetIterator<Connection> {
    return this.all.values();
  }

  /** All of them, those being opened included. */
  get open(): number {
    return this.all.size;
  }

  /** Those that count against the size of the pool. */
  get counted(): number {
    return this.all.size - this.overflow - this.draining;
  }

  get connecting(): number {
    return this.opening;
  }

  get idleCount(): number {
    return this.idle.size;
  }

  get inUse(): number {
    return this.busy;
  }

  /** Callers that have one, or a place on one. */
  get inFlight(): number {
    return this.places - this.unlisted;
  }

  /** Those that are ready for a caller, or about to be. */
  get warm(): number {
    return this.idle.size + this.sharing.size + this.opening;
  }

  /** The open ones that several may use, the one that is taken next first. */
  get shared(): Connection[] {
    const next = this.next();
    return [...this.all]
      .filter(({ shared, fit, unlisted }) => shared && fit && !unlisted)
      .sort((one, other) => Number(other === next) - Number(one === next));
  }

  /** The one to take next: one that has room, else an idle one; of each kind the one used last. */
  next(): Connection | undefined {
    return this.sharing.peek() ?? this.idle.peek();
  }

  /** The one that has been idle longest. */
  get oldest(): Connection | undefined {
    return this.idle.oldest();
  }

  /** Closes the one that has been idle longest; false when none is idle. */
  closeOldest(reason: CloseReason): boolean {
    const connection = this.idle.oldest();
    connection?.close(reason);
    return connection !== undefined;
  }

  closeIdle(reason: CloseReason): void {
    while (this.closeOldest(reason)) {
      // One after the other.
    }
  }

  /** One that is being opened for fewer callers than that, and with this limit on its opening. */
  openingForLess(than: number, limit: Connection['connectTimeout']): Connection | undefined {
    for (const connection of this.all) {
      const { wire, overflow, openedFor, connectTimeout } = connection;
      if (wire !== undefined || overflow || connectTimeout !== limit) continue;
      if (openedFor.length < than) return connection;
    }
    return undefined;
  }

  /** It is being opened. */
  add(connection: Connection): void {
    this.all.add(connection);
    this.opening++;
    if (connection.overflow) this.overflow++;
  }

  /** Somebody takes it, or a place on it. */
  take(connection: Connection): void {
    if (connection.users > 0) {
      connection.join();
    } else {
      if (connection.connecting) this.opening--;
      else this.idle.remove(connection);
      this.busy++;
      connection.checkout();
    }
    this.places++;
    if (connection.shared) this.sort(connection);
  }

  /** One of several gives it back. */
  leave(connection: Connection): void {
    connection.leave();
    this.places--;
    this.sort(connection);
  }

  /** Nobody uses it: idle from here on. */
  rest(connection: Connection): void {
    if (connection.connecting) {
      this.opening--;
    } else {
      this.busy--;
      this.places--;
      this.sharing.remove(connection);
    }
    connection.checkin();
    this.idle.push(connection);
  }

  /** It takes on nobody any more, and ends with its last use. */
  drain(connection: Connection, reason: CloseReason): void {
    this.sharing.remove(connection);
    if (!connection.overflow) this.draining++;
    connection.drain(reason);
  }

  /** It is gone; false when it was before. */
  remove(connection: Connection, from: ConnectionState): boolean {
    if (!this.all.delete(connection)) return false;
    if (connection.overflow) this.overflow--;
    if (from === 'connecting') this.opening--;
    else if (from === 'idle') this.idle.remove(connection);
    else this.busy--;
    if (from === 'draining' && !connection.overflow) this.draining--;
    this.sharing.remove(connection);
    this.places -= connection.users;
    connection.users = 0;
    this.list(connection);
    return true;
  }

  /** It is not for those who ask the pool. It is held, so that it is neither idle nor closed for that. */
  unlist(connection: Connection): void {
    connection.unlisted = true;
    this.unlisted++;
    this.take(connection);
  }

  /** It is again. */
  list(connection: Connection): void {
    if (connection.unlisted) this.unlisted--;
    connection.unlisted = false;
  }

  /** Its room has changed. */
  sort(connection: Connection): void {
    if (connection.users === 0) return;
    if (connection.room === 0) this.sharing.remove(connection);
    else if (connection.stack === undefined) this.sharing.push(connection);
  }

  /** The idle time has changed: all that are idle have the new one from now on; 0 ends them. */
  restartIdleTime(idleTime: number): void {
    this.idle.restartIdleTime(idleTime);
  }
}

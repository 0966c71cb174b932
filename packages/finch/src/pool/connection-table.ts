/**
 * The connections of a pool, by what can be done with them: being opened, idle,
 * in use with streams available, in use without. A connection's state is its
 * own; these are the ways to find it.
 */
import type { CloseReason } from '../connection/owner.ts';
import { ConnectionList } from './connection-list.ts';
import type { PoolConnection } from './pool-connection.ts';

export class ConnectionTable<C extends PoolConnection<C>> implements Iterable<C> {
  private readonly all = new Set<C>();
  /** Those being opened, in the order in which that began. */
  private readonly opening = new Set<C>();
  /** Those being opened to take the place of others: no caller waits for them. */
  private readonly successors = new Set<C>();
  private readonly idle = new ConnectionList<C>();
  /** Those in use that have streams available. */
  private readonly available = new ConnectionList<C>();
  /** Those beyond the size of the pool: opened as overflow, draining, or not open yet and successors. */
  private readonly excess = new Set<C>();
  /** How many users those in use have, the processes that unlisted one included. */
  private users = 0;
  private unlisted = 0;

  [Symbol.iterator](): SetIterator<C> {
    return this.all.values();
  }

  /** All of them, those being opened included. */
  get open(): number {
    return this.all.size;
  }

  /** Those that count against the size of the pool. */
  get counted(): number {
    return this.all.size - this.excess.size;
  }

  get connecting(): number {
    return this.opening.size + this.successors.size;
  }

  /** Those being opened for callers. */
  get dialled(): number {
    return this.opening.size;
  }

  get idleCount(): number {
    return this.idle.size;
  }

  get inUse(): number {
    return this.all.size - this.connecting - this.idle.size;
  }

  /** Callers that have one, or a stream of one. */
  get inFlight(): number {
    return this.users - this.unlisted;
  }

  /** Those that are ready for a caller, or about to be. */
  get warm(): number {
    return this.idle.size + this.available.size + this.opening.size;
  }

  /** Those being opened for callers, in the order in which that began. */
  get dials(): Iterable<C> {
    return this.opening;
  }

  /** The open ones that several callers may use, the one that is taken next first. */
  get shared(): C[] {
    const next = this.next();
    return [...this.all]
      .filter(({ shared, reusable, unlisted }) => shared && reusable && !unlisted)
      .sort((one, other) => Number(other === next) - Number(one === next));
  }

  /** Whether an HTTP/3 connection is there for further callers, or about to be. */
  get hasHttp3(): boolean {
    if (this.successors.size > 0) return true;
    for (const { protocol, state } of this.all) {
      if (protocol === 'http3' && state !== 'draining') return true;
    }
    return false;
  }

  /** The one to take next: one with streams available, else an idle one; of each kind the one used last. */
  next(): C | undefined {
    return this.available.newest ?? this.idle.newest;
  }

  /** The one that has been idle longest. */
  get oldestIdle(): C | undefined {
    return this.idle.oldest;
  }

  closeIdle(reason: CloseReason): void {
    for (let it = this.idle.oldest; it !== undefined; it = this.idle.oldest) it.close(reason);
  }

  /** It is being opened. */
  add(connection: C): void {
    this.all.add(connection);
    if (connection.successor) this.successors.add(connection);
    else this.opening.add(connection);
    if (connection.overflow || connection.successor) this.excess.add(connection);
  }

  /** It is open, and idle. */
  opened(connection: C): void {
    this.opening.delete(connection);
    if (this.successors.delete(connection)) this.excess.delete(connection);
    this.idle.push(connection);
  }

  /** A caller takes it, or a stream of it. False when it is closed. */
  take(connection: C): boolean {
    if (connection.users > 0) {
      connection.reuse();
    } else {
      if (!connection.checkout()) return false;
      this.idle.remove(connection);
    }
    connection.users++;
    this.users++;
    if (connection.shared) this.updateAvailability(connection);
    return true;
  }

  /** One of several users gives it back. */
  leave(connection: C): void {
    connection.users--;
    this.users--;
    this.updateAvailability(connection);
  }

  /** Its last user gives it back. False when it is closed. */
  markIdle(connection: C): boolean {
    if (!connection.checkin()) return false;
    this.available.remove(connection);
    connection.users = 0;
    this.users--;
    this.idle.push(connection);
    return true;
  }

  /** It accepts no further request, and ends with its last user. */
  drain(connection: C, reason: CloseReason): void {
    if (!connection.drain(reason)) return;
    this.available.remove(connection);
    this.excess.add(connection);
  }

  /** An HTTP/3 connection is open: the others end with what they carry. One that is unlisted is its keeper's. */
  supersede(): void {
    for (const connection of this.all) {
      const { protocol, state, unlisted, users } = connection;
      if (protocol === 'http3' || unlisted) continue;
      if (state === 'connecting' || state === 'draining') continue;
      if (users === 0) connection.close('superseded');
      else this.drain(connection, 'superseded');
    }
  }

  /** It is gone; false when it was before. */
  remove(connection: C): boolean {
    if (!this.all.delete(connection)) return false;
    this.opening.delete(connection);
    this.successors.delete(connection);
    this.excess.delete(connection);
    this.idle.remove(connection);
    this.available.remove(connection);
    this.users -= connection.users;
    connection.users = 0;
    this.list(connection);
    return true;
  }

  /** Takes it out of circulation. It is held, so that it is neither idle nor closed for that. */
  unlist(connection: C): boolean {
    if (!this.take(connection)) return false;
    connection.unlisted = true;
    this.unlisted++;
    this.updateAvailability(connection);
    return true;
  }

  /** Puts it back into circulation; `leave` or `markIdle` ends the hold on it. */
  list(connection: C): void {
    if (connection.unlisted) this.unlisted--;
    connection.unlisted = false;
  }

  /** The number of its available streams has changed. */
  updateAvailability(connection: C): void {
    if (connection.users === 0) return;
    if (connection.availableStreams === 0) this.available.remove(connection);
    else if (connection.list === undefined) this.available.push(connection);
  }

  /** The idle time has changed: it begins anew for all that are idle; 0 ends them. */
  restartIdleTime(idleTime: number): void {
    if (idleTime === 0) this.closeIdle('idle_timeout');
    let it = this.idle.oldest;
    while (it !== undefined) {
      const next: C | undefined = it.above;
      it.restartIdleTime();
      it = next;
    }
  }
}

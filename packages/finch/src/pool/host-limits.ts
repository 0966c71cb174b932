/**
 * How many connections an instance may have, in all and to each host. The
 * limits outlive the pools; a slot is held by a connection and comes back with
 * the death of its process.
 */

import type { AlternativeServices } from '../alt-svc/store.ts';
import type { HostLeaseSource, HostLimiter } from '../options/host-limiter.ts';

/** What may want a slot: a shard of a pool. */
export interface SlotUser {
  /** Canonical `host:port`, or the path of a Unix socket. */
  readonly host: string;
  readonly maxPerHost: number;
  /** Whether a caller waits in it that no dial is expected to serve. */
  readonly wanting: boolean;
  /** A slot may be free: take one if it is still wanted. */
  slotFree(): void;
  /** Gives up the connection that has been idle longest; false when none is idle. */
  evictIdle(): boolean;
}

/** Where a shard gets its slots from, and what it shares with others: the instance. */
export interface SlotSource {
  readonly hostLimits: HostLimits;
  /** The cap for pools that do not have their own. */
  readonly maxPerHost: number | 'infinity';
  /** The name of the instance. */
  readonly name?: string;
  /** The idle time of all pools, in ms, where the instance was told one. */
  readonly idleTime?: number | undefined;
  /** Where servers can be reached by HTTP/3, as the instance has heard. */
  readonly alternatives?: AlternativeServices;
}

export class HostLimits {
  private cap: number;
  private total = 0;
  private readonly used = new Map<string, number>();
  private readonly users = new Set<SlotUser>();
  /** Pools that wait for a slot, in the order in which they asked. */
  private readonly waiting = new Set<SlotUser>();

  /** The user that has idle connections of others closed for it. */
  private taking: SlotUser | undefined = undefined;

  /** Those of a limit that is shared with other instances. */
  private readonly leases: HostLeaseSource | undefined;

  constructor(maxConnections: number, limiter?: HostLimiter) {
    this.cap = maxConnections;
    this.leases = limiter?.join({
      leaseFree: () => this.wake(),
      leaseWanted: (host) => {
        while (this.leases?.isWanted(host) === true && this.evict(undefined, host)) {
          // One after the other.
        }
      },
    });
  }

  /** The cap over all hosts; Infinity for none. */
  get maxConnections(): number {
    return this.cap;
  }

  /** Acts at once: on those who wait when it grows, on idle connections when it shrinks. */
  set maxConnections(maxConnections: number) {
    this.cap = maxConnections;
    while (this.total > this.cap && this.evict(undefined)) {
      // One after the other.
    }
    this.wake();
  }

  /** Whether there are more connections than the cap, which was lowered, or the leases for this host allow. */
  isOverfull(host: string): boolean {
    return this.total > this.cap || this.leases?.isWanted(host) === true;
  }

  join(user: SlotUser): void {
    this.users.add(user);
  }

  leave(user: SlotUser): void {
    this.users.delete(user);
    this.waiting.delete(user);
  }

  /** Slots in use: of one host, or of all. */
  count(host?: string): number {
    return host === undefined ? this.total : (this.used.get(host) ?? 0);
  }

  /**
   * Takes a slot. When there is none, a connection that another user keeps idle is closed for it;
   * when there is none of those, the user is told later, in turn.
   */
  take(user: SlotUser): boolean {
    // A slot that comes free meanwhile is not offered to the user: it is about to take it.
    const outer = this.taking;
    this.taking = user;
    let isFree = this.free(user);
    while (!isFree && this.evict(user)) isFree = this.free(user);
    this.taking = outer;
    if (!isFree) {
      this.waiting.add(user);
      if (this.hasRoom(user)) this.leases?.ask(user.host);
      return false;
    }
    this.waiting.delete(user);
    this.enter(user.host);
    return true;
  }

  /** Takes a slot that no other user waits for: for a connection that is opened ahead of its callers. */
  takeSpare(user: SlotUser): boolean {
    if (this.waiting.size > 0 || !this.hasRoom(user)) return false;
    if (!this.free(user)) {
      this.leases?.ask(user.host);
      return false;
    }
    this.enter(user.host);
    return true;
  }

  /** Counts connections that were open before this object was made, even above the limits. */
  add(host: string, connections: number): void {
    this.total += connections;
    this.used.set(host, this.count(host) + connections);
    this.leases?.add(host, connections);
  }

  give(host: string): void {
    const left = this.count(host) - 1;
    this.total--;
    if (left === 0) this.used.delete(host);
    else this.used.set(host, left);
    this.leases?.give(host);
    if (this.waiting.size > 0) this.wake();
  }

  /**
   * Whether a connection to this host had better be closed than kept idle: it is one too many, or
   * another user waits for its slot, or others for its lease.
   */
  wants(host: string): boolean {
    if (this.isOverfull(host)) return true;
    if (this.waiting.size === 0) return false;
    for (const user of this.waiting) {
      if (!user.wanting) {
        this.waiting.delete(user);
        continue;
      }
      const ofHost = this.count(user.host) - (user.host === host ? 1 : 0);
      if (user.host !== host && this.leases?.has(user.host) === false) continue;
      if (this.total - 1 < this.cap && ofHost < user.maxPerHost) return true;
    }
    return false;
  }

  /** Offers free slots to those who wait, in the order in which they asked. */
  wake(): void {
    // A user that asks again meanwhile has its turn later.
    let left = this.waiting.size;
    for (const user of this.waiting) {
      if (left-- === 0 || this.total >= this.cap) return;
      if (user === this.taking || !this.free(user)) continue;
      this.waiting.delete(user);
      user.slotFree();
    }
  }

  private free(user: SlotUser): boolean {
    return this.hasRoom(user) && this.leases?.has(user.host) !== false;
  }

  /** Whether the limits of the instance allow one more. */
  private hasRoom(user: SlotUser): boolean {
    return this.total < this.cap && this.count(user.host) < user.maxPerHost;
  }

  private enter(host: string): void {
    this.total++;
    this.used.set(host, this.count(host) + 1);
    this.leases?.take(host);
  }

  /** The host of which alone a connection must go for this user; undefined for any. */
  private hostInTheWay(user: SlotUser): string | undefined {
    const isHostFull = this.count(user.host) >= user.maxPerHost;
    return isHostFull || this.leases?.has(user.host) === false ? user.host : undefined;
  }

  /** Closes an idle connection of another user, in turn; of the same host, where its slots are used up. */
  private evict(
    user: SlotUser | undefined,
    host = user === undefined ? undefined : this.hostInTheWay(user),
  ): boolean {
    for (const other of this.users) {
      if (other === user || (host !== undefined && other.host !== host)) continue;
      if (!other.evictIdle()) continue;
      this.users.delete(other);
      this.users.add(other);
      return true;
    }
    return false;
  }
}

/**
 * How many connections an instance may have, in all and to each host. The
 * ledger outlives the pools; a slot is held by a connection and comes back with
 * the death of its process.
 */

/** Who may want a slot: a shard of a pool. */
export interface SlotUser {
  /** Canonical `host:port`, or the path of a Unix socket. */
  readonly host: string;
  readonly maxPerHost: number;
  /** A slot may be free: take one if it is still wanted. */
  slotFree(): void;
  /** Gives up the connection that has been idle longest; false when none is idle. */
  evictIdle(): boolean;
}

export class SlotLedger {
  /** The cap over all hosts; Infinity for none. */
  maxConnections: number;
  private total = 0;
  private readonly used = new Map<string, number>();
  private readonly users = new Set<SlotUser>();
  private readonly waiting = new Set<SlotUser>();

  constructor(maxConnections: number) {
    this.maxConnections = maxConnections;
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
   * Takes a slot. When there is none, a connection that somebody else keeps idle is closed for it;
   * when there is none of those, the user is told later, in turn.
   */
  take(user: SlotUser): boolean {
    while (!this.free(user)) {
      if (!this.evict(user)) {
        this.waiting.add(user);
        return false;
      }
    }
    this.waiting.delete(user);
    this.add(user.host, 1);
    return true;
  }

  /** Counts connections that were open before this ledger was, whether or not they fit. */
  add(host: string, connections: number): void {
    this.total += connections;
    this.used.set(host, this.count(host) + connections);
  }

  give(host: string): void {
    const left = this.count(host) - 1;
    this.total--;
    if (left === 0) this.used.delete(host);
    else this.used.set(host, left);
    this.wake();
  }

  /** Offers free slots to those who wait, in the order in which they asked. */
  wake(): void {
    for (const user of this.waiting) {
      if (this.total >= this.maxConnections) return;
      if (!this.free(user)) continue;
      this.waiting.delete(user);
      user.slotFree();
    }
  }

  private free(user: SlotUser): boolean {
    return this.total < this.maxConnections && this.count(user.host) < user.maxPerHost;
  }

  private evict(user: SlotUser): boolean {
    const sameHost = this.count(user.host) >= user.maxPerHost;
    for (const other of this.users) {
      if (other === user || (sameHost && other.host !== user.host)) continue;
      if (other.evictIdle()) return true;
    }
    return false;
  }
}

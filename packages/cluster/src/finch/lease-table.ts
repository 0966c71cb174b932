/**
 * The leases of one node: to each host it may have as many connections as it holds leases. All instances
 * of Finch on the node take from it, in plain calls; the process that gets leases from the other nodes
 * hears what is wanted and what is left over.
 */
import type { HostLeaseSource, HostLeaseUser } from '@linnet/finch';

/** The leases for one host. */
interface HostEntry {
  /** Leases that this node has; at least as many as it uses. */
  held: number;
  /** Connections that are open or being opened. */
  used: number;
  /** What it may keep while others want leases; Infinity while they do not. */
  share: number;
  /** Instances that found no lease. */
  readonly waiting: Set<HostLeaseUser>;
}

/** What is held of a host, and how many instances want more. */
export interface LeaseFigures {
  readonly held: number;
  readonly used: number;
  readonly waiting: number;
}

export class LeaseTable {
  readonly #hosts = new Map<string, HostEntry>();
  readonly #users = new Set<HostLeaseUser>();
  readonly #changed = new Set<string>();
  #wake: (() => void) | undefined = undefined;

  /** A process takes care of the table: it is woken when something has changed. */
  attach(wake: () => void): void {
    this.#wake = wake;
    for (const host of this.#hosts.keys()) this.#noteChange(host);
  }

  /** It is gone: what is not in use has no owner. */
  detach(): void {
    this.#wake = undefined;
    this.#changed.clear();
    for (const [host, entry] of this.#hosts) {
      entry.held = entry.used;
      entry.share = Number.POSITIVE_INFINITY;
      this.#tidy(host, entry);
    }
  }

  /** The hosts for which leases are wanted, or left over, since the last time. */
  takeChanged(): string[] {
    const hosts = [...this.#changed];
    this.#changed.clear();
    return hosts;
  }

  /** The leases as one instance sees them; `leave` gives all back that it uses. */
  join(user: HostLeaseUser): { readonly source: HostLeaseSource; readonly leave: () => void } {
    this.#users.add(user);
    const own = new Map<string, number>();
    const count = (host: string, by: number): void => {
      const used = (own.get(host) ?? 0) + by;
      if (used === 0) own.delete(host);
      else own.set(host, used);
    };
    const source: HostLeaseSource = {
      has: (host) => this.#has(host),
      take: (host) => {
        count(host, 1);
        this.#entryOf(host).used++;
      },
      ask: (host) => {
        this.#entryOf(host).waiting.add(user);
        this.#noteChange(host);
      },
      give: (host) => {
        count(host, -1);
        this.#give(host, 1);
      },
      add: (host, connections) => {
        count(host, connections);
        this.#adopt(host, connections);
      },
      isWanted: (host) => {
        const entry = this.#hosts.get(host);
        return entry !== undefined && entry.used > entry.share;
      },
    };
    const leave = (): void => {
      this.#users.delete(user);
      for (const entry of this.#hosts.values()) entry.waiting.delete(user);
      for (const [host, used] of own) this.#give(host, used);
      own.clear();
    };
    return { source, leave };
  }

  figures(host: string): LeaseFigures {
    const { held = 0, used = 0, waiting } = this.#hosts.get(host) ?? {};
    return { held, used, waiting: waiting?.size ?? 0 };
  }

  /** Adds leases that were granted. */
  grant(host: string, count: number): void {
    const entry = this.#entryOf(host);
    entry.held += count;
    this.#offer(host, entry);
  }

  /** Others want leases, and this node is to keep so many; Infinity when they do not any more. */
  setShare(host: string, share: number): void {
    const entry = this.#hosts.get(host);
    if (entry === undefined) return;
    entry.share = share;
    if (entry.used > share) for (const user of this.#users) user.leaseWanted(host);
    else this.#offer(host, entry);
  }

  /** Takes out the leases that are not in use, except `keep`; those above the share in any case. */
  takeSpare(host: string, keep: number): number {
    const entry = this.#hosts.get(host);
    if (entry === undefined) return 0;
    const kept = Math.max(entry.used, Math.min(entry.held, keep, entry.share));
    const spare = entry.held - kept;
    entry.held = kept;
    this.#tidy(host, entry);
    return spare;
  }

  #has(host: string): boolean {
    const entry = this.#hosts.get(host);
    return entry !== undefined && entry.used < Math.min(entry.held, entry.share);
  }

  #give(host: string, count: number): void {
    const entry = this.#entryOf(host);
    entry.used -= count;
    if (this.#wake === undefined) entry.held = entry.used;
    this.#offer(host, entry);
    this.#noteChange(host);
    this.#tidy(host, entry);
  }

  #adopt(host: string, count: number): void {
    const entry = this.#entryOf(host);
    entry.used += count;
    if (entry.used <= entry.held) return;
    // They are open: nothing is gained by not counting them.
    entry.held = entry.used;
    this.#noteChange(host);
  }

  /** Tells those who wait that there are leases, in turn. */
  #offer(host: string, entry: HostEntry): void {
    for (const user of entry.waiting) {
      if (!this.#has(host)) return;
      entry.waiting.delete(user);
      user.leaseFree(host);
    }
  }

  #noteChange(host: string): void {
    if (this.#wake === undefined) return;
    if (this.#changed.size === 0) this.#wake();
    this.#changed.add(host);
  }

  #entryOf(host: string): HostEntry {
    let entry = this.#hosts.get(host);
    if (entry === undefined) {
      entry = { held: 0, used: 0, share: Number.POSITIVE_INFINITY, waiting: new Set() };
      this.#hosts.set(host, entry);
    }
    return entry;
  }

  #tidy(host: string, { held, used, waiting }: HostEntry): void {
    if (held === 0 && used === 0 && waiting.size === 0) this.#hosts.delete(host);
  }
}

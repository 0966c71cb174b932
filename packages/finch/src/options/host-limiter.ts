/**
 * A limit on the connections to each host that an instance shares with others, such as those of all
 * nodes of a cluster: what such a limiter is to an instance. The instance asks it for a lease before
 * each new connection, and keeps the lease for as long as that is open.
 */

/**
 * Limits the connections to each host beyond one instance.
 *
 * @example
 * // `HostLeases.limiter()` of @linnet/cluster/finch is one for all nodes of a cluster; this one limits nothing:
 * const leases: HostLeaseSource = {
 *   has: () => true,
 *   take: () => {},
 *   ask: () => {},
 *   give: () => {},
 *   add: () => {},
 *   isWanted: () => false,
 * };
 * const finch = await Finch.startLink({ name: 'http', hostLimiter: { join: () => leases } });
 */
export interface HostLimiter {
  /** An instance begins to use it; called in the process with which the use ends. */
  join(instance: HostLeaseUser): HostLeaseSource;
}

/** What a limiter tells an instance. Hosts are given as `host:port`, or by the path of a Unix socket. */
export interface HostLeaseUser {
  /** There may be a lease for a host for which there was none before. */
  leaseFree(host: string): void;
  /** Others want leases of a host: its idle connections are closed, as long as `isWanted` says so. */
  leaseWanted(host: string): void;
}

/** Where an instance gets its leases from. Nothing here waits: what is not at hand is asked for. */
export interface HostLeaseSource {
  /** Whether there is a lease at hand. */
  has(host: string): boolean;
  /** Takes one that `has` has seen in the same turn. */
  take(host: string): void;
  /** Asks for one: `leaseFree` is called when there may be one. */
  ask(host: string): void;
  /** Gives one back: its connection is closed. */
  give(host: string): void;
  /** Counts connections that are open already, even above the limit. */
  add(host: string, connections: number): void;
  /** Whether a connection to this host had better be closed than kept idle. */
  isWanted(host: string): boolean;
}

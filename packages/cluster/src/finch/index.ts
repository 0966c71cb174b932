/** Limits on the connections of Finch to each host, over all nodes of a cluster. */
export { HostLeases, type HostLeasesOptions } from './host-leases.ts';
export type { LeaseFigures } from './lease-table.ts';

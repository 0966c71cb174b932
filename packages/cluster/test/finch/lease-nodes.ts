/** What the nodes of these tests have in common. */
import type { Finch } from '@linnet/finch';
import type { HostLeasesOptions } from '../../src/finch/index.ts';

/** Three nodes, of which each alone may have two connections. */
export const leaseOptions: HostLeasesOptions = { maxPerHost: 6, nodes: 3, keepMs: 50 };

/** Makes many requests at once; gives how many were answered. */
export async function requestAll(finch: Finch, url: string, count: number): Promise<number> {
  const responses = await Promise.all(
    Array.from({ length: count }, () => finch.get(url, { poolTimeout: 20_000 })),
  );
  return responses.filter(({ status }) => status === 200).length;
}

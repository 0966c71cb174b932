/** The pools of all instances, and the connections of one of them. */
import { Finch, isFinchError, type ConnectionListing, type PoolListing } from '@linnet/finch';
import type {
  ConnectionRow,
  InstanceFigures,
  PoolFigures,
  PoolsDocument,
  ShardFigures,
} from '../protocol/documents.ts';
import type { RequestLog } from './request-log.ts';
import { given } from './show.ts';

/** Pools, and connections of a pool, that are shown. */
const mostPools = 200;
const mostConnections = 200;

type PoolsPage = Omit<PoolsDocument, 'system'>;

/** The name by which a page asks for the connections of a pool. */
export const poolId = (instance: string, key: string): string => `${instance} ${key}`;

export function poolsPage(log: RequestLog, at: number, selected: string): PoolsPage {
  const pools: Record<string, PoolFigures> = {};
  let connections: Record<string, ConnectionRow> = {};
  let connectionCount = 0;
  let count = 0;
  for (const finch of Finch.list()) {
    for (const listing of whileRunning(() => finch.listPools()) ?? []) {
      if (++count > mostPools) break;
      const { key } = listing.pool;
      const id = poolId(finch.name, key);
      pools[id] = describe(finch.name, listing, log);
      if (id !== selected) continue;
      const found = whileRunning(() => finch.listConnections(listing.pool)) ?? [];
      connectionCount = found.length;
      connections = rowsOf(finch.name, found, at);
    }
  }
  return { pools, connections, connectionCount };
}

function describe(instance: string, listing: PoolListing, log: RequestLog): PoolFigures {
  const { pool, pid, status, userManaged } = listing;
  const record = log.pool(instance, pool.key);
  const shards: Record<string, ShardFigures> = {};
  for (const { poolIndex, pid: shardPid, protocol, limit: _, ...figures } of listing.shards) {
    shards[`shard ${poolIndex}`] = {
      pid: shardPid.toString(),
      ...figures,
      ...given('protocol', protocol),
    };
  }
  return {
    instance,
    key: pool.key,
    pid: pid.toString(),
    status,
    userManaged,
    shards,
    requests: record?.requests ?? 0,
    failed: record?.failed ?? 0,
    timeouts: record?.timeouts ?? 0,
    connectErrors: record?.connectErrors ?? 0,
    ...given('waitP50', record?.wait?.p50),
    ...given('waitP99', record?.wait?.p99),
  };
}

function rowsOf(
  instance: string,
  connections: readonly ConnectionListing[],
  at: number,
): Record<string, ConnectionRow> {
  const rows: Record<string, ConnectionRow> = {};
  connections.slice(0, mostConnections).forEach((connection, index) => {
    const { pid, pool, poolIndex: shard, state, protocol, age, remoteAddress } = connection;
    const { served, inFlight, limit, remotePort } = connection;
    const peer = remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort ?? ''}`;
    rows[pid?.toString() ?? `starting ${index}`] = {
      pool,
      instance,
      shard,
      ...given('pid', pid?.toString()),
      state,
      ...given('protocol', protocol),
      // To the second: it is told once, and not again because clocks differ by a ms.
      openedAt: Math.round((at - age) / 1000) * 1000,
      served,
      inFlight,
      limit: Number.isFinite(limit) ? limit : Number.MAX_SAFE_INTEGER,
      ...given('peer', peer?.trim()),
    };
  });
  return rows;
}

/** The figures of each instance that runs. */
export function instanceFigures(): Record<string, InstanceFigures> {
  const instances = new Map<string, InstanceFigures>();
  for (const finch of Finch.list()) {
    const stats = whileRunning(() => finch.getStats());
    if (stats === undefined) continue;
    const { name, ...figures } = stats;
    instances.set(name, figures);
  }
  return Object.fromEntries(instances);
}

/** Undefined when the instance or the pool has just ended. */
function whileRunning<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isFinchError(error)) return undefined;
    throw error;
  }
}

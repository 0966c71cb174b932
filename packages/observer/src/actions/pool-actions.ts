/** Changing pools and connections. */
import { Finch, type PoolListing } from '@linnet/finch';
import { exit, type Pid } from '@linnet/otp';
import { ActionError } from '../errors.ts';

interface Found {
  readonly finch: Finch;
  readonly pool: PoolListing['pool'];
}

function find(instance: string, key: string): Found {
  const finch = Finch.list().find(({ name }) => name === instance);
  const listing = finch?.listPools().find(({ pool }) => pool.key === key);
  if (finch === undefined || listing === undefined) {
    throw new ActionError(`there is no pool ${key} of ${instance}`);
  }
  return { finch, pool: listing.pool };
}

/** Lets requests in flight end, then stops the pool. */
export async function drainPool(instance: string, key: string): Promise<string> {
  const { finch, pool } = find(instance, key);
  await finch.stopPool(pool);
  return 'drained and stopped';
}

/** Changes how many connections each of its shards may have. */
export function resizePool(instance: string, key: string, size: number): string {
  const { finch, pool } = find(instance, key);
  finch.setPoolSize(pool, size);
  return `${size} ${size === 1 ? 'connection' : 'connections'} at most, a shard`;
}

/** Changes the number of its shards. */
export async function shardPool(instance: string, key: string, count: number): Promise<string> {
  const { finch, pool } = find(instance, key);
  await finch.setPoolCount(pool, count);
  return `${count} ${count === 1 ? 'shard' : 'shards'}`;
}

export async function prewarmPool(instance: string, key: string, count: number): Promise<string> {
  const { finch, pool } = find(instance, key);
  return `${await finch.prewarm(pool, count)} idle`;
}

/** Ends a connection; what is in flight on it fails. */
export function closeConnection(instance: string, pid: Pid): string {
  const finch = Finch.list().find(({ name }) => name === instance);
  const isConnection = finch?.listConnections().some((connection) => connection.pid === pid);
  if (isConnection !== true)
    throw new ActionError(`${String(pid)} is no connection of ${instance}`);
  exit(pid, 'shutdown');
  return 'closed';
}

/** The refusal of a pool that takes no further waiter. */
import { QueueFullError } from '../errors/index.ts';
import { queueIsFull } from '../telemetry/pool-events.ts';
import { toNumber } from './limit.ts';
import type { Shard } from './shard.ts';
import type { WaitQueue } from './wait-queue.ts';

export function queueFull({ instance, pool, options, figures }: Shard): QueueFullError {
  queueIsFull(instance, pool, figures);
  const { whenFull, maxQueue } = options;
  return new QueueFullError({
    pool: pool.key,
    origin: pool.origin,
    maxQueue: maxQueue === 'infinity' ? undefined : maxQueue,
    whenFull,
    ...figures,
  });
}

/** Refuses those who wait beyond what the pool allows, the newest first: more was expected of a connection. */
export function refuseSurplus(shard: Shard, queue: WaitQueue): void {
  const { whenFull, maxQueue } = shard.options;
  const most = whenFull === 'fail' ? 0 : toNumber(maxQueue);
  while (queue.unassigned > most) {
    const newest = queue.lastUnassigned();
    if (newest === undefined) return;
    queue.refuse(newest, queueFull(shard));
  }
}

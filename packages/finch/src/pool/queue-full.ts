/** The refusal of a pool that takes no further waiter. */
import { QueueFullError } from '../errors/index.ts';
import { queueIsFull } from '../telemetry/pool-events.ts';
import type { Shard } from './shard.ts';

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

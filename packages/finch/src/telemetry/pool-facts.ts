/** What every event says of its pool. */
import { now } from '@linnet/otp';
import type { PoolIdentity } from '../identity/index.ts';
import type { PoolEvent } from './events.ts';

/** The facts of a pool, at this moment unless another one is given. */
export function poolFacts(name: string, pool: PoolIdentity, time: number = now()): PoolEvent {
  const { key, tag, scheme, host, port } = pool;
  return { name, pool: key, tag, scheme, host, port, time };
}

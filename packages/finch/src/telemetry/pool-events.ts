/** The events of pools. */
import { onDeath, type ExitReason, type Pid } from '@linnet/otp';
import type { Figures } from '../errors/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import * as channels from './channels.ts';
import { poolFacts } from './pool-facts.ts';

/** What the events of a pool report of it. */
export interface ObservedPool {
  readonly identity: PoolIdentity;
  readonly supervisor: Pid | undefined;
  readonly userManaged: boolean;
  readonly instance: { readonly name: string };
}

/** The supervisor of a pool is up. Its end is published, too. */
export function poolStarted(pool: ObservedPool): void {
  const { identity, supervisor, userManaged, instance } = pool;
  if (channels.poolStarted.hasSubscribers) {
    channels.poolStarted.publish({
      ...poolFacts(instance.name, identity),
      supervisor,
      userManaged,
    });
  }
  if (supervisor !== undefined) onDeath(supervisor, (reason) => poolStopped(pool, reason));
}

function poolStopped(pool: ObservedPool, reason: ExitReason): void {
  if (!channels.poolStopped.hasSubscribers) return;
  const { identity, supervisor, userManaged, instance } = pool;
  const facts = poolFacts(instance.name, identity);
  channels.poolStopped.publish({ ...facts, supervisor, userManaged, reason });
}

/** A pool stops because it was idle for `poolMaxIdleTime`. */
export function poolIdleTimedOut({ identity, instance }: ObservedPool, idleTime: number): void {
  if (!channels.poolIdleTimeout.hasSubscribers) return;
  channels.poolIdleTimeout.publish({ ...poolFacts(instance.name, identity), idleTime });
}

/** A caller is rejected: the queue is full. */
export function queueIsFull(name: string, pool: PoolIdentity, figures: Figures): void {
  if (!channels.queueFull.hasSubscribers) return;
  channels.queueFull.publish({ ...poolFacts(name, pool), ...figures });
}

/** The events of pools. */
import { Watch, type ExitReason, type Pid } from '@linnet/otp';
import type { Figures } from '../errors/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import * as channels from './channels.ts';
import { poolFacts } from './pool-facts.ts';

/** What the events of a pool report of it. */
export interface ObservedPool {
  readonly identity: PoolIdentity;
  readonly supervisor: Pid | undefined;
  readonly userManaged: boolean;
  readonly home: { readonly name: string };
}

/** The supervisor of a pool is up. Its end is published, too. */
export function poolStarted(pool: ObservedPool): void {
  const { identity, supervisor, userManaged, home } = pool;
  if (channels.poolStarted.hasSubscribers) {
    channels.poolStarted.publish({ ...poolFacts(home.name, identity), supervisor, userManaged });
  }
  if (supervisor !== undefined) new PoolEnd(pool).watch(supervisor);
}

class PoolEnd extends Watch {
  readonly #pool: ObservedPool;

  constructor(pool: ObservedPool) {
    super();
    this.#pool = pool;
  }

  protected override down(supervisor: Pid, reason: ExitReason): void {
    if (!channels.poolStopped.hasSubscribers) return;
    const { identity, userManaged, home } = this.#pool;
    const facts = poolFacts(home.name, identity);
    channels.poolStopped.publish({ ...facts, supervisor, userManaged, reason });
  }
}

/** A pool stops because it was idle for `poolMaxIdleTime`. */
export function poolIdleTimedOut({ identity, home }: ObservedPool, idleTime: number): void {
  if (!channels.poolIdleTimeout.hasSubscribers) return;
  channels.poolIdleTimeout.publish({ ...poolFacts(home.name, identity), idleTime });
}

/** A caller is rejected: the queue is full. */
export function queueIsFull(name: string, pool: PoolIdentity, figures: Figures): void {
  if (!channels.queueFull.hasSubscribers) return;
  channels.queueFull.publish({ ...poolFacts(name, pool), ...figures });
}

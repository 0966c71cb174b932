/**
 * What a shard's process does of its own accord: keeps connections warm, and
 * stops a pool that nobody uses. On timers that keep no program running.
 */
import { arm, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import type { Pool } from './pool.ts';
import type { Shard } from './shard.ts';

/** How often a pool sees to it that enough connections are warm, in ms. */
const warmInterval = 1000;

/** The longest pause between two attempts on a server that is down, in ms. */
const longestPause = 32_000;

export class Upkeep {
  private readonly warmth: Warmth | undefined;
  private readonly idleness: Idleness | undefined;

  /** `expired` is called when nobody has used the pool for `poolMaxIdleTime`. */
  constructor(pool: Pool, shard: Shard, expired: () => void) {
    const { prewarm, poolMaxIdleTime } = pool.options;
    if (prewarm > 0) this.warmth = new Warmth(shard, prewarm);
    // A pool of the user's stays until its supervisor stops it.
    if (poolMaxIdleTime !== 'infinity' && !pool.userManaged) {
      this.idleness = new Idleness(pool, poolMaxIdleTime, expired);
    }
  }

  stop(): void {
    this.warmth?.stop();
    this.idleness?.stop();
  }
}

/** Opens connections until enough are idle; with growing pauses while the server is down. */
class Warmth implements TimeoutTarget {
  private readonly shard: Shard;
  private readonly count: number;
  private pause = warmInterval;
  private timer: Timer | undefined;

  constructor(shard: Shard, count: number) {
    this.shard = shard;
    this.count = count;
    this.warm();
  }

  stop(): void {
    this.timer?.cancel();
  }

  onTimeout(): void {
    this.pause = this.shard.dialFailed ? Math.min(this.pause * 2, longestPause) : warmInterval;
    this.warm();
  }

  private warm(): void {
    this.shard.prewarm(this.count);
    this.timer = arm(this, this.pause, true);
  }
}

class Idleness implements TimeoutTarget {
  private readonly pool: Pool;
  private readonly limit: number;
  private readonly expired: () => void;
  private timer: Timer;

  constructor(pool: Pool, limit: number, expired: () => void) {
    this.pool = pool;
    this.limit = limit;
    this.expired = expired;
    this.timer = arm(this, Math.max(1, limit), true);
  }

  stop(): void {
    this.timer.cancel();
  }

  onTimeout(): void {
    const since = this.pool.idleSince;
    const left = since === undefined ? this.limit : since + this.limit - now();
    if (left <= 0) this.expired();
    // Also then: somebody may use it before its process hears of it.
    this.timer = arm(this, Math.max(1, Math.ceil(left <= 0 ? this.limit : left)), true);
  }
}

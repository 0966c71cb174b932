/**
 * A pool as requests find it: its shards, and which of them serves next. One
 * object for the life of the pool's supervisor; the instance's registry holds
 * it beside the supervisor's pid.
 */
import { Watch, type Pid } from '@linnet/otp';
import type { PoolStrategy, ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from './identity.ts';
import type { Shard } from './shard.ts';
import type { SlotLedger } from './slot-ledger.ts';
import { chooseShard } from './strategy.ts';

/** The instance, as a pool sees it. */
export interface PoolHome {
  readonly name: string;
  readonly ledger: SlotLedger;
  /** The cap for pools that do not have their own. */
  readonly maxPerHost: number | 'infinity';
  /** The name by which a user-managed pool is found by an instance that comes back. */
  userPoolName(key: string): string;
  /** Registers a user-managed pool that is up already. */
  adopt(pool: Pool): void;
  /** A shard of the pool can serve. */
  arrived(pool: Pool): void;
}

export class Pool {
  readonly identity: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  /** True when another supervisor than the instance's owns it. */
  readonly userManaged: boolean;
  home: PoolHome;
  /** Its supervisor. */
  supervisor: Pid | undefined;
  /** The supervisor of its connections. */
  connections: Pid | undefined;
  /** How many shards it is to have. */
  count: number;
  /** Set while the pool winds down on request. */
  stopping = false;
  private readonly shards: Array<Shard | undefined> = [];
  private readonly processes = new Map<Shard, Pid>();
  private turn = 0;

  constructor(
    identity: PoolIdentity,
    options: ResolvedPoolOptions,
    home: PoolHome,
    userManaged: boolean,
  ) {
    this.identity = identity;
    this.options = options;
    this.home = home;
    this.userManaged = userManaged;
    this.count = options.count;
  }

  /** The shards that are up. */
  get live(): Shard[] {
    return this.shards.filter((shard) => shard !== undefined);
  }

  /** The process of a live shard. */
  processOf(shard: Shard): Pid {
    return this.processes.get(shard) as Pid;
  }

  /** A shard has started; when its process dies its waiters look for another one. */
  attach(shard: Shard, process: Pid): void {
    this.shards[shard.index] = shard;
    this.processes.set(shard, process);
    new ShardGuard(this, shard).watch(process);
  }

  detach(shard: Shard): void {
    if (this.shards[shard.index] === shard) this.shards[shard.index] = undefined;
    this.processes.delete(shard);
    for (const waiter of shard.close()) waiter.requeue();
  }

  /** Joins an instance that has come back: open connections count in its ledger. */
  moveTo(home: PoolHome): void {
    this.home = home;
    for (const shard of this.live) shard.moveTo(home.ledger);
  }

  /** The shard for the next request; undefined while none is up. */
  pick(strategy: PoolStrategy | undefined): Shard | undefined {
    if (this.stopping) return undefined;
    if (this.count === 1) {
      const only = this.shards[0];
      return only === undefined || only.draining ? undefined : only;
    }
    const shards = this.live.filter((shard) => !shard.draining);
    if (shards.length < 2) return shards[0];
    return chooseShard(shards, strategy ?? this.options.poolStrategy, this.turn++);
  }
}

/** Closes a shard in the turn in which its process dies, whatever it died of. */
class ShardGuard extends Watch {
  private readonly pool: Pool;
  private readonly shard: Shard;

  constructor(pool: Pool, shard: Shard) {
    super();
    this.pool = pool;
    this.shard = shard;
  }

  protected override down(): void {
    this.pool.detach(this.shard);
  }
}

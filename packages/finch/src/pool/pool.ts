/**
 * A pool as requests find it: its shards, and which of them serves next. One
 * object for the life of the pool's supervisor; the instance's registry holds
 * it beside the supervisor's pid.
 */
import { onDeath, type Pid } from '@linnet/otp';
import type { PoolStrategy, ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { PoolCore } from './core.ts';
import type { SlotSource } from './host-limits.ts';
import { chooseShard } from './selection.ts';

/** A shard, as requests work on it: the core that its process owns. */
export type Shard = PoolCore;

/** The instance, as a pool sees it. */
export interface PoolHost extends SlotSource {
  readonly name: string;
  /** Set when a part of the instance died: its pools skip draining, so that it is back soon. */
  readonly crashed: boolean;
  /** Gives numbers from 0 to below 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** The supervisor of a pool is up: from here on requests find the pool. */
  register(pool: Pool): void;
  /** A shard of the pool can serve. */
  poolReady(pool: Pool): void;
}

export class Pool {
  readonly identity: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  /** True when another supervisor than the instance's owns it. */
  readonly userManaged: boolean;
  instance: PoolHost;
  /** Its supervisor. */
  supervisor: Pid | undefined;
  /** The supervisor of its connections. */
  connections: Pid | undefined;
  /** How many shards it is to have. */
  count: number;
  /** The cap on the open connections of each shard. */
  size: number;
  /** Set while the pool winds down; nothing new reaches it. */
  stopping = false;
  /** The winding down that was asked for, while it lasts. */
  stopped: Promise<void> | undefined;
  /** The last of the changes of its count, which come one after the other. */
  resized: Promise<void> = Promise.resolve();
  private readonly shards: Array<Shard | undefined> = [];
  private readonly processes = new Map<Shard, Pid>();
  /** The shards that take something on. */
  private ready: readonly Shard[] = [];
  private turn = 0;

  constructor(
    identity: PoolIdentity,
    options: ResolvedPoolOptions,
    instance: PoolHost,
    userManaged: boolean,
  ) {
    this.identity = identity;
    this.options = options;
    this.instance = instance;
    this.userManaged = userManaged;
    this.count = options.count;
    this.size = options.size;
  }

  /** The shards that are up. */
  get live(): Shard[] {
    return this.shards.filter((shard) => shard !== undefined);
  }

  /** A number from 0 to below 1, at random. */
  random(): number {
    return (this.instance.random ?? Math.random)();
  }

  /** Since when it has not been used; undefined while it is. */
  get idleSince(): number | undefined {
    let latest = 0;
    for (const shard of this.live) {
      if (!shard.quiet) return undefined;
      latest = Math.max(latest, shard.usedAt);
    }
    return latest;
  }

  /** The process of a live shard. */
  processOf(shard: Shard): Pid {
    return this.processes.get(shard) as Pid;
  }

  /** A shard has started; when its process dies its waiters look for another one. */
  attach(shard: Shard, process: Pid): void {
    if (this.size !== shard.size) shard.resize(this.size);
    this.shards[shard.index] = shard;
    this.processes.set(shard, process);
    this.refresh();
    onDeath(process, () => this.detach(shard));
  }

  detach(shard: Shard): void {
    if (this.shards[shard.index] === shard) this.shards[shard.index] = undefined;
    this.processes.delete(shard);
    this.refresh();
    shard.close();
  }

  /** Changes the cap of all shards, those included that start later. */
  resize(size: number): void {
    this.size = size;
    for (const shard of this.live) shard.resize(size);
  }

  /** Nothing new for this shard from here on. */
  drain(shard: Shard): void {
    shard.drain();
    this.refresh();
  }

  /** Joins another instance: open connections count in its host limits. */
  moveTo(instance: PoolHost): void {
    this.instance = instance;
    for (const shard of this.live) shard.moveTo(instance);
  }

  /** The shard for the next request of a process; undefined while none is up. */
  pick(strategy: PoolStrategy | undefined, caller: Pid | undefined): Shard | undefined {
    if (this.stopping) return undefined;
    const { ready } = this;
    if (ready.length < 2) return ready[0];
    return chooseShard(ready, strategy ?? this.options.poolStrategy, this.turn++, caller, this);
  }

  private refresh(): void {
    this.ready = this.live.filter((shard) => !shard.draining);
  }
}

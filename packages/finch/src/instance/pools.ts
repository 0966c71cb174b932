/** Managing the pools of an instance: starting, stopping, resizing, looking at them. */
import {
  DynamicSupervisor,
  GenServer,
  isAlive,
  processInfo,
  Supervisor,
  type Pid,
} from '@linnet/otp';
import {
  InstanceNotFoundError,
  isFinchError,
  PoolNotFoundError,
  type Figures,
} from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { poolFrom, type PoolIdentity, type PoolLike } from '../identity/index.ts';
import { shardId, shardSpec } from '../pool/supervisor.ts';
import type { Pool, Shard } from '../pool/pool.ts';
import { inBackground } from './in-background.ts';
import type { Instance } from './instance.ts';
import { poolsName } from './manager.ts';

/** The figures of one shard at this moment. */
export interface PoolMetrics extends Figures {
  /** The process of the shard. */
  readonly pid: Pid;
  /** From 1. */
  readonly poolIndex: number;
  /** How many more callers would be served without waiting, as far as the server's limits are known. */
  readonly available: number;
  /** The protocol of the last connection; undefined before there was one. */
  readonly protocol: 'http1' | 'http2' | 'http3' | undefined;
  /** How many requests one connection may carry at a time: 1 on HTTP/1; undefined with `protocol`. */
  readonly limit: number | undefined;
  /** How many checkouts there were since the shard started. */
  readonly checkouts: number;
}

/** A pool, as `listPools` tells it. */
export interface PoolListing {
  readonly pool: PoolIdentity;
  /** Its supervisor. */
  readonly pid: Pid;
  /** True when another supervisor than the instance's owns it. */
  readonly userManaged: boolean;
  /** `'up'`; `'down'` while no shard is running; `'stopping'` while it winds down. */
  readonly status: 'up' | 'down' | 'stopping';
  readonly shards: readonly PoolMetrics[];
}

/**
 * The running pool of a URL, a `Pool` or its parts.
 *
 * @throws PoolNotFoundError
 */
export function requirePool(instance: Instance, id: PoolLike): Pool {
  const { key } = poolFrom(id);
  const pool = instance.pool(key);
  if (pool === undefined) throw new PoolNotFoundError({ pool: key, instance: instance.name });
  return pool;
}

/** The supervisor of a pool that runs and is not being stopped. */
export function findPool(instance: Instance, id: PoolLike): Pid | undefined {
  const pool = instance.pool(poolFrom(id).key);
  return pool === undefined || pool.stopping ? undefined : pool.supervisor;
}

/** Starts a pool of the instance; nothing happens when there is one with this key. */
export async function startInstancePool(
  instance: Instance,
  identity: PoolIdentity,
  options: ResolvedPoolOptions,
): Promise<void> {
  instance.declare(identity.key);
  const failure = await GenServer.call<Error | undefined>(
    instance.manager,
    ['startPool', identity, options],
    { timeout: 'infinity' },
  ).catch(() => new InstanceNotFoundError({ instance: instance.name }));
  if (failure === undefined) return;
  // The manager was still up, but not the supervisor of the pools.
  if (instance.closed && !isFinchError(failure)) {
    throw new InstanceNotFoundError({ instance: instance.name });
  }
  throw failure;
}

/**
 * Stops a pool: requests in flight may end within `grace` ms, new ones do not reach it. The key of a
 * user-managed pool is free afterwards, also that of one that is down.
 */
export function stopPool(instance: Instance, id: PoolLike, grace: number): Promise<void> {
  const { key } = poolFrom(id);
  const pool = instance.pool(key);
  if (pool === undefined) {
    if (instance.release(key)) return Promise.resolve();
    throw new PoolNotFoundError({ pool: key, instance: instance.name });
  }
  pool.stopping = true;
  pool.stopped ??= inBackground(() => windDown(instance, pool, grace)).finally(() => {
    pool.stopped = undefined;
  });
  return pool.stopped;
}

async function windDown(instance: Instance, pool: Pool, grace: number): Promise<void> {
  const { supervisor } = pool;
  await Promise.all(pool.live.map((shard) => drain(pool, shard, grace)));
  instance.release(pool.identity.key);
  if (supervisor === undefined) return;
  try {
    await stopSupervisor(instance, pool, supervisor);
  } catch (error) {
    // Not a failure when it has ended meanwhile, or ends with the instance.
    const ends = instance.closed && !pool.userManaged;
    if (isAlive(supervisor) && !ends) throw error;
  }
}

function drain(pool: Pool, shard: Shard, grace: number): Promise<void> {
  return GenServer.call<void>(pool.processOf(shard), ['drain', grace], {
    timeout: 'infinity',
  }).catch(() => {}); // it has ended by itself
}

/** Stops it through its owner, which would start a permanent child again otherwise. */
async function stopSupervisor(instance: Instance, pool: Pool, supervisor: Pid): Promise<void> {
  const owner = processInfo(supervisor)?.parent;
  if (!pool.userManaged) {
    await DynamicSupervisor.terminateChild(poolsName(instance.name), supervisor);
  } else if (owner === undefined || !(await terminateUnder(owner, supervisor))) {
    await Supervisor.stop(supervisor);
  }
}

async function terminateUnder(owner: Pid, supervisor: Pid): Promise<boolean> {
  const label = processInfo(owner)?.label;
  if (label === 'dynamic_supervisor') {
    await DynamicSupervisor.terminateChild(owner, supervisor);
    return true;
  }
  if (label !== 'supervisor') return false;
  const children = await Supervisor.whichChildren(owner);
  const child = children.find(({ pid }) => pid === supervisor);
  if (child === undefined) return false;
  // The children of a simple_one_for_one supervisor have no ids.
  await Supervisor.terminateChild(owner, child.id ?? supervisor);
  return true;
}

/**
 * Adds shards, or drains and stops those with the highest numbers. One change of a pool's count
 * comes after the other.
 */
export function setPoolCount(
  instance: Instance,
  id: PoolLike,
  count: number,
  grace: number,
): Promise<void> {
  const pool = requirePool(instance, id);
  const resized = pool.resized.then(() => inBackground(() => resize(pool, count, grace)));
  pool.resized = resized.catch(() => {});
  return resized.catch((error: unknown) => {
    if (pool.supervisor !== undefined && isAlive(pool.supervisor)) throw error;
    throw new PoolNotFoundError({ pool: pool.identity.key, instance: instance.name });
  });
}

async function resize(pool: Pool, count: number, grace: number): Promise<void> {
  const supervisor = pool.supervisor as Pid;
  while (pool.count < count) {
    await Supervisor.startChild(supervisor, shardSpec(pool, pool.count));
    pool.count++;
  }
  if (pool.count === count) return;
  const surplus = Array.from({ length: pool.count - count }, (_, above) => count + above);
  await Promise.all(
    surplus.map(async (index) => {
      const shard = pool.live.find((candidate) => candidate.index === index);
      if (shard !== undefined) await drain(pool, shard, grace);
    }),
  );
  while (pool.count > count) {
    const index = --pool.count;
    await Supervisor.terminateChild(supervisor, shardId(index));
    await Supervisor.deleteChild(supervisor, shardId(index));
  }
}

/** Changes the cap on the connections of each shard, at once. */
export function setPoolSize(instance: Instance, id: PoolLike, size: number): void {
  requirePool(instance, id).resize(size);
}

/**
 * The figures of a pool.
 *
 * @throws PoolNotFoundError also when the pool's `startPoolMetrics` is false.
 */
export function poolStatus(instance: Instance, id: PoolLike): PoolMetrics[] {
  const pool = requirePool(instance, id);
  if (pool.options.startPoolMetrics) return metricsOf(pool);
  throw new PoolNotFoundError({ pool: pool.identity.key, instance: instance.name });
}

/** The figures of the pools that run by the `default` options, by key. */
export function defaultPoolStatus(instance: Instance): Map<string, PoolMetrics[]> {
  return new Map(
    instance
      .pools()
      .filter(({ pool }) => instance.isTemplated(pool) && pool.options.startPoolMetrics)
      .map(({ pool }) => [pool.identity.key, metricsOf(pool)]),
  );
}

function metricsOf(pool: Pool): PoolMetrics[] {
  return pool.live.map((shard) => shardMetrics(pool, shard));
}

export function listPools(instance: Instance): PoolListing[] {
  return instance.pools().map(({ pool, pid }) => ({
    pool: pool.identity,
    pid,
    userManaged: pool.userManaged,
    status: pool.stopping ? 'stopping' : pool.live.length === 0 ? 'down' : 'up',
    shards: metricsOf(pool),
  }));
}

function shardMetrics(pool: Pool, shard: Shard): PoolMetrics {
  const { protocol } = shard;
  return {
    ...shard.figures,
    pid: pool.processOf(shard),
    poolIndex: shard.index + 1,
    available: shard.available,
    protocol,
    limit: protocol === undefined ? undefined : protocol === 'http1' ? 1 : shard.streams,
    checkouts: shard.checkouts,
  };
}

/** Starting, stopping, resizing pools, and looking at them. */
import type { Pid } from '@linnet/otp';
import {
  defaultPoolStatus,
  listPools,
  poolStatus,
  requirePool,
  setPoolCount,
  startInstancePool,
  stopPool,
  type PoolListing,
  type PoolMetrics,
} from '../instance/pools.ts';
import {
  checkPoolCount,
  parsePoolOptions,
  parseStopPoolOptions,
  type PoolOptions,
  type StopPoolOptions,
} from '../options/index.ts';
import { poolFrom, type PoolLike } from '../pool/identity.ts';
import { LeaseApi } from './lease-api.ts';

export abstract class PoolApi extends LeaseApi {
  /**
   * Starts a pool at run time, owned by the instance. When there is one with
   * this key already, nothing happens and the options are not looked at further.
   *
   * Mirrors `Finch.start_pool/3`.
   *
   * @throws OptionsError, InstanceNotFoundError
   */
  async startPool(pool: PoolLike, options?: PoolOptions): Promise<void> {
    await startInstancePool(this.running(), poolFrom(pool), parsePoolOptions(options));
  }

  /**
   * Stops a pool, whoever owns it: requests in flight end within `grace` ms
   * (5000), new ones do not reach it.
   *
   * Mirrors `Finch.stop_pool/2`.
   *
   * @throws PoolNotFoundError
   */
  async stopPool(pool: PoolLike, options?: StopPoolOptions): Promise<void> {
    await stopPool(this.running(), pool, parseStopPoolOptions(options).grace);
  }

  /** The supervisor of a running pool, or undefined. Never starts one. Mirrors `Finch.find_pool/2`. */
  findPool(pool: PoolLike): Pid | undefined {
    const running = this.running().pool(poolFrom(pool).key);
    return running === undefined || running.stopping ? undefined : running.supervisor;
  }

  /** All pools of the instance, user-managed ones included. */
  listPools(): PoolListing[] {
    return listPools(this.running());
  }

  /**
   * The figures of a pool, one entry a shard; of `'default'`, a Map with those
   * of all pools that run by the `default` options.
   *
   * Mirrors `Finch.get_pool_status/2`.
   *
   * @throws PoolNotFoundError when there is no such pool, or its
   * `startPoolMetrics` is false.
   */
  getPoolStatus(pool: 'default'): Map<string, PoolMetrics[]>;
  getPoolStatus(pool: PoolLike): PoolMetrics[];
  getPoolStatus(id: PoolLike): PoolMetrics[] | Map<string, PoolMetrics[]> {
    const instance = this.running();
    return id === 'default' ? defaultPoolStatus(instance) : poolStatus(instance, id);
  }

  /** How many shards a pool has. @throws PoolNotFoundError */
  getPoolCount(pool: PoolLike): number {
    return requirePool(this.running(), pool).count;
  }

  /**
   * Changes the number of shards: adds new ones, or drains those with the
   * highest numbers within 5000 ms and stops them.
   *
   * @throws PoolNotFoundError, OptionsError
   */
  async setPoolCount(pool: PoolLike, count: number): Promise<void> {
    checkPoolCount(count);
    await setPoolCount(this.running(), pool, count, 5000);
  }
}

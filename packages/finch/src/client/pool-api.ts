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
import { ping } from '../exchange/ping.ts';
import {
  checkPoolCount,
  parsePoolOptions,
  parseStopPoolOptions,
  readPingOptions,
  type PingOptions,
  type PoolOptions,
  type StopPoolOptions,
} from '../options/index.ts';
import { poolFrom, type PoolLike } from '../identity/index.ts';
import { LeaseApi } from './lease-api.ts';

export abstract class PoolApi extends LeaseApi {
  /**
   * Starts a pool at run time, owned by the instance. When there is one with
   * this key already, nothing happens and the options are not looked at further.
   *
   * Mirrors `Finch.start_pool/3`.
   *
   * @throws OptionsError, InstanceNotFoundError
   *
   * @example
   * await finch.startPool('https://reports.internal', { size: 5 });
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
   *
   * @example
   * await finch.stopPool('https://reports.internal', { grace: 1000 });
   */
  async stopPool(pool: PoolLike, options?: StopPoolOptions): Promise<void> {
    await stopPool(this.running(), pool, parseStopPoolOptions(options).grace);
  }

  /**
   * The supervisor of a running pool, or undefined. Never starts one.
   *
   * Mirrors `Finch.find_pool/2`.
   *
   * @example
   * if (finch.findPool('https://reports.internal') === undefined) console.log('not running');
   */
  findPool(pool: PoolLike): Pid | undefined {
    const running = this.running().pool(poolFrom(pool).key);
    return running === undefined || running.stopping ? undefined : running.supervisor;
  }

  /**
   * All pools of the instance, user-managed ones included.
   *
   * Use it for a dashboard or a health check: it is synchronous and asks no process.
   *
   * @example
   * for (const { pool, status, shards } of finch.listPools()) {
   *   console.log(pool.key, status, shards.map(({ inUse, size }) => `${inUse} of ${size}`));
   * }
   */
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
   *
   * @example
   * const [shard] = finch.getPoolStatus('https://api.internal');
   * console.log(shard?.inUse, shard?.queued);
   *
   * for (const [key, shards] of finch.getPoolStatus('default')) console.log(key, shards.length);
   */
  getPoolStatus(pool: 'default'): Map<string, PoolMetrics[]>;
  getPoolStatus(pool: PoolLike): PoolMetrics[];
  getPoolStatus(id: PoolLike): PoolMetrics[] | Map<string, PoolMetrics[]> {
    const instance = this.running();
    return id === 'default' ? defaultPoolStatus(instance) : poolStatus(instance, id);
  }

  /**
   * Measures a round trip on an HTTP/2 connection of a pool, by a PING, in ms.
   * Opens a connection, and starts the pool, if need be.
   *
   * Use it to see whether a server answers without sending it a request; to find
   * dead connections in time, use the option `http2.pingInterval`.
   *
   * Mirrors `Finch.ping/2`, with a limit: `timeout`, 5000 ms.
   *
   * Rejects with InvalidRequestError when the server speaks HTTP/1.1, with
   * PoolTimeoutError or ReceiveTimeoutError after `timeout`, with
   * ConnectionClosedError when the connection ends first, with what opening one
   * rejects with, and with RequestCancelledError.
   *
   * @example
   * const ms = await finch.ping('https://api.example.com', { timeout: 1000 });
   */
  async ping(pool: PoolLike, options?: PingOptions): Promise<number> {
    return ping(this.running(), poolFrom(pool), readPingOptions(options));
  }

  /**
   * How many shards a pool has.
   *
   * Mirrors `Finch.get_pool_count/2`.
   *
   * @throws PoolNotFoundError
   *
   * @example
   * finch.getPoolCount('https://api.internal'); // 2
   */
  getPoolCount(pool: PoolLike): number {
    return requirePool(this.running(), pool).count;
  }

  /**
   * Changes the number of shards: adds new ones, or drains those with the
   * highest numbers within 5000 ms and stops them.
   *
   * Mirrors `Finch.set_pool_count/3`, which cuts off what they were doing.
   *
   * @throws PoolNotFoundError, OptionsError
   *
   * @example
   * await finch.setPoolCount('https://api.internal', 4);
   */
  async setPoolCount(pool: PoolLike, count: number): Promise<void> {
    checkPoolCount(count);
    await setPoolCount(this.running(), pool, count, 5000);
  }
}

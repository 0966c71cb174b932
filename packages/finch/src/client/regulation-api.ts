/** The functions of `hackney_pool` that look at an instance as a whole and steer it. */
import {
  countConnections,
  hostStats,
  idleTime,
  instanceStats,
  maxConnections,
  notify,
  prewarm,
  setIdleTime,
  setMaxConnections,
  type HostStats,
  type InstanceStats,
} from '../instance/stats.ts';
import {
  checkIdleTime,
  checkMaxConnections,
  checkPrewarmCount,
} from '../options/regulation-options.ts';
import type { PoolLike } from '../identity/index.ts';
import { SharedApi } from './shared-api.ts';

/**
 * Every one of these throws InstanceNotFoundError when the instance does not
 * run, and PoolNotFoundError when it is asked for a pool that is not there.
 */
export abstract class RegulationApi extends SharedApi {
  /**
   * How many connections are open, in use or idle: over all pools, or of one.
   *
   * Mirrors `hackney_pool:count/1,2`; unlike that, the count of one pool
   * includes the connections in use, too.
   *
   * @throws PoolNotFoundError, InstanceNotFoundError
   *
   * @example
   * finch.count('https://api.example.com'); // 3
   */
  count(pool?: PoolLike): number {
    return countConnections(this.running(), pool);
  }

  /**
   * The figures over all pools, without knowing any server; all read at once.
   *
   * Mirrors `hackney_pool:get_stats/1`; `queued` is the real length.
   *
   * @throws InstanceNotFoundError
   *
   * @example
   * const { inUse, idle, queued, maxConnections } = finch.getStats();
   */
  getStats(): InstanceStats {
    return instanceStats(this.running());
  }

  /**
   * The figures of one server, over all pools that lead to it, whatever their
   * scheme and tag; zeros for one that has none. The host may be written in any
   * case; of a Unix socket it is the path, and the port is 0.
   *
   * Mirrors `hackney_pool:host_stats/3`.
   *
   * @throws OptionsError, InstanceNotFoundError
   *
   * @example
   * finch.hostStats('api.example.com', 443); // { active: 5, inUse: 3, idle: 2 }
   */
  hostStats(host: string, port: number): HostStats {
    return hostStats(this.running(), host, port);
  }

  /**
   * The cap on open connections over all pools; `'infinity'` by default.
   *
   * Mirrors `hackney_pool:max_connections/1`.
   *
   * @throws InstanceNotFoundError
   *
   * @example
   * finch.maxConnections(); // 'infinity'
   */
  maxConnections(): number | 'infinity' {
    return maxConnections(this.running());
  }

  /**
   * Changes that cap, until the instance is restarted. Acts at once: callers that
   * wait for a slot get the new ones; what is too much is closed when it is idle.
   *
   * Mirrors `hackney_pool:set_max_connections/2`.
   *
   * @throws OptionsError unless it is an integer >= 1 or `'infinity'`.
   * @throws InstanceNotFoundError
   *
   * @example
   * finch.setMaxConnections(200);
   */
  setMaxConnections(maxConnections: number | 'infinity'): void {
    checkMaxConnections(maxConnections);
    setMaxConnections(this.running(), maxConnections);
  }

  /**
   * How long a connection stays idle before it is closed, in ms: what `setTimeout`
   * said, else the `connMaxIdleTime` (30,000) of the instance's `default` options.
   *
   * Mirrors `hackney_pool:timeout/1`, without its cap of 2000.
   *
   * @throws InstanceNotFoundError
   *
   * @example
   * finch.timeout(); // 30_000
   */
  timeout(): number | 'infinity' {
    return idleTime(this.running());
  }

  /**
   * Changes that time for all pools, those included that have one of their own or
   * are started later, until the instance is restarted. Acts at once: connections
   * that are idle now have all of the new time from now on; with 0 they close.
   *
   * Mirrors `hackney_pool:set_timeout/2`.
   *
   * @throws OptionsError unless it is a time in ms or `'infinity'`.
   * @throws InstanceNotFoundError
   *
   * @example
   * finch.setTimeout(2000);
   */
  setTimeout(timeout: number | 'infinity'): void {
    checkIdleTime(timeout);
    setIdleTime(this.running(), timeout);
  }

  /**
   * Opens connections until `count` of a pool are idle, and resolves with how many
   * are, when each is open or has failed. Starts the pool if need be. Never opens
   * more than `size`, `maxPerHost` and `maxConnections` allow, and closes no idle
   * connection of another pool for it.
   *
   * `count` is the pool's `prewarm` option, or 4. Happens once: for connections
   * that are kept ready use that option.
   *
   * Mirrors `hackney_pool:prewarm/3,4`.
   *
   * Rejects with OptionsError, PoolDownError, InstanceNotFoundError; never because
   * a server cannot be reached.
   *
   * @example
   * await finch.prewarm('https://api.example.com', 10); // 10
   */
  async prewarm(pool: PoolLike, count?: number): Promise<number> {
    checkPrewarmCount(count);
    return await prewarm(this.running(), pool, count);
  }

  /**
   * Sends a message to the processes of a pool, one for each shard. They ignore
   * what they do not know: for processes of your own that trace or test a pool.
   *
   * Mirrors `hackney_pool:notify/2`.
   *
   * @throws PoolNotFoundError, InstanceNotFoundError
   *
   * @example
   * finch.notify('https://api.example.com', { type: 'trace', on: true });
   */
  notify(pool: PoolLike, message: unknown): void {
    notify(this.running(), pool, message);
  }
}

/** Connections that carry many requests at once: seeing them, and taking them out of their pool. */
import { InvalidRequestError } from '../errors/index.ts';
import { requirePool } from '../instance/pools.ts';
import { SharedConnection } from '../exchange/shared-connection.ts';
import { poolFrom, type PoolLike } from '../identity/index.ts';
import { PoolApi } from './pool-api.ts';

export abstract class SharedApi extends PoolApi {
  /**
   * An open HTTP/2 connection of a pool, or undefined: the one that the next
   * request would go over, if it has a place, else any. Never waits and never
   * opens one; with a pool that does not exist there is none.
   *
   * It belongs to the pool: there is nothing to give back.
   *
   * Mirrors `hackney_pool:checkout_h2/4`.
   *
   * @example
   * const connection = finch.checkoutH2('https://api.example.com');
   * console.log(connection?.pid, connection?.inFlight, connection?.limit);
   */
  checkoutH2(pool: PoolLike): SharedConnection | undefined {
    const instance = this.running();
    for (const shard of instance.pool(poolFrom(pool).key)?.live ?? []) {
      const [connection] = shard.shared;
      if (connection !== undefined) return SharedConnection.of(instance, shard, connection);
    }
    return undefined;
  }

  /**
   * Gives a connection that was unregistered back to its pool, for all who ask;
   * returns whether this call did it.
   *
   * Mirrors `hackney_pool:register_h2/5`. A pool registers the connections that it
   * opens by itself.
   *
   * @throws InvalidRequestError when it is a connection of another pool.
   *
   * @example
   * const connection = finch.checkoutH2('https://api.example.com');
   * if (connection !== undefined) {
   *   finch.unregisterH2(connection);
   *   finch.registerH2('https://api.example.com', connection);
   * }
   */
  registerH2(pool: PoolLike, connection: SharedConnection): boolean {
    const { key } = poolFrom(pool);
    checkConnection(connection);
    if (connection.pool.key === key) return connection.list();
    throw new InvalidRequestError({
      option: 'connection',
      value: connection.pool.key,
      problem: `The connection belongs to the pool ${connection.pool.key}`,
      allowed: `a connection of ${key}`,
    });
  }

  /**
   * Takes a connection out of its pool: nobody is given it any more; whoever uses
   * it goes on, and you may still send on it. Returns whether this call did it.
   *
   * It counts as in use until it is registered again or closed; when the calling
   * process dies it is closed as soon as nobody uses it.
   *
   * Mirrors `hackney_pool:unregister_h2/2`.
   *
   * @example
   * const connection = finch.checkoutH2('https://api.example.com');
   * if (connection !== undefined) finch.unregisterH2(connection);
   */
  unregisterH2(connection: SharedConnection): boolean {
    checkConnection(connection);
    return connection.unlist();
  }

  /**
   * Takes all HTTP/2 connections out of a pool, or out of all pools; returns them.
   *
   * Mirrors `hackney_pool:unregister_h2_all/0`, which knows one pool only.
   *
   * @throws PoolNotFoundError
   *
   * @example
   * const connections = finch.unregisterH2All('https://api.example.com');
   */
  unregisterH2All(pool?: PoolLike): SharedConnection[] {
    const instance = this.running();
    const pools =
      pool === undefined
        ? instance.pools().map((running) => running.pool)
        : [requirePool(instance, pool)];
    return pools
      .flatMap(({ live }) => live)
      .flatMap((shard) => shard.shared.map((it) => SharedConnection.of(instance, shard, it)))
      .filter((connection) => connection.unlist());
  }
}

function checkConnection(value: unknown): void {
  if (value instanceof SharedConnection) return;
  throw new InvalidRequestError({
    option: 'connection',
    value,
    problem: 'This is no shared connection',
    allowed: 'what checkoutH2 or unregisterH2All returned',
  });
}

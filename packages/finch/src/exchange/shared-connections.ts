/** The shared connections of pools: finding them, taking them out of their pool, giving them back. */
import { InvalidRequestError } from '../errors/index.ts';
import { poolFrom, type PoolLike } from '../identity/index.ts';
import type { Instance } from '../instance/instance.ts';
import { requirePool } from '../instance/pools.ts';
import { SharedConnection } from './shared-connection.ts';

/** What shared connections speak. */
export type SharedProtocol = SharedConnection['protocol'];

/** The one that the next request would go over, if it has a place, else any; undefined without one. */
export function findShared(
  instance: Instance,
  id: PoolLike,
  protocol: SharedProtocol,
): SharedConnection | undefined {
  for (const shard of instance.pool(poolFrom(id).key)?.live ?? []) {
    const connection = shard.shared.find((it) => it.protocol === protocol);
    if (connection !== undefined) return SharedConnection.of(instance, shard, connection);
  }
  return undefined;
}

/**
 * Gives a connection that was unregistered back to its pool; returns whether this call did it.
 *
 * @throws InvalidRequestError when it is a connection of another pool or protocol.
 */
export function registerShared(
  id: PoolLike,
  connection: SharedConnection,
  protocol: SharedProtocol,
): boolean {
  const { key } = poolFrom(id);
  checkConnection(connection, protocol);
  if (connection.pool.key === key) return connection.list();
  throw new InvalidRequestError({
    option: 'connection',
    value: connection.pool.key,
    problem: `The connection belongs to the pool ${connection.pool.key}`,
    allowed: `a connection of ${key}`,
  });
}

/** Takes a connection out of its pool; returns whether this call did it. @throws InvalidRequestError */
export function unregisterShared(connection: SharedConnection, protocol: SharedProtocol): boolean {
  checkConnection(connection, protocol);
  return connection.unlist();
}

/** Takes all of a pool, or of all pools, out; returns them. @throws PoolNotFoundError */
export function unregisterAllShared(
  instance: Instance,
  id: PoolLike | undefined,
  protocol: SharedProtocol,
): SharedConnection[] {
  const pools =
    id === undefined ? instance.pools().map(({ pool }) => pool) : [requirePool(instance, id)];
  return pools
    .flatMap(({ live }) => live)
    .flatMap((shard) =>
      shard.shared
        .filter((it) => it.protocol === protocol)
        .map((it) => SharedConnection.of(instance, shard, it)),
    )
    .filter((connection) => connection.unlist());
}

function checkConnection(value: unknown, protocol: SharedProtocol): void {
  if (value instanceof SharedConnection && value.protocol === protocol) return;
  const [name, short] = protocol === 'http3' ? ['HTTP/3', 'H3'] : ['HTTP/2', 'H2'];
  throw new InvalidRequestError({
    option: 'connection',
    value,
    problem: `This is no ${name} connection of a pool`,
    allowed: `what checkout${short} or unregister${short}All returned`,
  });
}

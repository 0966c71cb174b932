/** The connections of pools one by one, and the instances of this program: what a dashboard lists. */
import { now, registered, type Pid } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionState } from '../connection/owner.ts';
import type { PoolLike } from '../identity/index.ts';
import { findInstance, registryName, type Instance } from './instance.ts';
import { requirePool } from './pools.ts';

/** A connection, as `listConnections` tells it. */
export interface ConnectionListing {
  /** Its process; undefined until that runs. */
  readonly pid: Pid | undefined;
  /** The key of its pool. */
  readonly pool: string;
  /** The shard that it belongs to, from 1. */
  readonly poolIndex: number;
  /** The state of its machine. */
  readonly state: ConnectionState;
  /** Undefined while it is being opened. */
  readonly protocol: 'http1' | 'http2' | 'http3' | undefined;
  /** For how long there has been such a connection, opening it included, in ms. */
  readonly age: number;
  /** How many responses came on it. */
  readonly served: number;
  /** Requests and leases on it: a shared connection carries several. */
  readonly inFlight: number;
  /** How many it may carry at a time; 0 while it is being opened. */
  readonly limit: number;
  /** The address at the other end; undefined while it is being opened, and on Unix sockets. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
}

/**
 * The connections of one pool, or of all, those that are being opened included.
 *
 * @throws PoolNotFoundError
 */
export function listConnections(instance: Instance, id: PoolLike | undefined): ConnectionListing[] {
  const pools =
    id === undefined ? instance.pools().map(({ pool }) => pool) : [requirePool(instance, id)];
  return pools.flatMap((pool) =>
    pool.live.flatMap((shard) =>
      Array.from(shard.connections, (connection) =>
        describe(connection, pool.identity.key, shard.index + 1),
      ),
    ),
  );
}

function describe(connection: Connection, pool: string, poolIndex: number): ConnectionListing {
  const { pid, state, protocol, begunAt, inFlight, limit, wire } = connection;
  return {
    pid,
    pool,
    poolIndex,
    state,
    protocol,
    age: now() - begunAt,
    served: wire?.served ?? 0,
    inFlight,
    limit,
    remoteAddress: wire?.info.remoteAddress,
    remotePort: wire?.info.remotePort,
  };
}

/** The names of the instances that run in this program. */
export function instanceNames(): string[] {
  const suffix = registryName('');
  return registered().flatMap((name) => {
    if (typeof name !== 'string' || !name.endsWith(suffix)) return [];
    const instance = name.slice(0, -suffix.length);
    return findInstance(instance) === undefined ? [] : [instance];
  });
}

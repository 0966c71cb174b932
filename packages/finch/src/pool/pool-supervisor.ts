/** The supervisor of a pool: the same under the instance and under a user's supervisor. */
import {
  currentPid,
  DynamicSupervisor,
  self,
  Supervisor,
  type ChildSpec,
  type SupervisorHandle,
} from '@linnet/otp';
import { tlsSourceOf } from '../connection/tls.ts';
import { proxyOf, settleProxy } from '../connection/route.ts';
import { OptionsError } from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { poolStarted } from '../telemetry/pool-events.ts';
import { declarePool } from './declarations.ts';
import type { PoolIdentity } from './identity.ts';
import { poolShutdown, PoolServer } from './pool-server.ts';
import { Pool, type PoolHome } from './pool.ts';
import { SlotLedger } from './slot-ledger.ts';

export interface PoolStart {
  readonly identity: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  readonly home: PoolHome;
  /** The instance that runs when the pool is up: it may be another one by then. */
  readonly currentHome: () => PoolHome | undefined;
  /** The registry that holds the instance's keys; undefined while the instance is down. */
  readonly registry: string | undefined;
  readonly userManaged: boolean;
}

/**
 * Starts a pool, registered under its key from the first moment on.
 *
 * @throws SupervisorError with `['already_started', pid]` when the key has a pool.
 * @throws OptionsError when the options cannot be used, such as a broken certificate.
 */
export async function startPool(start: PoolStart): Promise<SupervisorHandle> {
  const { identity, home, registry, userManaged } = start;
  const options = settleProxy(identity, start.options);
  checkUsable(identity, options);
  const pool = new Pool(identity, options, home, userManaged);
  const owner = currentPid();
  const introduce = (): void => {
    pool.supervisor = self();
    if (userManaged) declarePool(home.name, pool, owner);
    (start.currentHome() ?? home).adopt(pool);
    poolStarted(pool);
  };
  return Supervisor.startLink(children(pool, introduce), {
    strategy: 'one_for_one',
    ...(registry === undefined ? undefined : { name: { via: [registry, identity.key, pool] } }),
    autoShutdown: userManaged ? 'never' : 'any_significant',
  });
}

/** What a pool lives in while its instance is down: one that comes up takes it over. */
export function homeless(name: string): PoolHome {
  return {
    name,
    ledger: new SlotLedger(Number.POSITIVE_INFINITY),
    maxPerHost: 'infinity',
    crashed: false,
    adopt: () => {},
    arrived: () => {},
  };
}

/** The id of a shard's process under the pool's supervisor; shards count from 1 there. */
export const shardId = (index: number): string => `pool-${index + 1}`;

/** The child specification of a shard's process. */
export function shardSpec(pool: Pool, index: number): ChildSpec {
  return {
    id: shardId(index),
    start: () => PoolServer.startLink({ pool, index }),
    shutdown: poolShutdown,
    // Stopping after poolMaxIdleTime is no failure, and takes the pool with it.
    ...(pool.userManaged ? undefined : { restart: 'transient', significant: true }),
  };
}

function children(pool: Pool, introduce: () => void): ChildSpec[] {
  const connections: ChildSpec = {
    id: 'connections',
    type: 'supervisor',
    start: async () => {
      // In the pool's supervisor, once it has the key.
      if (pool.supervisor === undefined) introduce();
      const supervisor = await DynamicSupervisor.startLink();
      pool.connections = supervisor.pid;
      return supervisor;
    },
  };
  const shards = Array.from({ length: pool.count }, (_, index) => shardSpec(pool, index));
  return [connections, ...shards];
}

/**
 * Whether pools can be run with these options.
 *
 * @throws OptionsError
 */
export function checkUsable(
  identity: PoolIdentity | undefined,
  options: ResolvedPoolOptions,
): void {
  if (!options.protocols.some((protocol) => protocol !== 'http3')) {
    throw new OptionsError({
      option: 'protocols',
      value: options.protocols,
      scope: 'pool options',
      allowed: "a list with 'http1' or 'http2': HTTP/3 is not supported yet",
    });
  }
  if (identity === undefined || identity.scheme === 'https') tlsSourceOf(options);
  proxyOf(options);
}

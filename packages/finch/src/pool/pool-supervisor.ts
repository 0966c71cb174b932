/** The supervisor of a pool: the same under the instance and under a user's supervisor. */
import {
  DynamicSupervisor,
  self,
  Supervisor,
  type ChildSpec,
  type SupervisorHandle,
} from '@linnet/otp';
import { tlsIdentityOf } from '../connection/open.ts';
import { OptionsError } from '../errors/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from './identity.ts';
import { poolShutdown, PoolServer } from './pool-server.ts';
import { Pool, type PoolHome } from './pool.ts';

/**
 * Starts a pool of an instance, registered under its key from the first moment on.
 *
 * @throws StartError with `['already_started', pid]` when the key has a pool.
 * @throws OptionsError when the options cannot be used, such as a broken certificate.
 */
export async function startPool(
  home: PoolHome,
  registry: string,
  identity: PoolIdentity,
  options: ResolvedPoolOptions,
  userManaged: boolean,
): Promise<SupervisorHandle> {
  checkUsable(identity, options);
  const pool = new Pool(identity, options, home, userManaged);
  return Supervisor.startLink(children(pool), {
    strategy: 'one_for_one',
    name: { via: [registry, identity.key, pool] },
    autoShutdown: userManaged ? 'never' : 'any_significant',
  });
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

function children(pool: Pool): ChildSpec[] {
  const connections: ChildSpec = {
    id: 'connections',
    type: 'supervisor',
    start: async () => {
      pool.supervisor = self();
      const supervisor = await DynamicSupervisor.startLink();
      pool.connections = supervisor.pid;
      return supervisor;
    },
  };
  const shards = Array.from({ length: pool.count }, (_, index) => shardSpec(pool, index));
  return [connections, ...shards];
}

function checkUsable(identity: PoolIdentity, options: ResolvedPoolOptions): void {
  if (!options.protocols.includes('http1')) {
    throw new OptionsError({
      option: 'protocols',
      value: options.protocols,
      scope: 'pool options',
      allowed: "a list with 'http1': the others are not supported yet",
    });
  }
  if (identity.scheme === 'https') tlsIdentityOf(options);
}

/** The supervisor of a pool: the same under the instance and under a user's supervisor. */
import {
  currentPid,
  DynamicSupervisor,
  self,
  Supervisor,
  type ChildSpec,
  type Pid,
  type SupervisorHandle,
} from '@linnet/otp';
import { checkHttp3, warnOfTls } from '../connection/http3-use.ts';
import { tlsSourceOf } from '../connection/tls.ts';
import { proxyOf, resolveProxy } from '../connection/route.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { poolStarted } from '../telemetry/pool-events.ts';
import type { PoolIdentity } from '../identity/index.ts';
import { poolShutdown, PoolServer } from './server.ts';
import { HostLimits } from './host-limits.ts';
import { Pool, type PoolHost } from './pool.ts';
import { reserve } from './reservations.ts';

export interface PoolStart {
  readonly identity: PoolIdentity;
  readonly options: ResolvedPoolOptions;
  readonly instance: PoolHost;
  /** The instance that runs when the pool is up, which may be another one by then. */
  readonly currentInstance: () => PoolHost | undefined;
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
export function startPool(start: PoolStart): Promise<SupervisorHandle> {
  const { identity, instance, registry, userManaged, currentInstance } = start;
  const options = resolveProxy(identity, start.options);
  checkUsable(identity, options);
  warnOfTls(identity, options);
  const pool = new Pool(identity, options, instance, userManaged);
  return PoolSupervisor.startLink(
    { pool, owner: currentPid(), currentInstance },
    registry === undefined ? undefined : { name: { via: [registry, identity.key, pool] } },
  );
}

interface PoolSupervisorArg {
  readonly pool: Pool;
  /** The process that starts the pool again when it goes down; undefined when none does. */
  readonly owner: Pid | undefined;
  readonly currentInstance: () => PoolHost | undefined;
}

const PoolSupervisor = Supervisor.define({
  name: 'PoolSupervisor',

  /** The pool has its key by now, and is found by it from here on. */
  init: async ({ pool, owner, currentInstance }: PoolSupervisorArg) => {
    const { instance, userManaged } = pool;
    const supervisor = self();
    pool.supervisor = supervisor;
    if (userManaged) {
      await reserve(instance.name, pool, owner ?? supervisor, () => {
        const current = currentInstance();
        if (current !== pool.instance) current?.register(pool);
      });
    }
    (currentInstance() ?? instance).register(pool);
    poolStarted(pool);
    const shards = Array.from({ length: pool.count }, (_, index) => shardSpec(pool, index));
    return {
      strategy: 'one_for_one',
      autoShutdown: userManaged ? 'never' : 'any_significant',
      children: [connectionsSpec(pool), ...shards],
    };
  },
});

/** Stands in for the instance of a pool while that is down; when it comes up, it takes the pool over. */
export function detachedHost(name: string): PoolHost {
  return {
    name,
    hostLimits: new HostLimits(Number.POSITIVE_INFINITY),
    maxPerHost: 'infinity',
    crashed: false,
    register: () => {},
    poolReady: () => {},
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

/** The supervisor of the pool's connections. */
function connectionsSpec(pool: Pool): ChildSpec {
  return {
    id: 'connections',
    type: 'supervisor',
    start: async () => {
      const supervisor = await DynamicSupervisor.startLink();
      pool.connections = supervisor.pid;
      return supervisor;
    },
  };
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
  if (identity === undefined || identity.scheme === 'https') tlsSourceOf(options);
  proxyOf(options);
  checkHttp3(identity, options);
}

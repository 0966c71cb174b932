/** The process that starts an instance's pools and settles the races of starting them. */
import {
  DynamicSupervisor,
  GenServer,
  noreply,
  Registry,
  reply,
  self,
  send,
  StartError,
  SupervisorError,
} from '@linnet/otp';
import type { ResolvedInstanceOptions, ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import type { HomeUp } from '../pool/pool-server.ts';
import { startPool } from '../pool/pool-supervisor.ts';
import { ledgerOf } from './host-limits.ts';
import { Instance, registryName } from './instance.ts';

/** The name of the supervisor of an instance's pools. */
export const poolsName = (name: string): string => `${name}.Pools`;

/** The name of an instance's manager. */
export const managerName = (name: string): string => `${name}.Manager`;

export const Manager = GenServer.define({
  name: 'finch_manager',

  init: async (options: ResolvedInstanceOptions) => {
    const instance = new Instance(options, await ledgerOf(options.name), self());
    for (const { pool, options: poolOptions } of options.pools.declared) {
      await ensure(instance, pool, poolOptions);
    }
    Registry.putMeta(registryName(options.name), 'instance', instance);
    for (const key of instance.userPools()) {
      send(instance.userPoolName(key), { type: 'finch_up', home: instance } satisfies HomeUp);
    }
    return instance;
  },

  handleCall: {
    /** Resolves when the pool is up, whoever started it; answers an error that it could not be. */
    startPool: async (instance, pool: PoolIdentity, options: ResolvedPoolOptions) => {
      try {
        await ensure(instance, pool, options);
        return reply(undefined, instance);
      } catch (error) {
        return reply(error, instance);
      }
    },
  },

  handleCast: {
    /** Starts a pool for requests that wait for it. */
    ensure: async (instance, pool: PoolIdentity) => {
      try {
        await ensure(instance, pool, instance.optionsFor(pool));
      } catch (error) {
        instance.startFailed(pool.key, rootCause(error));
      }
      return noreply(instance);
    },
  },
});

async function ensure(
  instance: Instance,
  pool: PoolIdentity,
  options: ResolvedPoolOptions,
): Promise<void> {
  if (instance.pool(pool.key) !== undefined) return;
  try {
    await DynamicSupervisor.startChild(poolsName(instance.name), {
      id: pool.key,
      type: 'supervisor',
      restart: 'transient',
      start: () => startPool(instance, registryName(instance.name), pool, options, false),
    });
  } catch (error) {
    // A user's supervisor was faster: its pool is the one that counts.
    if (!isAlreadyStarted(error)) throw rootCause(error);
  }
}

function reasonOf(error: unknown): unknown {
  return error instanceof StartError || error instanceof SupervisorError ? error.reason : error;
}

function isAlreadyStarted(error: unknown): boolean {
  const reason = reasonOf(error);
  return Array.isArray(reason) && reason[0] === 'already_started';
}

/** The error behind a start that failed, such as the OptionsError of a bad certificate. */
function rootCause(error: unknown): Error {
  const reason = reasonOf(error);
  if (reason instanceof Error) return reason === error ? reason : rootCause(reason);
  return error instanceof Error ? error : new Error(String(error));
}

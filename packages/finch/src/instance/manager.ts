/** The process that starts an instance's pools, each key once, however many ask for it. */
import {
  DynamicSupervisor,
  GenServer,
  noreply,
  Registry,
  reply,
  self,
  send,
  StartError,
  stop,
  SupervisorError,
  trapExit,
  UnknownRegistryError,
  whereis,
} from '@linnet/otp';
import { PoolDownError } from '../errors/index.ts';
import type { ResolvedInstanceOptions, ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import { startPool } from '../pool/supervisor.ts';
import { reservedPools } from '../pool/reservations.ts';
import { hostLimitsName, hostLimitsOf } from './host-limits.ts';
import { Instance, registryName } from './instance.ts';

/** The name of the supervisor of an instance's pools. */
export const poolsName = (name: string): string => `${name}.Pools`;

/** The name of an instance's manager. */
export const managerName = (name: string): string => `${name}.Manager`;

export const Manager = GenServer.define({
  name: 'finch_manager',

  init: async (options: ResolvedInstanceOptions) => {
    trapExit();
    const instance = new Instance(options, await hostLimitsOf(options.name), self());
    try {
      await open(instance);
      return instance;
    } catch (error) {
      if (!instance.closed && !(error instanceof UnknownRegistryError)) throw error;
      // A part of the instance died meanwhile: all parts are started again, which is no crash of this one.
      instance.close(true);
      return stop({ shutdown: 'a part of the instance died' });
    }
  },

  handleCall: {
    /** Answers when the pool is up, no matter who started it; with an error if it cannot be started. */
    startPool: async (instance, pool: PoolIdentity, options: ResolvedPoolOptions) => {
      try {
        if (isOfUser(instance, pool))
          throw new PoolDownError({ pool: pool.key, origin: pool.origin });
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

  handleInfo: (instance, message) =>
    message === partDown
      ? stop({ shutdown: 'a part of the registry died' }, instance)
      : noreply(instance),

  terminate: (_reason, instance) => instance.close(false),
});

const partDown = Symbol('partDown');

/** Takes over the pools that are there, starts those that are declared, and lets requests find the instance. */
async function open(instance: Instance): Promise<void> {
  const { name, options } = instance;
  instance.takeOver(await reservedPools(name));
  guardParts(instance);
  for (const { pool, options: poolOptions } of options.pools.declared) {
    if (!instance.isReserved(pool.key)) await ensure(instance, pool, poolOptions);
  }
  Registry.putMeta(registryName(name), 'instance', instance);
  // Those that came up meanwhile: from here on they find the instance by themselves.
  instance.takeOver(await reservedPools(name));
}

/** The instance is down as soon as one of its parts is, before its supervisor hears of it. */
function guardParts(instance: Instance): void {
  const { name, manager } = instance;
  const parts = [registryName(name), hostLimitsName(name), poolsName(name)].map((part) =>
    whereis(part),
  );
  for (const part of [manager, ...parts]) {
    if (part === undefined) instance.close(true);
    else instance.onDeath(part, () => instance.close(true));
  }
  // Its supervisor would start a partition again, but all entries would be lost.
  const partitionDied = (): void => {
    instance.close(true);
    send(manager, partDown);
  };
  for (const partition of Registry.details(registryName(name)).partitions) {
    if (partition === undefined) partitionDied();
    else instance.onDeath(partition, partitionDied);
  }
}

/** A user's supervisor has declared the pool, and it is down. */
function isOfUser(instance: Instance, pool: PoolIdentity): boolean {
  return instance.isReserved(pool.key) && instance.pool(pool.key) === undefined;
}

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
      start: () =>
        startPool({
          identity: pool,
          options,
          instance,
          currentInstance: () => instance,
          registry: registryName(instance.name),
          userManaged: false,
        }),
    });
  } catch (error) {
    // A user's supervisor was faster: its pool is the one that counts.
    if (!isAlreadyStarted(error)) throw startFailure(pool, error);
  }
}

function reasonOf(error: unknown): unknown {
  return error instanceof StartError || error instanceof SupervisorError ? error.reason : error;
}

function isAlreadyStarted(error: unknown): boolean {
  const reason = reasonOf(error);
  return Array.isArray(reason) && reason[0] === 'already_started';
}

/** Why a pool could not be started: an error that is for its caller, or that it went down meanwhile. */
function startFailure({ key: pool, origin }: PoolIdentity, error: unknown): Error {
  const cause = rootCause(error);
  const reason = reasonOf(cause);
  return reason === cause ? cause : new PoolDownError({ pool, origin, reason, cause });
}

/** The error behind a start that failed, such as the OptionsError of a bad certificate. */
function rootCause(error: unknown): Error {
  const reason = reasonOf(error);
  if (reason instanceof Error) return reason === error ? reason : rootCause(reason);
  return error instanceof Error ? error : new Error(String(error));
}

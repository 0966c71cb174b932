/** Pools that users' supervisors own. */
import { currentPid, type SupervisorHandle } from '@linnet/otp';
import type { PoolIdentity } from '../identity/index.ts';
import type { ResolvedPoolOptions } from '../options/index.ts';
import { detachedHost, startPool } from '../pool/supervisor.ts';
import { ownerOf } from '../pool/reservations.ts';
import { findInstance, registryName, requireInstance } from './instance.ts';

/**
 * Starts a pool for the instance of a name; the current process owns it.
 *
 * @throws InstanceNotFoundError when the owner starts it for the first time and the instance does not run.
 */
export async function startUserPool(
  finch: string,
  identity: PoolIdentity,
  options: ResolvedPoolOptions,
): Promise<SupervisorHandle> {
  // Without the instance a first start fails: its name is wrong, or it comes later in the list. A
  // restart goes on: the instance may be down for a moment, too, and finds the pool when it is back.
  const instance = (await isRestart(finch, identity))
    ? findInstance(finch)
    : requireInstance(finch);
  return startPool({
    identity,
    options,
    instance: instance ?? detachedHost(finch),
    currentInstance: () => findInstance(finch),
    registry: instance === undefined ? undefined : registryName(finch),
    userManaged: true,
  });
}

async function isRestart(finch: string, { key }: PoolIdentity): Promise<boolean> {
  const owner = currentPid();
  return owner !== undefined && (await ownerOf(finch, key)) === owner;
}

/** Starting the supervision tree of an instance. */
import {
  arm,
  DynamicSupervisor,
  onDeath,
  Registry,
  Supervisor,
  SupervisorError,
  whereis,
  type Pid,
  type SupervisorHandle,
} from '@linnet/otp';
import type { ResolvedInstanceOptions } from '../options/index.ts';
import { checkUsable } from '../pool/supervisor.ts';
import { HostLimitsServer, hostLimitsName } from './host-limits.ts';
import { registryName } from './instance.ts';
import { Manager, managerName, poolsName } from './manager.ts';

/** The longest wait for the end of a predecessor, in ms: more than its parts take to end. */
const longestWait = 15_000;

/**
 * Starts an instance, linked to the current process.
 *
 * @throws OptionsError when its pools could not be run with their options.
 * @throws SupervisorError with `['already_started', pid]` when the name is taken.
 */
export async function startInstance(options: ResolvedInstanceOptions): Promise<SupervisorHandle> {
  const { name, pools } = options;
  checkUsable(undefined, pools.default);
  for (const rule of pools.rules) checkUsable(undefined, rule.options);
  for (const { pool, options: poolOptions } of pools.declared) checkUsable(pool, poolOptions);
  await predecessorEnded(name);
  try {
    return await startTree(options);
  } catch (error) {
    if (!(error instanceof SupervisorError)) throw error;
    throw new SupervisorError(
      `Finch.startLink of the instance ${JSON.stringify(name)}`,
      error.reason,
    );
  }
}

function startTree(options: ResolvedInstanceOptions): Promise<SupervisorHandle> {
  const { name } = options;
  return Supervisor.startLink(
    [
      Registry.childSpec({ name: registryName(name), keys: 'unique' }),
      HostLimitsServer.childSpec(options, { name: hostLimitsName(name) }),
      DynamicSupervisor.childSpec({ name: poolsName(name) }),
      Manager.childSpec(options, { name: managerName(name) }),
    ],
    { strategy: 'one_for_all', name },
  );
}

/** Waits for the parts of a killed predecessor: they still hold their names until they have ended. */
async function predecessorEnded(name: string): Promise<void> {
  if (whereis(name) !== undefined) return; // the name is taken: the start fails
  for (const part of [
    managerName(name),
    poolsName(name),
    hostLimitsName(name),
    registryName(name),
  ]) {
    const pid = whereis(part);
    if (pid !== undefined) await whenDead(pid);
  }
}

/** Waits for the end of a process, but not for ever: then the start fails because the name is taken. */
function whenDead(pid: Pid): Promise<void> {
  return new Promise((resolve) => {
    const onTimeout = (): void => {
      watch.unwatch();
      resolve();
    };
    const timer = arm({ onTimeout }, longestWait);
    const watch = onDeath(pid, () => {
      timer.cancel();
      resolve();
    });
  });
}

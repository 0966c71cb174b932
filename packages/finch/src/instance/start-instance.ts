/** Starting the supervision tree of an instance. */
import {
  arm,
  DynamicSupervisor,
  Registry,
  Supervisor,
  SupervisorError,
  Watch,
  whereis,
  type Pid,
  type SupervisorHandle,
  type Timer,
  type TimeoutTarget,
} from '@linnet/otp';
import type { ResolvedInstanceOptions } from '../options/index.ts';
import { checkUsable } from '../pool/pool-supervisor.ts';
import { HostLimits, hostLimitsName } from './host-limits.ts';
import { registryName } from './instance.ts';
import { Manager, managerName, poolsName } from './manager.ts';

/** More than the parts of an instance take to end, in ms. */
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
  await predecessorGone(name);
  try {
    return await startTree(options);
  } catch (error) {
    if (!(error instanceof SupervisorError)) throw error;
    throw new SupervisorError(`The start of the instance ${JSON.stringify(name)}`, error.reason);
  }
}

function startTree(options: ResolvedInstanceOptions): Promise<SupervisorHandle> {
  const { name } = options;
  return Supervisor.startLink(
    [
      Registry.childSpec({ name: registryName(name), keys: 'unique' }),
      HostLimits.childSpec(options, { name: hostLimitsName(name) }),
      DynamicSupervisor.childSpec({ name: poolsName(name) }),
      Manager.childSpec(options, { name: managerName(name) }),
    ],
    { strategy: 'one_for_all', name },
  );
}

/** When the supervisor of an instance is killed, its children take a moment to end, and have the names. */
async function predecessorGone(name: string): Promise<void> {
  if (whereis(name) !== undefined) return; // it runs: the start will say so
  for (const part of [
    managerName(name),
    poolsName(name),
    hostLimitsName(name),
    registryName(name),
  ]) {
    const pid = whereis(part);
    if (pid !== undefined) await endOf(pid);
  }
}

function endOf(pid: Pid): Promise<void> {
  return new Promise((resolve) => {
    new End(resolve).watch(pid);
  });
}

/** Waits for the end of a process, but not for ever: then the start says that the name is taken. */
class End extends Watch implements TimeoutTarget {
  private readonly ended: () => void;
  private readonly timer: Timer = arm(this, longestWait);

  constructor(ended: () => void) {
    super();
    this.ended = ended;
  }

  onTimeout(): void {
    this.unwatch();
    this.ended();
  }

  protected override down(): void {
    this.timer.cancel();
    this.ended();
  }
}

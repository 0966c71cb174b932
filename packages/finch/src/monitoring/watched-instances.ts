/** Which instances are measured, and the figures of their pools. */
import { Finch } from '../finch.ts';
import { isFinchError, OptionsError } from '../errors/index.ts';
import type { PoolListing } from '../instance/pools.ts';

/** One instance, several, or, left out, all of the program. */
export type InstancesOption = Finch | readonly Finch[] | undefined;

/** What is allowed as {@link InstancesOption}, for messages. */
export const allowedInstances = 'a Finch, or an array of them';

/** Whether a value names instances. */
export function areInstances(value: unknown): value is Finch | readonly Finch[] {
  const instances: readonly unknown[] = Array.isArray(value) ? value : [value];
  return instances.every((instance) => instance instanceof Finch);
}

/** A pool of one of the instances. */
export interface WatchedPool extends PoolListing {
  /** The name of the instance. */
  readonly instance: string;
}

/**
 * The instances that were given; or all of them, each from its first event on, which the start of its
 * first pool is one of.
 */
export class WatchedInstances {
  private readonly given: ReadonlySet<string> | undefined;
  private readonly met = new Set<string>();

  /** @throws OptionsError for what is no instance. */
  constructor(finch: InstancesOption) {
    if (finch === undefined) return;
    if (!areInstances(finch)) {
      throw new OptionsError({ option: 'finch', value: finch, allowed: allowedInstances });
    }
    const instances = finch instanceof Finch ? [finch] : finch;
    this.given = new Set(instances.map(({ name }) => name));
  }

  /** Whether an event of this instance counts. */
  includes(name: string): boolean {
    if (this.given !== undefined) return this.given.has(name);
    this.met.add(name);
    return true;
  }

  /** The pools of those that run, at this moment. */
  pools(): WatchedPool[] {
    return [...(this.given ?? this.met)].flatMap((instance) => {
      const pools = poolsOf(instance);
      if (pools === undefined) this.met.delete(instance);
      return (pools ?? []).map((pool) => ({ ...pool, instance }));
    });
  }
}

/** Undefined while no instance of this name runs. */
function poolsOf(name: string): PoolListing[] | undefined {
  try {
    return Finch.get(name).listPools();
  } catch (error) {
    if (isFinchError(error) && error.code === 'ERR_FINCH_INSTANCE_NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * The keys of pools that users' supervisors own. They belong to those pools
 * also while these are down, and while the instance is: so this table is of no
 * process of the instance. Like that of names, it forgets what a process has
 * entered when that process dies: here the owner of the pool.
 */
import { Watch, type Pid } from '@linnet/otp';
import type { Pool } from './pool.ts';

/** The entries by instance and key. */
const declarations = new Map<string, Map<string, Declaration>>();

class Declaration extends Watch {
  readonly instance: string;
  pool: Pool;
  private readonly key: string;

  constructor(instance: string, pool: Pool) {
    super();
    this.instance = instance;
    this.pool = pool;
    this.key = pool.identity.key;
  }

  remove(): void {
    this.unwatch();
    const ofInstance = declarations.get(this.instance);
    if (ofInstance?.get(this.key) !== this) return;
    ofInstance.delete(this.key);
    if (ofInstance.size === 0) declarations.delete(this.instance);
  }

  protected override down(): void {
    this.remove();
  }
}

/**
 * Enters a pool that has started. `owner` is the process that starts it again
 * when it goes down; a pool that nobody owns is its own owner.
 */
export function declarePool(instance: string, pool: Pool, owner: Pid | undefined): void {
  withdrawPool(instance, pool.identity.key);
  const entry = new Declaration(instance, pool);
  let ofInstance = declarations.get(instance);
  if (ofInstance === undefined) {
    ofInstance = new Map();
    declarations.set(instance, ofInstance);
  }
  ofInstance.set(pool.identity.key, entry);
  const lasting = owner ?? pool.supervisor;
  if (lasting !== undefined) entry.watch(lasting);
}

/** A pool was stopped for good; returns whether it was there. */
export function withdrawPool(instance: string, key: string): boolean {
  const entry = declarations.get(instance)?.get(key);
  entry?.remove();
  return entry !== undefined;
}

/** The last pool of each key that is declared for an instance, up or not. */
export function declaredPools(instance: string): Pool[] {
  return [...(declarations.get(instance)?.values() ?? [])].map(({ pool }) => pool);
}

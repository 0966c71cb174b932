/**
 * The data of a running instance: what a request needs before it has a pool.
 * Owned by the manager process, found through the instance's registry.
 */
import {
  GenServer,
  registered,
  Registry,
  Watch,
  whereis,
  type Pid,
  type RegistryHandle,
} from '@linnet/otp';
import { InstanceNotFoundError } from '../errors/index.ts';
import type { ResolvedInstanceOptions, ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import type { Pool, PoolHome } from '../pool/pool.ts';
import type { SlotLedger } from '../pool/slot-ledger.ts';
import { WaitQueue, type Waiter } from '../pool/wait-queue.ts';

/** The name of an instance's registry. */
export const registryName = (name: string): string => `${name}.Registry`;

export class Instance implements PoolHome {
  readonly name: string;
  readonly options: ResolvedInstanceOptions;
  readonly ledger: SlotLedger;
  /** The manager, which starts pools. */
  readonly manager: Pid;
  closed = false;
  private readonly registry: RegistryHandle<string, Pool>;
  /** Keys of pools that users' supervisors own: never served by a pool of the instance. */
  private readonly reserved = new Set<string>();
  /** Those who wait for a pool to come up. */
  private readonly awaiting = new Map<string, WaitQueue>();

  constructor(options: ResolvedInstanceOptions, ledger: SlotLedger, manager: Pid) {
    this.name = options.name;
    this.registry = Registry.at(registryName(options.name));
    this.options = options;
    this.ledger = ledger;
    this.manager = manager;
    for (const key of this.userPools()) this.reserved.add(key);
    new InstanceGuard(this).watch(manager);
  }

  /** The keys of user-managed pools that were up before the instance was. */
  userPools(): string[] {
    const prefix = this.userPoolName('');
    return registered()
      .filter((name) => typeof name === 'string' && name.startsWith(prefix))
      .map((name) => String(name).slice(prefix.length));
  }

  userPoolName(key: string): string {
    return `${this.name}.Pool.${key}`;
  }

  adopt(pool: Pool): void {
    if (pool.supervisor === undefined) return;
    this.registry.registerName(pool.identity.key, pool.supervisor, pool);
  }

  get maxPerHost(): number | 'infinity' {
    return this.options.maxPerHost;
  }

  /** The pool with this key, whether or not it can serve right now. */
  pool(key: string): Pool | undefined {
    return this.registry.lookup(key)[0]?.value;
  }

  /** All pools, with the pid of their supervisors. */
  pools(): Array<{ readonly pool: Pool; readonly pid: Pid }> {
    return this.registry.select(() => true).map(({ pid, value }) => ({ pool: value, pid }));
  }

  /** Whether the instance starts a pool with the `default` options. */
  isTemplated(pool: Pool): boolean {
    return !pool.userManaged && pool.options === this.options.pools.default;
  }

  /** The options with which the instance itself starts a pool. */
  optionsFor(identity: PoolIdentity): ResolvedPoolOptions {
    const { declared, default: template } = this.options.pools;
    return declared.find(({ pool }) => pool.key === identity.key)?.options ?? template;
  }

  /** Waits for a pool to be up, and has it started unless a user's supervisor is to do that. */
  await(identity: PoolIdentity, waiter: Waiter): void {
    if (this.closed) {
      waiter.failed(new InstanceNotFoundError({ instance: this.name }));
      return;
    }
    const { key } = identity;
    let queue = this.awaiting.get(key);
    if (queue === undefined) {
      queue = new WaitQueue();
      this.awaiting.set(key, queue);
    }
    queue.push(waiter);
    if (queue.size === 1 && !this.reserved.has(key)) {
      GenServer.cast(this.manager, ['ensure', identity]);
    }
  }

  /** A pool can serve: whoever waits for it tries again. */
  arrived(pool: Pool): void {
    const { key } = pool.identity;
    if (pool.userManaged) this.reserved.add(key);
    for (const waiter of this.takeWaiters(key)) waiter.requeue();
  }

  /** A pool could not be started. */
  startFailed(key: string, error: Error): void {
    for (const waiter of this.takeWaiters(key)) waiter.failed(error);
  }

  /** A user-managed pool was stopped for good. */
  forget(key: string): void {
    this.reserved.delete(key);
  }

  isReserved(key: string): boolean {
    return this.reserved.has(key);
  }

  /** How many wait for pools that are down. */
  get waiting(): number {
    let count = 0;
    for (const queue of this.awaiting.values()) count += queue.size;
    return count;
  }

  close(): void {
    this.closed = true;
    const error = new InstanceNotFoundError({ instance: this.name });
    // Those that are taken out meanwhile are skipped.
    for (const key of this.awaiting.keys()) this.startFailed(key, error);
  }

  private takeWaiters(key: string): Waiter[] {
    const waiters = this.awaiting.get(key)?.clear() ?? [];
    this.awaiting.delete(key);
    return waiters;
  }
}

/** Closes the data of an instance in the turn in which its manager dies. */
class InstanceGuard extends Watch {
  private readonly instance: Instance;

  constructor(instance: Instance) {
    super();
    this.instance = instance;
  }

  protected override down(): void {
    this.instance.close();
  }
}

/** The running instance of a name. */
export function findInstance(name: string): Instance | undefined {
  if (whereis(registryName(name)) === undefined) return undefined;
  const instance = Registry.meta(registryName(name), 'instance') as Instance | undefined;
  return instance?.closed === false ? instance : undefined;
}

/**
 * The running instance of a name.
 *
 * @throws InstanceNotFoundError
 */
export function requireInstance(name: string): Instance {
  const instance = findInstance(name);
  if (instance === undefined) throw new InstanceNotFoundError({ instance: name });
  return instance;
}

/**
 * The data of a running instance: its pools, limits and callers that wait for a pool.
 * Owned by the manager process, and found through the instance's registry.
 */
import {
  GenServer,
  isAlive,
  now,
  onDeath,
  Registry,
  UnknownRegistryError,
  type Pid,
  type RegistryHandle,
  type Watch,
} from '@linnet/otp';
import { nearestOf } from '@linnet/otp/options';
import { AlternativeServices } from '../alt-svc/store.ts';
import { InstanceNotFoundError, PoolDownError, PoolNotFoundError } from '../errors/index.ts';
import {
  isDeclared,
  poolOptionsFor,
  type ResolvedInstanceOptions,
  type ResolvedPoolOptions,
} from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { Pool, PoolHost } from '../pool/pool.ts';
import { withdraw } from '../pool/reservations.ts';
import type { HostLimits } from '../pool/host-limits.ts';
import type { Waiter } from '../pool/wait-queue.ts';
import { PoolWaiters } from './pool-waiters.ts';

/** The name of an instance's registry. */
export const registryName = (name: string): string => `${name}.Registry`;

export class Instance implements PoolHost {
  readonly name: string;
  readonly options: ResolvedInstanceOptions;
  readonly hostLimits: HostLimits;
  readonly alternatives = new AlternativeServices(now);
  /** The manager, which starts pools. */
  readonly manager: Pid;
  closed = false;
  /** The idle time of all its pools, in ms, once `setTimeout` was called. */
  idleTime: number | undefined = undefined;
  crashed = false;
  /** Set where the ages of connections and the strategy `'random'` are to be foreseen. */
  random: (() => number) | undefined = undefined;
  private readonly registry: RegistryHandle<string, Pool>;
  /** Keys of pools that users' supervisors own: never served by a pool of the instance. */
  private readonly reserved = new Set<string>();
  /** Keys of pools that were started by name. */
  private readonly started = new Set<string>();
  private readonly waiters = new PoolWaiters();
  private readonly watches = new Set<Watch>();

  constructor(options: ResolvedInstanceOptions, hostLimits: HostLimits, manager: Pid) {
    this.name = options.name;
    this.registry = Registry.at(registryName(options.name));
    this.options = options;
    this.hostLimits = hostLimits;
    this.manager = manager;
  }

  /** Registers the pools of users' supervisors that are up already, and reserves their keys. */
  takeOver(reserved: readonly Pool[]): void {
    for (const pool of reserved) {
      this.reserved.add(pool.identity.key);
      const { supervisor, instance } = pool;
      if (instance !== this && supervisor !== undefined && isAlive(supervisor)) this.register(pool);
    }
  }

  get maxPerHost(): number | 'infinity' {
    return this.options.maxPerHost;
  }

  /** Calls a function in the turn in which a process dies, unless the instance has ended by then. */
  onDeath(pid: Pid, act: () => void): void {
    if (!isAlive(pid)) {
      act();
      return;
    }
    const watch = onDeath(pid, () => {
      this.watches.delete(watch);
      act();
    });
    this.watches.add(watch);
  }

  register(pool: Pool): void {
    const { supervisor, identity, userManaged } = pool;
    if (this.closed || supervisor === undefined) return;
    if (userManaged) this.reserved.add(identity.key);
    if (pool.instance !== this) pool.moveTo(this);
    this.registry.registerName(identity.key, supervisor, pool);
    this.onDeath(supervisor, () => this.poolDown(pool));
  }

  /** The pool with this key, whether or not it can serve right now. */
  pool(key: string): Pool | undefined {
    return this.registry.lookup(key)[0]?.value;
  }

  /** All pools, with the pid of their supervisors. */
  pools(): Array<{ readonly pool: Pool; readonly pid: Pid }> {
    return this.registry.select(() => true).map(({ pid, value }) => ({ pool: value, pid }));
  }

  /** A pool of this key was started by name: it may be started again on demand. */
  declare(key: string): void {
    this.started.add(key);
  }

  /** Whether the instance starts a pool with the `default` options. */
  isTemplated(pool: Pool): boolean {
    return !pool.userManaged && pool.options === this.options.pools.default;
  }

  /** The options with which the instance itself starts a pool. */
  optionsFor(identity: PoolIdentity): ResolvedPoolOptions {
    return poolOptionsFor(this.options.pools, identity);
  }

  /** Adds a waiter for a pool that is not up. A pool of the instance's own is started for it. */
  waitForPool(identity: PoolIdentity, waiter: Waiter): void {
    if (this.closed) {
      waiter.failed(new InstanceNotFoundError({ instance: this.name }));
      return;
    }
    if (this.waiters.add(identity.key, waiter)) this.ensureStarted(identity);
  }

  /** Removes a waiter for a pool. */
  stopWaiting(identity: PoolIdentity, waiter: Waiter): void {
    this.waiters.remove(identity.key, waiter);
  }

  /** How many callers wait for pools that are down. */
  get waiting(): number {
    return this.waiters.size;
  }

  /** A pool can serve: its waiters try again. */
  poolReady(pool: Pool): void {
    for (const waiter of this.waiters.removeAll(pool.identity.key)) waiter.requeue();
  }

  /** A pool could not be started: its waiters fail. */
  startFailed(key: string, error: Error): void {
    for (const waiter of this.waiters.removeAll(key)) waiter.failed(error);
  }

  /** Whether the key belongs to a pool of a user's supervisor. */
  isReserved(key: string): boolean {
    return this.reserved.has(key);
  }

  /** A pool of a user's supervisor was stopped for good: its key is free. Returns whether there was one. */
  release(key: string): boolean {
    withdraw(this.name, key);
    return this.reserved.delete(key);
  }

  /** The instance has ended: in order, or because a part of it died. */
  close(crashed: boolean): void {
    if (this.closed) return;
    this.closed = true;
    this.crashed = crashed;
    for (const watch of this.watches) watch.unwatch();
    this.watches.clear();
    const error = new InstanceNotFoundError({ instance: this.name });
    // Waiters that failing ones remove from their queues meanwhile are skipped.
    for (const key of this.waiters.keys()) this.startFailed(key, error);
  }

  /** Has a pool started by the manager, unless a user's supervisor is to start it. */
  private ensureStarted(identity: PoolIdentity): void {
    if (this.reserved.has(identity.key)) return;
    if (!this.mayStart(identity)) {
      this.refuse(identity);
      return;
    }
    GenServer.cast(this.manager, ['ensure', identity]);
  }

  private mayStart(identity: PoolIdentity): boolean {
    const { undeclared, pools } = this.options;
    return undeclared === 'start' || this.started.has(identity.key) || isDeclared(pools, identity);
  }

  private refuse({ key }: PoolIdentity): void {
    const declared = this.options.pools.declared.map(({ pool }) => pool.key);
    const nearest = nearestOf(key, [...declared, ...this.reserved, ...this.started]);
    const error = new PoolNotFoundError({
      pool: key,
      instance: this.name,
      nearest,
      isUndeclared: true,
    });
    this.startFailed(key, error);
  }

  /** The supervisor of a pool has ended, for now or for good. */
  private poolDown({ identity, userManaged, stopping }: Pool): void {
    const { key, origin } = identity;
    if (!this.waiters.has(key)) return;
    if (userManaged && stopping) {
      this.startFailed(key, new PoolDownError({ pool: key, origin, reason: 'it was stopped' }));
    } else {
      this.ensureStarted(identity);
    }
  }
}

/** The running instance of a name. */
export function findInstance(name: string): Instance | undefined {
  try {
    const instance = Registry.meta(registryName(name), 'instance') as Instance | undefined;
    return instance?.closed === false ? instance : undefined;
  } catch (error) {
    // It is down, or on its way up: its registry has the name before it can be asked.
    if (error instanceof UnknownRegistryError) return undefined;
    throw error;
  }
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

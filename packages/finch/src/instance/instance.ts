/**
 * The data of a running instance: what a request needs before it has a pool.
 * Owned by the manager process, found through the instance's registry.
 */
import {
  GenServer,
  isAlive,
  Registry,
  UnknownRegistryError,
  Watch,
  type Pid,
  type RegistryHandle,
} from '@linnet/otp';
import { InstanceNotFoundError, PoolDownError } from '../errors/index.ts';
import {
  poolOptionsFor,
  type ResolvedInstanceOptions,
  type ResolvedPoolOptions,
} from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { Pool, PoolHome } from '../pool/pool.ts';
import { withdraw } from '../pool/reservations.ts';
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
  /** The idle time of all its pools, in ms, once `setTimeout` was called. */
  idleTime: number | undefined = undefined;
  crashed = false;
  private readonly registry: RegistryHandle<string, Pool>;
  /** Keys of pools that users' supervisors own: never served by a pool of the instance. */
  private readonly reserved = new Set<string>();
  /** Those who wait for a pool to come up. */
  private readonly awaiting = new Map<string, WaitQueue>();
  private readonly guards = new Set<Guard>();

  constructor(options: ResolvedInstanceOptions, ledger: SlotLedger, manager: Pid) {
    this.name = options.name;
    this.registry = Registry.at(registryName(options.name));
    this.options = options;
    this.ledger = ledger;
    this.manager = manager;
  }

  /** Takes over the pools of users' supervisors that are there already, and their keys. */
  takeOver(reserved: readonly Pool[]): void {
    for (const pool of reserved) {
      this.reserved.add(pool.identity.key);
      const { supervisor, home } = pool;
      if (home !== this && supervisor !== undefined && isAlive(supervisor)) this.adopt(pool);
    }
  }

  get maxPerHost(): number | 'infinity' {
    return this.options.maxPerHost;
  }

  /** Calls back in the turn in which a process dies, for as long as the instance is open. */
  guard(pid: Pid, act: () => void): void {
    const guard = new Guard((done) => {
      this.guards.delete(done);
      act();
    });
    this.guards.add(guard);
    guard.watch(pid);
  }

  adopt(pool: Pool): void {
    const { supervisor, identity, userManaged } = pool;
    if (this.closed || supervisor === undefined) return;
    if (userManaged) this.reserved.add(identity.key);
    if (pool.home !== this) pool.moveTo(this);
    this.registry.registerName(identity.key, supervisor, pool);
    this.guard(supervisor, () => this.ended(pool));
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
    return poolOptionsFor(this.options.pools, identity);
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
    if (queue.size === 1) this.ensure(identity);
  }

  /** Stops waiting for a pool. */
  leave(identity: PoolIdentity, waiter: Waiter): void {
    const queue = this.awaiting.get(identity.key);
    queue?.remove(waiter);
    if (queue?.size === 0) this.awaiting.delete(identity.key);
  }

  /** A pool can serve: whoever waits for it tries again. */
  arrived(pool: Pool): void {
    for (const waiter of this.takeWaiters(pool.identity.key)) waiter.requeue();
  }

  /** A pool could not be started. */
  startFailed(key: string, error: Error): void {
    for (const waiter of this.takeWaiters(key)) waiter.failed(error);
  }

  /** A pool of a user's supervisor was stopped for good; returns whether there was one. */
  forget(key: string): boolean {
    withdraw(this.name, key);
    return this.reserved.delete(key);
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

  /** The end, in order or because a part of the instance died. */
  close(crashed: boolean): void {
    if (this.closed) return;
    this.closed = true;
    this.crashed = crashed;
    for (const guard of this.guards) guard.unwatch();
    this.guards.clear();
    const error = new InstanceNotFoundError({ instance: this.name });
    // Those that are taken out meanwhile are skipped.
    for (const key of this.awaiting.keys()) this.startFailed(key, error);
  }

  /** Whoever waits for a pool that is not the user's has it started. */
  private ensure(identity: PoolIdentity): void {
    if (this.reserved.has(identity.key)) return;
    GenServer.cast(this.manager, ['ensure', identity]);
  }

  /** A pool is no more, for now or for good. */
  private ended({ identity, userManaged, stopping }: Pool): void {
    const { key } = identity;
    if (!this.awaiting.has(key)) return;
    if (userManaged && stopping) {
      this.startFailed(
        key,
        new PoolDownError({ pool: key, origin: identity.origin, reason: 'it was stopped' }),
      );
    } else {
      this.ensure(identity);
    }
  }

  private takeWaiters(key: string): Waiter[] {
    const waiters = this.awaiting.get(key)?.clear() ?? [];
    this.awaiting.delete(key);
    return waiters;
  }
}

class Guard extends Watch {
  private readonly act: (guard: Guard) => void;

  constructor(act: (guard: Guard) => void) {
    super();
    this.act = act;
  }

  protected override down(): void {
    this.act(this);
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

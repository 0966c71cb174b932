/**
 * Getting a connection: from the idle ones at once, else by waiting in the
 * pool's queue or for the pool itself. Requests and leases are claims.
 */
import {
  arm,
  currentPid,
  now,
  UnknownRegistryError,
  Watch,
  type Pid,
  type Timer,
  type TimeoutTarget,
} from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import {
  InstanceNotFoundError,
  InvalidRequestError,
  PoolDownError,
  PoolTimeoutError,
} from '../errors/index.ts';
import { findInstance, type Instance } from '../instance/instance.ts';
import type { PoolStrategy } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import type { Shard } from '../pool/shard.ts';
import type { WaitQueue, Waiter } from '../pool/wait-queue.ts';

/** How often the opening of a connection is begun anew because its process died. */
const maxLostDials = 3;

/** How long a claim may wait, and where it looks. */
export interface ClaimLimits {
  readonly connectTimeout?: number | 'infinity' | undefined;
  readonly poolStrategy?: PoolStrategy | undefined;
}

export abstract class Claim extends Watch implements Waiter {
  queue: WaitQueue | undefined = undefined;
  ticket = 0;
  previousWaiter: Waiter | undefined = undefined;
  nextWaiter: Waiter | undefined = undefined;
  dial: Connection | undefined = undefined;
  fresh = false;

  protected instance: Instance;
  protected readonly identity: PoolIdentity;
  protected shard: Shard | undefined = undefined;
  protected connection: Connection | undefined = undefined;
  /** The process that makes the claim, if one does. */
  protected owner: Pid | undefined = undefined;
  private readonly limits: ClaimLimits;
  private readonly waitLimit: number | 'infinity';
  /** What is left of the limit; the time in which a connection is opened for it may not count. */
  private waitLeft: number;
  private waitTimer: Timer | undefined = undefined;
  private waitingSince = 0;
  private lostDials = 0;

  constructor(
    instance: Instance,
    identity: PoolIdentity,
    waitLimit: number | 'infinity',
    limits: ClaimLimits,
  ) {
    super();
    this.instance = instance;
    this.identity = identity;
    this.waitLimit = waitLimit;
    this.waitLeft = waitLimit === 'infinity' ? Number.POSITIVE_INFINITY : waitLimit;
    this.limits = limits;
  }

  get connectTimeout(): number | 'infinity' | undefined {
    return this.limits.connectTimeout;
  }

  /** A connection is there and in use by this claim. */
  protected abstract granted(connection: Connection): void;
  /** There will be none. */
  protected abstract refused(error: Error): void;
  /** Whether the limit on waiting covers the opening of a connection as well. */
  protected abstract readonly waitCoversDial: boolean;

  /** Ends with the process that makes the claim, if one does. */
  protected watchOwner(owner: Pid | undefined = currentPid()): void {
    if (owner === undefined) return;
    this.owner = owner;
    this.watch(owner);
  }

  /** Gets a connection: one that is there, unless it must be `fresh`. */
  protected acquire(fresh = false): void {
    this.fresh = fresh;
    let shard: Shard | undefined;
    try {
      const pool = this.instance.pool(this.identity.key);
      shard = pool?.pick(this.limits.poolStrategy, this.owner);
    } catch (error) {
      this.failed(this.notPicked(error));
      return;
    }
    this.shard = shard;
    if (shard === undefined) {
      this.startWaiting();
      this.instance.await(this.identity, this);
      return;
    }
    if (fresh && shard.waitForFresh(this)) return;
    const connection = fresh ? undefined : shard.take();
    if (connection !== undefined) {
      this.connected(connection);
    } else {
      this.startWaiting();
      shard.wait(this);
    }
  }

  /** The same once more, possibly after a restart of the instance. */
  protected acquireAgain(fresh: boolean): void {
    if (this.instance.closed) {
      const { name } = this.instance;
      const successor = findInstance(name);
      if (successor === undefined) {
        this.failed(new InstanceNotFoundError({ instance: name }));
        return;
      }
      this.instance = successor;
    }
    this.acquire(fresh);
  }

  /** Leaves the queue, if it is in one. */
  protected stopWaiting(): void {
    this.stopTimer();
    if (this.queue === undefined) return;
    if (this.shard === undefined) this.instance.leave(this.identity, this);
    else this.shard.cancel(this);
  }

  /** How long it has been waiting in all, in ms. */
  protected get waited(): number {
    const before = this.waitLimit === 'infinity' ? 0 : this.waitLimit - this.waitLeft;
    return this.waitTimer === undefined ? before : before + now() - this.waitingSince;
  }

  // As a waiter -------------------------------------------------------------------

  connected(connection: Connection): void {
    if (this.waitTimer !== undefined) this.stopTimer();
    this.connection = connection;
    this.granted(connection);
  }

  failed(error: Error): void {
    this.stopTimer();
    this.refused(error);
  }

  requeue(): void {
    this.acquireAgain(false);
  }

  dialling(): void {
    if (!this.waitCoversDial) this.stopTimer();
  }

  dialGone(): void {
    this.startWaiting();
  }

  dialLost(): boolean {
    if (++this.lostDials > maxLostDials) return false;
    this.startWaiting();
    return true;
  }

  // ---------------------------------------------------------------------------------

  private startWaiting(): void {
    if (this.waitTimer !== undefined || this.waitLeft === Number.POSITIVE_INFINITY) return;
    this.waitingSince = now();
    this.waitTimer = arm(new WaitTimeout(this), this.waitLeft);
  }

  private stopTimer(): void {
    if (this.waitTimer === undefined) return;
    this.waitTimer.cancel();
    this.waitTimer = undefined;
    this.waitLeft = Math.max(0, Math.ceil(this.waitLeft - (now() - this.waitingSince)));
  }

  /** @internal */
  waitTimedOut(): void {
    const { waited } = this;
    this.waitTimer = undefined;
    const { shard, identity } = this;
    const limit = this.waitLimit as number;
    const { key: pool, origin } = identity;
    const error =
      shard === undefined
        ? new PoolDownError({ pool, origin, waited, limit })
        : new PoolTimeoutError({ pool, origin, waited, limit, ...shard.figures });
    this.stopWaiting();
    this.refused(error);
  }

  /** Looking for a shard failed: in the caller's function, or because the instance is dying. */
  private notPicked(error: unknown): Error {
    if (error instanceof UnknownRegistryError) {
      return new InstanceNotFoundError({ instance: this.instance.name });
    }
    return new InvalidRequestError({
      option: 'poolStrategy',
      value: this.limits.poolStrategy,
      problem: 'The poolStrategy function threw',
      allowed: 'a function that returns the index of one of the shards it is given',
      cause: error,
    });
  }
}

class WaitTimeout implements TimeoutTarget {
  private readonly claim: Claim;

  constructor(claim: Claim) {
    this.claim = claim;
  }

  onTimeout(): void {
    this.claim.waitTimedOut();
  }
}

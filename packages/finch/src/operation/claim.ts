/**
 * Getting a connection: from the idle ones at once, else by waiting in the
 * pool's queue or for the pool itself. Requests and leases are claims.
 */
import { arm, currentPid, now, Watch, type Timer, type TimeoutTarget } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import { PoolDownError, PoolTimeoutError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { PoolStrategy } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import type { Shard } from '../pool/shard.ts';
import type { WaitQueue, Waiter } from '../pool/wait-queue.ts';

/** How long a claim may wait, and where it looks. */
export interface ClaimLimits {
  readonly connectTimeout?: number | 'infinity' | undefined;
  readonly poolStrategy?: PoolStrategy | undefined;
}

export abstract class Claim extends Watch implements Waiter {
  queue: WaitQueue | undefined = undefined;
  previousWaiter: Waiter | undefined = undefined;
  nextWaiter: Waiter | undefined = undefined;
  dial: Connection | undefined = undefined;

  protected readonly instance: Instance;
  protected readonly identity: PoolIdentity;
  protected shard: Shard | undefined = undefined;
  protected connection: Connection | undefined = undefined;
  private readonly limits: ClaimLimits;
  private waitLimit: number | 'infinity';
  private waitTimer: Timer | undefined = undefined;
  private waitingSince = 0;

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
  protected watchOwner(): void {
    const owner = currentPid();
    if (owner !== undefined) this.watch(owner);
  }

  protected acquire(): void {
    const shard = this.instance.pool(this.identity.key)?.pick(this.limits.poolStrategy);
    if (shard === undefined) {
      this.startWaiting();
      this.shard = undefined;
      this.instance.await(this.identity, this);
      return;
    }
    this.shard = shard;
    const connection = shard.take();
    if (connection !== undefined) {
      this.connected(connection);
    } else {
      this.startWaiting();
      shard.wait(this);
    }
  }

  /** Leaves the queue, if it is in one. */
  protected stopWaiting(): void {
    this.stopTimer();
    if (this.queue === undefined) return;
    if (this.shard === undefined) this.queue.remove(this);
    else this.shard.cancel(this);
  }

  // As a waiter -------------------------------------------------------------------

  connected(connection: Connection): void {
    this.stopTimer();
    this.connection = connection;
    this.granted(connection);
  }

  failed(error: Error): void {
    this.stopTimer();
    this.refused(error);
  }

  requeue(): void {
    this.acquire();
  }

  dialling(): void {
    if (!this.waitCoversDial) this.stopTimer();
  }

  // ---------------------------------------------------------------------------------

  private startWaiting(): void {
    if (this.waitTimer !== undefined || this.waitLimit === 'infinity') return;
    this.waitingSince = now();
    this.waitTimer = arm(new WaitTimeout(this), this.waitLimit);
  }

  private stopTimer(): void {
    this.waitTimer?.cancel();
    this.waitTimer = undefined;
  }

  /** @internal */
  waitTimedOut(): void {
    this.waitTimer = undefined;
    const { shard, identity } = this;
    const limit = this.waitLimit as number;
    const waited = now() - this.waitingSince;
    const { key: pool, origin } = identity;
    const error =
      shard === undefined
        ? new PoolDownError({ pool, origin, waited, limit })
        : new PoolTimeoutError({ pool, origin, waited, limit, ...shard.figures });
    this.stopWaiting();
    this.refused(error);
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

/**
 * Getting a connection of a pool: one that is there at once, else by waiting in the pool's queue or
 * for the pool itself. Requests, leases and PINGs each have a checkout.
 */
import {
  arm,
  now,
  UnknownRegistryError,
  type Pid,
  type Timer,
  type TimeoutTarget,
} from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import {
  ConnectTimeoutError,
  InstanceNotFoundError,
  InvalidRequestError,
  PoolDownError,
  PoolTimeoutError,
} from '../errors/index.ts';
import { findInstance, type Instance } from '../instance/instance.ts';
import type { PoolStrategy } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { Shard } from '../pool/pool.ts';
import type { WaitQueue, Waiter } from '../pool/wait-queue.ts';

/** How long a checkout may wait, and where it looks. */
export interface CheckoutLimits {
  readonly connectTimeout?: number | 'infinity' | undefined;
  readonly poolStrategy?: PoolStrategy | undefined;
}

/** Whose checkout it is: a request, a lease or a PING. */
export interface CheckoutUser {
  /** A connection is there and in use by this checkout; give it back to the checkout's `shard`. */
  connected(connection: Connection): void;
  /** There will be none. */
  refused(error: Error): void;
}

export class Checkout implements Waiter, TimeoutTarget {
  readonly identity: PoolIdentity;
  /** Where it waits, or got its connection; undefined while the pool is not up. */
  shard: Shard | undefined = undefined;

  // As a waiter, see there.
  queue: WaitQueue | undefined = undefined;
  ticket = 0;
  previousWaiter: Waiter | undefined = undefined;
  nextWaiter: Waiter | undefined = undefined;
  fresh = false;

  private instance: Instance;
  private readonly user: CheckoutUser;
  private readonly limits: CheckoutLimits;
  /** The process that makes it, if one does: a strategy may go by it. */
  private readonly caller: Pid | undefined;
  private readonly waitLimit: number | 'infinity';
  /** What is left of the limit: it counts over all of the waiting, that for a dial included. */
  private waitLeft: number;
  private isWaiting = false;
  private waitingSince = 0;
  private waitTimer: Timer | undefined = undefined;
  private dialTimer: Timer | undefined = undefined;

  constructor(
    instance: Instance,
    identity: PoolIdentity,
    waitLimit: number | 'infinity',
    limits: CheckoutLimits,
    caller: Pid | undefined,
    user: CheckoutUser,
  ) {
    this.instance = instance;
    this.identity = identity;
    this.waitLimit = waitLimit;
    this.waitLeft = waitLimit === 'infinity' ? Number.POSITIVE_INFINITY : waitLimit;
    this.limits = limits;
    this.caller = caller;
    this.user = user;
  }

  /** What it waits for: its turn, or a connection that is being opened. */
  get phase(): 'queue' | 'connect' {
    return this.shard?.dialFor(this) === undefined ? 'queue' : 'connect';
  }

  /** Gets a connection: one that is there, unless it must be `fresh`. */
  begin(fresh = false): void {
    this.fresh = fresh;
    let shard: Shard | undefined;
    try {
      const pool = this.instance.pool(this.identity.key);
      shard = pool?.pick(this.limits.poolStrategy, this.caller);
    } catch (error) {
      this.failed(this.notPicked(error));
      return;
    }
    this.shard = shard;
    if (shard === undefined) {
      this.startWaiting();
      this.instance.waitForPool(this.identity, this);
      return;
    }
    const connection = fresh ? undefined : shard.take();
    if (connection !== undefined) {
      this.connected(connection);
      return;
    }
    this.startWaiting();
    if (!fresh || !shard.waitForFresh(this)) shard.wait(this);
  }

  /** The same once more, possibly after a restart of the instance. */
  beginAgain(fresh: boolean): void {
    if (this.instance.closed) {
      const { name } = this.instance;
      const successor = findInstance(name);
      if (successor === undefined) {
        this.failed(new InstanceNotFoundError({ instance: name }));
        return;
      }
      this.instance = successor;
    }
    this.begin(fresh);
  }

  /** Waits no more. */
  cancel(): void {
    this.stopWaiting();
    if (this.queue === undefined) return;
    if (this.shard === undefined) this.instance.stopWaiting(this.identity, this);
    else this.shard.cancel(this);
  }

  // As a waiter -------------------------------------------------------------------

  connected(connection: Connection): void {
    this.stopWaiting();
    this.user.connected(connection);
  }

  failed(error: Error): void {
    this.stopWaiting();
    this.user.refused(error);
  }

  requeue(): void {
    this.beginAgain(false);
  }

  // ---------------------------------------------------------------------------------

  private startWaiting(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.waitingSince = now();
    if (this.waitLeft !== Number.POSITIVE_INFINITY) {
      this.waitTimer = arm(this, this.waitLeft);
    }
    const { connectTimeout = 'infinity' } = this.limits;
    if (connectTimeout !== 'infinity') {
      this.dialTimer = arm(new DialTimeout(this), connectTimeout);
    }
  }

  private stopWaiting(): void {
    if (!this.isWaiting) return;
    this.isWaiting = false;
    this.waitTimer?.cancel();
    this.dialTimer?.cancel();
    this.waitTimer = this.dialTimer = undefined;
    this.waitLeft = Math.max(0, Math.ceil(this.waitLeft - (now() - this.waitingSince)));
  }

  /** @internal The limit on waiting is over. */
  onTimeout(): void {
    const { shard, identity } = this;
    const limit = this.waitLimit as number;
    const waited = limit - this.waitLeft + now() - this.waitingSince;
    const { key: pool, origin } = identity;
    const error =
      shard === undefined
        ? new PoolDownError({ pool, origin, waited, limit })
        : new PoolTimeoutError({ pool, origin, waited, limit, ...shard.figures });
    this.cancel();
    this.user.refused(error);
  }

  /**
   * @internal Gives up when the dial that is to serve it has taken `connectTimeout` of its own wait. The
   * dial goes on, for others, as long as the pool allows.
   */
  dialTimedOut(): void {
    const limit = this.limits.connectTimeout as number;
    const dial = this.shard?.dialFor(this);
    const waited = dial === undefined ? 0 : now() - Math.max(dial.begunAt, this.waitingSince);
    if (waited < limit) {
      this.dialTimer = arm(new DialTimeout(this), Math.ceil(limit - waited));
      return;
    }
    const { key: pool, origin } = this.identity;
    const proxy = this.shard?.options.connOpts.proxy?.url;
    this.cancel();
    this.user.refused(new ConnectTimeoutError({ pool, origin, proxy, waited, limit }));
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

/** A target of its own, since the checkout itself is that of the limit on waiting. */
class DialTimeout implements TimeoutTarget {
  private readonly checkout: Checkout;

  constructor(checkout: Checkout) {
    this.checkout = checkout;
  }

  onTimeout(): void {
    this.checkout.dialTimedOut();
  }
}

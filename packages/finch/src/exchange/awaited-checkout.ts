/** A checkout that a promise stands for, with a signal of its own: that of a lease or a PING. */
import { currentPid, now } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import { annotateError } from '../errors/finch-error.ts';
import { isFinchError, RequestCancelledError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { PoolIdentity } from '../identity/index.ts';
import { Caller } from './caller.ts';
import { Checkout, type CheckoutLimits, type CheckoutUser } from './checkout.ts';

/** How long it may wait, and what ends it sooner. */
interface AwaitedLimits extends CheckoutLimits {
  readonly signal?: AbortSignal | undefined;
}

/** What is done with the connection: it ends in one call of `fulfil` or `refused`. */
export interface ConnectionUse<T> {
  connected(connection: Connection, checkout: AwaitedCheckout<T>): void;
  /** It has ended, in whatever way. */
  over?(checkout: AwaitedCheckout<T>): void;
}

export class AwaitedCheckout<T> implements CheckoutUser {
  /** The process that asked, if one did. */
  readonly holder = currentPid();
  readonly checkout: Checkout;
  /** The connection, once it is there. */
  connection: Connection | undefined = undefined;
  private readonly use: ConnectionUse<T>;
  private readonly signal: AbortSignal | undefined;
  private readonly resolve: (value: T) => void;
  private readonly reject: (error: Error) => void;
  private readonly begunAt = now();
  private caller: Caller | undefined = undefined;
  private ended = false;

  constructor(
    instance: Instance,
    identity: PoolIdentity,
    waitLimit: number | 'infinity',
    limits: AwaitedLimits,
    use: ConnectionUse<T>,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ) {
    this.checkout = new Checkout(instance, identity, waitLimit, limits, this.holder, this);
    this.signal = limits.signal;
    this.use = use;
    this.resolve = resolve;
    this.reject = reject;
  }

  begin(): void {
    const { signal } = this;
    if (signal?.aborted === true) {
      this.cancel(signal.reason);
      return;
    }
    signal?.addEventListener('abort', this);
    // Tells at once when code of a dead process asks.
    if (this.holder !== undefined) {
      this.caller = new Caller(this);
      this.caller.watch(this.holder);
    }
    if (!this.isOver()) this.checkout.begin();
  }

  connected(connection: Connection): void {
    this.connection = connection;
    this.use.connected(connection, this);
  }

  /** There is what was asked for. */
  fulfil(value: T): void {
    if (this.ended) return;
    this.finish();
    this.resolve(value);
  }

  /** There is nothing to be had. */
  refused(error: Error): void {
    if (this.ended) return;
    const { key: pool, origin } = this.checkout.identity;
    this.checkout.cancel();
    this.finish();
    this.reject(isFinchError(error) ? annotateError(error, { pool, origin }) : error);
  }

  /** @internal The signal's `abort` event. */
  handleEvent(): void {
    this.cancel(this.signal?.reason);
  }

  callerDown(): void {
    this.cancel('the calling process ended');
  }

  /** Gives it up, unless it has ended: it is refused for this reason. */
  cancel(reason: unknown): void {
    if (this.ended) return;
    const { key: pool, origin } = this.checkout.identity;
    const phase = this.connection === undefined ? this.checkout.phase : 'receive';
    const waited = now() - this.begunAt;
    this.refused(new RequestCancelledError({ pool, origin, phase, waited, reason }));
  }

  /** Leaves nothing behind; called once, before the promise is settled. */
  private finish(): void {
    this.ended = true;
    this.caller?.unwatch();
    this.signal?.removeEventListener('abort', this);
    this.use.over?.(this);
  }

  /** A method, since the compiler takes a field that was false before a call for false after it. */
  private isOver(): boolean {
    return this.ended;
  }
}

/** A claim that a promise stands for, with a signal of its own: a lease or a PING, not a request. */
import { currentPid, now } from '@linnet/otp';
import { RequestCancelledError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import { Claim, type ClaimLimits } from './claim.ts';

/** How long such a claim may wait, and what ends it sooner. */
export interface AwaitedLimits extends ClaimLimits {
  readonly signal?: AbortSignal | undefined;
}

export abstract class AwaitedClaim<T> extends Claim {
  protected readonly waitCoversDial = true;
  protected readonly holder = currentPid();
  private readonly signal: AbortSignal | undefined;
  private readonly resolve: (value: T) => void;
  private readonly reject: (error: Error) => void;
  private readonly begunAt = now();
  private over = false;

  constructor(
    instance: Instance,
    identity: PoolIdentity,
    waitLimit: number | 'infinity',
    limits: AwaitedLimits,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ) {
    super(instance, identity, waitLimit, limits);
    this.signal = limits.signal;
    this.resolve = resolve;
    this.reject = reject;
  }

  start(): void {
    const { signal } = this;
    if (signal?.aborted === true) {
      this.cancel(signal.reason);
      return;
    }
    signal?.addEventListener('abort', this);
    // Tells at once when code of a dead process asks.
    this.watchOwner(this.holder);
    if (!this.isOver()) this.acquire();
  }

  /** @internal The signal's `abort` event. */
  handleEvent(): void {
    this.cancel(this.signal?.reason);
  }

  protected override down(): void {
    this.cancel('the calling process ended');
  }

  protected override refused(error: Error): void {
    if (this.over) return;
    this.stopWaiting();
    this.finish();
    this.reject(error);
  }

  /** There is what was asked for. */
  protected fulfil(value: T): void {
    if (this.over) return;
    this.finish();
    this.resolve(value);
  }

  /** Leaves nothing behind; called once, before the promise is settled. */
  protected finish(): void {
    this.over = true;
    this.unwatch();
    this.signal?.removeEventListener('abort', this);
  }

  /** A method, since the compiler takes a field that was false before a call for false after it. */
  private isOver(): boolean {
    return this.over;
  }

  private cancel(reason: unknown): void {
    const { key: pool, origin } = this.identity;
    const phase = this.connection ? 'receive' : this.dial ? 'connect' : 'queue';
    const waited = now() - this.begunAt;
    this.refused(new RequestCancelledError({ pool, origin, phase, waited, reason }));
  }
}

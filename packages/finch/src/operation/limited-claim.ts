/**
 * The limits of a request: how long all of it may take, how long the server may
 * be silent, and the caller's signal, which may end it sooner.
 */
import { arm, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import {
  ReceiveTimeoutError,
  RequestCancelledError,
  RequestTimeoutError,
  type RequestPhase,
} from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedRequestOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import { Claim } from './claim.ts';
import { TotalTimeout } from './total-timeout.ts';

export abstract class LimitedClaim extends Claim implements TimeoutTarget {
  protected readonly options: ResolvedRequestOptions;
  protected readonly waitCoversDial = false;
  protected over = false;
  protected bytesReceived = 0;
  /** The reader has no use for more at this moment. */
  protected readerPaused = false;
  /** The next piece of the body is awaited from the caller's side. */
  protected bodyAwaited = false;
  private receiveTimer: Timer | undefined = undefined;
  private totalTimer: Timer | undefined = undefined;
  /** On the clock; undefined where nothing can want to know. */
  private startedAt: number | undefined = undefined;

  constructor(instance: Instance, identity: PoolIdentity, options: ResolvedRequestOptions) {
    super(instance, identity, options.poolTimeout, options);
    this.options = options;
  }

  /** Gives up, with this error. */
  abstract cancel(error: Error): void;

  /** The request begins; `cancellable`: by other means than its options. */
  protected begin(cancellable: boolean): void {
    const { signal, requestTimeout } = this.options;
    // The clock costs something: what nothing can cancel does without.
    if (cancellable || signal !== undefined || requestTimeout !== 'infinity') {
      this.startedAt ??= now();
    }
  }

  /** The limits on all of it hold from here on. */
  protected limit(): void {
    const { signal, requestTimeout } = this.options;
    // The object itself as listener: no closure for each request.
    signal?.addEventListener('abort', this);
    if (requestTimeout !== 'infinity') {
      this.totalTimer = arm(new TotalTimeout(this), requestTimeout);
    }
  }

  /** No limit holds any more. */
  protected unlimit(): void {
    this.stopReceive();
    this.totalTimer?.cancel();
    this.totalTimer = undefined;
    this.options.signal?.removeEventListener('abort', this);
  }

  /** `receiveTimeout` runs, unless it is not the server that keeps the exchange waiting. */
  protected armReceive(): void {
    const { receiveTimeout } = this.options;
    if (receiveTimeout === 'infinity' || this.readerPaused || this.bodyAwaited) return;
    this.receiveTimer ??= arm(this, receiveTimeout);
  }

  /** The server, or the network, is alive. */
  protected heard(): void {
    this.receiveTimer?.refresh();
  }

  protected stopReceive(): void {
    this.receiveTimer?.cancel();
    this.receiveTimer = undefined;
  }

  /** @internal `receiveTimeout`. */
  onTimeout(): void {
    this.receiveTimer = undefined;
    const limit = this.options.receiveTimeout as number;
    this.cancel(new ReceiveTimeoutError({ ...this.facts(), waited: limit, limit }));
  }

  /** @internal `requestTimeout`. */
  totalTimedOut(): void {
    this.totalTimer = undefined;
    const limit = this.options.requestTimeout as number;
    this.cancel(
      new RequestTimeoutError({
        ...this.facts(),
        phase: this.phase(),
        ...(this.connection === undefined ? this.shard?.figures : undefined),
        waited: this.elapsed ?? limit,
        limit,
      }),
    );
  }

  /** @internal The signal's `abort` event. */
  handleEvent(): void {
    this.cancel(this.cancellation(this.options.signal?.reason));
  }

  /** The process that made the request is dead: nobody waits for the response. */
  protected override down(): void {
    this.cancel(this.cancellation('the calling process ended'));
  }

  /** The error of a request that is given up, with where it was and how long it had taken. */
  protected cancellation(reason: unknown): RequestCancelledError {
    return new RequestCancelledError({
      ...this.facts(),
      phase: this.phase(),
      waited: this.elapsed,
      reason,
    });
  }

  /** A method, since the compiler takes a field that was false before a call for false after it. */
  protected isOver(): boolean {
    return this.over;
  }

  protected phase(): RequestPhase {
    if (this.connection !== undefined) return 'receive';
    return this.dial === undefined ? 'queue' : 'connect';
  }

  protected facts(): { pool: string; origin: string; bytesReceived: number } {
    const { key: pool, origin } = this.identity;
    return { pool, origin, bytesReceived: this.bytesReceived };
  }

  /** How long it has taken so far, in ms. */
  private get elapsed(): number | undefined {
    return this.startedAt === undefined ? undefined : now() - this.startedAt;
  }
}

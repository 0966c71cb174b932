/** `finch.ping`: how long a round trip takes on an HTTP/2 connection of a pool. */
import { arm, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import {
  InvalidRequestError,
  isFinchError,
  ReceiveTimeoutError,
  RequestCancelledError,
} from '../errors/index.ts';
import { annotateError } from '../errors/finch-error.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedPingOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import { Claim } from './claim.ts';

export class Ping extends Claim implements TimeoutTarget {
  protected readonly waitCoversDial = true;
  private readonly options: ResolvedPingOptions;
  private readonly resolve: (roundTrip: number) => void;
  private readonly reject: (error: Error) => void;
  private readonly startedAt = now();
  private timer: Timer | undefined = undefined;
  private over = false;

  constructor(
    instance: Instance,
    identity: PoolIdentity,
    options: ResolvedPingOptions,
    resolve: (roundTrip: number) => void,
    reject: (error: Error) => void,
  ) {
    super(instance, identity, options.timeout, {});
    this.options = options;
    this.resolve = resolve;
    this.reject = reject;
  }

  start(): void {
    const { signal } = this.options;
    if (signal?.aborted === true) {
      this.refused(this.cancelled(signal.reason));
      return;
    }
    signal?.addEventListener('abort', this);
    this.watchOwner();
    if (!this.isOver()) this.acquire();
  }

  /** @internal The signal's `abort` event. */
  handleEvent(): void {
    this.refused(this.cancelled(this.options.signal?.reason));
  }

  /** The answer is not there in time. */
  onTimeout(): void {
    const { timeout } = this.options;
    const { key: pool, origin } = this.identity;
    const limit = timeout as number;
    this.refused(new ReceiveTimeoutError({ pool, origin, waited: limit, limit }));
  }

  protected override granted(connection: Connection): void {
    const { timeout } = this.options;
    const { wire } = connection;
    if (wire?.ping === undefined) {
      this.refused(this.noPing());
      return;
    }
    if (timeout !== 'infinity') {
      this.timer = arm(this, Math.max(1, Math.ceil(timeout - (now() - this.startedAt))));
    }
    wire.ping().then(
      (roundTrip) => {
        if (this.over) return;
        this.finish();
        this.resolve(roundTrip);
      },
      (error: unknown) => this.refused(error as Error),
    );
  }

  protected override refused(error: Error): void {
    if (this.over) return;
    this.stopWaiting();
    this.finish();
    const { key: pool, origin } = this.identity;
    this.reject(isFinchError(error) ? annotateError(error, { pool, origin }) : error);
  }

  protected override down(): void {
    this.refused(this.cancelled('the calling process ended'));
  }

  /** A method, since the compiler takes a field that was false before a call for false after it. */
  private isOver(): boolean {
    return this.over;
  }

  private finish(): void {
    this.over = true;
    this.unwatch();
    this.timer?.cancel();
    this.options.signal?.removeEventListener('abort', this);
    const { connection } = this;
    this.connection = undefined;
    if (connection !== undefined) this.shard?.checkin(connection);
  }

  private cancelled(reason: unknown): RequestCancelledError {
    const { key: pool, origin } = this.identity;
    return new RequestCancelledError({ pool, origin, reason, cause: reason });
  }

  private noPing(): InvalidRequestError {
    return new InvalidRequestError({
      option: 'pool',
      value: this.identity.key,
      problem: 'The pool has an HTTP/1.1 connection, on which there is no PING',
      allowed: "a pool whose server speaks HTTP/2 and whose protocols include 'http2'",
    });
  }
}

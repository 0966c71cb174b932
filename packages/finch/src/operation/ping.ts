/** `finch.ping`: how long a round trip takes on an HTTP/2 connection of a pool. */
import { arm, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import { InvalidRequestError, isFinchError, ReceiveTimeoutError } from '../errors/index.ts';
import { annotateError } from '../errors/finch-error.ts';
import { fromMint } from '../errors/from-mint.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedPingOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import { AwaitedClaim } from './awaited-claim.ts';

export class Ping extends AwaitedClaim<number> implements TimeoutTarget {
  private readonly options: ResolvedPingOptions;
  private readonly startedAt = now();
  private timer: Timer | undefined = undefined;

  constructor(
    instance: Instance,
    identity: PoolIdentity,
    options: ResolvedPingOptions,
    resolve: (roundTrip: number) => void,
    reject: (error: Error) => void,
  ) {
    super(instance, identity, options.timeout, { signal: options.signal }, resolve, reject);
    this.options = options;
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
      (roundTrip) => this.fulfil(roundTrip),
      (error: unknown) => this.refused(fromMint(error)),
    );
  }

  protected override refused(error: Error): void {
    const { key: pool, origin } = this.identity;
    super.refused(isFinchError(error) ? annotateError(error, { pool, origin }) : error);
  }

  protected override finish(): void {
    super.finish();
    this.timer?.cancel();
    const { connection } = this;
    this.connection = undefined;
    if (connection !== undefined) this.shard?.checkin(connection);
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

/** `finch.ping`: how long a round trip takes on an HTTP/2 or HTTP/3 connection of a pool. */
import { arm, now, type Timer, type TimeoutTarget } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import { fromMint } from '../errors/from-mint.ts';
import { InvalidRequestError, ReceiveTimeoutError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedPingOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import { AwaitedCheckout, type ConnectionUse } from './awaited-checkout.ts';

/** Resolves with the time of a round trip, in ms. */
export function ping(
  instance: Instance,
  pool: PoolIdentity,
  options: ResolvedPingOptions,
): Promise<number> {
  const { timeout, signal } = options;
  return new Promise((resolve, reject) => {
    const use = new Ping(pool, timeout);
    new AwaitedCheckout(instance, pool, timeout, { signal }, use, resolve, reject).begin();
  });
}

class Ping implements ConnectionUse<number>, TimeoutTarget {
  private readonly pool: PoolIdentity;
  private readonly timeout: number | 'infinity';
  private readonly startedAt = now();
  private timer: Timer | undefined = undefined;
  private awaited: AwaitedCheckout<number> | undefined = undefined;

  constructor(pool: PoolIdentity, timeout: number | 'infinity') {
    this.pool = pool;
    this.timeout = timeout;
  }

  connected({ wire }: Connection, awaited: AwaitedCheckout<number>): void {
    const { timeout } = this;
    if (wire?.ping === undefined) {
      awaited.refused(noPing(this.pool));
      return;
    }
    this.awaited = awaited;
    if (timeout !== 'infinity') {
      this.timer = arm(this, Math.max(1, Math.ceil(timeout - (now() - this.startedAt))));
    }
    wire.ping().then(
      (roundTrip) => awaited.fulfil(roundTrip),
      (error: unknown) => awaited.refused(fromMint(error)),
    );
  }

  over({ connection, checkout }: AwaitedCheckout<number>): void {
    this.timer?.cancel();
    if (connection !== undefined) checkout.shard?.checkin(connection);
  }

  /** The answer is not there in time. */
  onTimeout(): void {
    const { key: pool, origin } = this.pool;
    const limit = this.timeout as number;
    this.awaited?.refused(new ReceiveTimeoutError({ pool, origin, waited: limit, limit }));
  }
}

function noPing({ key }: PoolIdentity): InvalidRequestError {
  return new InvalidRequestError({
    option: 'pool',
    value: key,
    problem: 'The pool has an HTTP/1.1 connection, on which there is no PING',
    allowed: 'a pool whose server speaks HTTP/2 or HTTP/3, as its protocols do',
  });
}

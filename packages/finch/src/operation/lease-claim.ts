/** `finch.checkout`: waiting for a connection to lease. */
import { currentPid, type Pid } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import { InvalidRequestError, RequestCancelledError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedCheckoutOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import type { Shard } from '../pool/shard.ts';
import { Claim } from './claim.ts';
import { Lease } from './lease.ts';

export class LeaseClaim extends Claim {
  protected readonly waitCoversDial = true;
  private readonly options: ResolvedCheckoutOptions;
  private readonly resolve: (lease: Lease) => void;
  private readonly reject: (error: Error) => void;
  private readonly holder: Pid | undefined = currentPid();
  /** Only a connection that several may use. */
  private readonly shared: boolean;
  private over = false;

  constructor(
    instance: Instance,
    identity: PoolIdentity,
    options: ResolvedCheckoutOptions,
    resolve: (lease: Lease) => void,
    reject: (error: Error) => void,
    shared = false,
  ) {
    super(instance, identity, options.checkoutTimeout, options);
    this.shared = shared;
    this.options = options;
    this.resolve = resolve;
    this.reject = reject;
  }

  start(): void {
    const { signal } = this.options;
    if (signal?.aborted === true) {
      this.refused(this.aborted());
      return;
    }
    signal?.addEventListener('abort', this);
    // Tells at once when code of a dead process asks.
    this.watchOwner();
    if (!this.isOver()) this.acquire();
  }

  private isOver(): boolean {
    return this.over;
  }

  /** @internal The signal's `abort` event. */
  handleEvent(): void {
    this.giveUp(this.aborted());
  }

  protected override granted(connection: Connection): void {
    if (this.shared && !connection.shared) {
      this.refused(notShared(this.identity));
      this.shard?.checkin(connection);
      return;
    }
    this.finish();
    this.resolve(new Lease(this.instance, this.shard as Shard, connection, this.holder));
  }

  protected override refused(error: Error): void {
    if (this.over) return;
    this.finish();
    this.reject(error);
  }

  protected override down(): void {
    const { key: pool, origin } = this.identity;
    this.giveUp(new RequestCancelledError({ pool, origin, reason: 'the calling process ended' }));
  }

  private giveUp(error: Error): void {
    if (this.over) return;
    this.stopWaiting();
    this.refused(error);
  }

  private finish(): void {
    this.over = true;
    this.unwatch();
    this.options.signal?.removeEventListener('abort', this);
  }

  private aborted(): Error {
    const { key: pool, origin } = this.identity;
    const reason: unknown = this.options.signal?.reason;
    const phase = this.dial === undefined ? 'queue' : 'connect';
    const { waited } = this;
    return new RequestCancelledError({ pool, origin, phase, waited, reason, cause: reason });
  }
}

function notShared({ key }: PoolIdentity): InvalidRequestError {
  return new InvalidRequestError({
    option: 'pool',
    value: key,
    problem: 'The pool has an HTTP/1.1 connection, which is not shared',
    allowed: "a pool whose server speaks HTTP/2 and whose protocols include 'http2'; or checkout",
  });
}

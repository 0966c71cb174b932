/** `finch.checkout`: waiting for a connection to lease. */
import type { Connection } from '../connection/connection.ts';
import { InvalidRequestError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedCheckoutOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import type { Shard } from '../pool/shard.ts';
import { AwaitedClaim } from './awaited-claim.ts';
import { Lease } from './lease.ts';

export class LeaseClaim extends AwaitedClaim<Lease> {
  /** Only a connection that several may use. */
  private readonly shared: boolean;

  constructor(
    instance: Instance,
    identity: PoolIdentity,
    options: ResolvedCheckoutOptions,
    resolve: (lease: Lease) => void,
    reject: (error: Error) => void,
    shared = false,
  ) {
    super(instance, identity, options.checkoutTimeout, options, resolve, reject);
    this.shared = shared;
  }

  protected override granted(connection: Connection): void {
    if (this.shared && !connection.shared) {
      this.refused(notShared(this.identity));
      this.shard?.checkin(connection);
      return;
    }
    this.fulfil(new Lease(this.instance, this.shard as Shard, connection, this.holder));
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

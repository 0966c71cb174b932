/** `finch.checkout`: waiting for a connection to lease. */
import type { Connection } from '../connection/connection.ts';
import { InvalidRequestError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedCheckoutOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { Shard } from '../pool/pool.ts';
import { AwaitedCheckout, type ConnectionUse } from './awaited-checkout.ts';
import { Lease } from './lease.ts';

/** Resolves with the lease of a connection; `shared`: of one that several may use. */
export function checkoutLease(
  instance: Instance,
  pool: PoolIdentity,
  options: ResolvedCheckoutOptions,
  shared = false,
): Promise<Lease> {
  return new Promise((resolve, reject) => {
    awaitLease(instance, pool, options, shared, resolve, reject);
  });
}

/** The same with callbacks, of which one may be called before this returns, and a way to give the wait up. */
export function awaitLease(
  instance: Instance,
  pool: PoolIdentity,
  options: ResolvedCheckoutOptions,
  shared: boolean,
  leased: (lease: Lease) => void,
  refused: (error: Error) => void,
): AwaitedCheckout<Lease> {
  const use: ConnectionUse<Lease> = {
    connected(connection: Connection, awaited): void {
      const shard = awaited.checkout.shard as Shard;
      if (shared && !connection.shared) {
        awaited.refused(notShared(pool));
        shard.checkin(connection);
        return;
      }
      awaited.fulfil(new Lease(instance, shard, connection, awaited.holder));
    },
  };
  const { checkoutTimeout } = options;
  const awaited = new AwaitedCheckout(
    instance,
    pool,
    checkoutTimeout,
    options,
    use,
    leased,
    refused,
  );
  awaited.begin();
  return awaited;
}

function notShared({ key }: PoolIdentity): InvalidRequestError {
  return new InvalidRequestError({
    option: 'pool',
    value: key,
    problem: 'The pool has an HTTP/1.1 connection, which is not shared',
    allowed: 'a pool whose server speaks HTTP/2 or HTTP/3, as its protocols do; or checkout',
  });
}

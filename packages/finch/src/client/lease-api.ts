/** Leases: connections for exclusive use. */
import type { Lease } from '../operation/lease.ts';
import { LeaseClaim } from '../operation/lease-claim.ts';
import { readCheckoutOptions, type CheckoutOptions } from '../options/index.ts';
import { poolFrom, type PoolLike } from '../pool/identity.ts';
import { StreamApi } from './stream-api.ts';

export abstract class LeaseApi extends StreamApi {
  /**
   * Takes a connection for exclusive use, opening one if need be. It comes back
   * by `release`, by `finch.checkin`, at the end of an `await using` block, or
   * with the death of the calling process.
   *
   * `checkoutTimeout` (8000 ms) covers waiting and opening.
   *
   * Mirrors `hackney_pool:checkout/4`.
   *
   * @example
   * await using lease = await finch.checkout('https://api.example.com');
   * await lease.request('/users');
   */
  checkout(pool: PoolLike, options?: CheckoutOptions): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const resolved = readCheckoutOptions(options);
      new LeaseClaim(this.running(), poolFrom(pool), resolved, resolve, reject).start();
    });
  }

  /**
   * Gives a lease back; returns whether this call did it.
   *
   * Mirrors `hackney_pool:checkin/2`.
   *
   * @example
   * const lease = await finch.checkout('https://api.example.com');
   * try {
   *   await lease.request('/users');
   * } finally {
   *   finch.checkin(lease);
   * }
   */
  checkin(lease: Lease): boolean {
    return lease.release();
  }
}

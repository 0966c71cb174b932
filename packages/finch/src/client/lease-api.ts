/** Leases: connections, and places on shared ones. */
import { checkoutLease } from '../exchange/checkout-lease.ts';
import type { Lease } from '../exchange/lease.ts';
import { readCheckoutOptions, type CheckoutOptions } from '../options/index.ts';
import { poolFrom, type PoolLike } from '../identity/index.ts';
import { StreamApi } from './stream-api.ts';

export abstract class LeaseApi extends StreamApi {
  /**
   * Takes a connection, opening one if need be: an HTTP/1.1 one for exclusive use,
   * or a place on an HTTP/2 one that others use, too. It comes back by `release`,
   * by `finch.checkin`, at the end of an `await using` block, or with the death of
   * the calling process.
   *
   * `checkoutTimeout` (8000 ms) covers waiting and opening.
   *
   * Mirrors `hackney_pool:checkout/4`.
   *
   * @example
   * await using lease = await finch.checkout('https://api.example.com');
   * await lease.request('/users');
   */
  async checkout(pool: PoolLike, options?: CheckoutOptions): Promise<Lease> {
    return checkoutLease(this.running(), poolFrom(pool), readCheckoutOptions(options));
  }

  /**
   * As `checkout`, for a place on an HTTP/2 connection and nothing else. Use it for
   * streams of your own, see `openStream`; a place is kept for one at a time.
   *
   * Rejects as `checkout`, and with InvalidRequestError when the server speaks
   * HTTP/1.1.
   *
   * @example
   * await using lease = await finch.checkoutShared('https://api.example.com');
   * await using stream = lease.openStream('POST', '/chat');
   * await stream.write('hello');
   * const { body } = await stream.response;
   */
  async checkoutShared(pool: PoolLike, options?: CheckoutOptions): Promise<Lease> {
    return checkoutLease(this.running(), poolFrom(pool), readCheckoutOptions(options), true);
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

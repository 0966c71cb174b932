/** An HTTP/2 or HTTP/3 connection of a pool, as its users see it. */
import { currentPid, type Pid } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import { fromMint } from '../errors/from-mint.ts';
import { ConnectionClosedError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import { readRequestOptions, type RequestOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { Shard } from '../pool/pool.ts';
import type { Request } from '../request/index.ts';
import { Caller } from './caller.ts';
import { ConnectionClient, noPlace } from './connection-client.ts';
import type { Exchange } from './exchange.ts';
import type { PreparedRequest } from './prepared-request.ts';

/** One for each connection, so that the same connection is the same object. */
const known = new WeakMap<Connection, SharedConnection>();

/**
 * A connection that carries many requests at once, from `finch.checkoutH2` or
 * `finch.checkoutH3`. It belongs to its pool: it need not be given back, and it lives on when the process
 * that asked for it is gone.
 *
 * Use it to send several requests over one and the same connection, beside its
 * other users; requests that may go over any are `finch.request`'s.
 *
 * Mirrors the process of `hackney_pool:checkout_h2/4` and `checkout_h3/4`.
 *
 * @example
 * const connection = finch.checkoutH2('https://api.example.com');
 * await connection?.request('/users');
 */
export class SharedConnection extends ConnectionClient {
  readonly #instance: Instance;
  readonly #shard: Shard;
  readonly #connection: Connection;
  /** The process that has unlisted it. */
  readonly #unlister = new Caller({ callerDown: () => this.#unlisterDown() });

  private constructor(instance: Instance, shard: Shard, connection: Connection) {
    super();
    this.#instance = instance;
    this.#shard = shard;
    this.#connection = connection;
  }

  /** @internal */
  static of(instance: Instance, shard: Shard, connection: Connection): SharedConnection {
    let shared = known.get(connection);
    if (shared === undefined) {
      shared = new SharedConnection(instance, shard, connection);
      known.set(connection, shared);
    }
    return shared;
  }

  /** The process of the connection. */
  get pid(): Pid {
    return this.#connection.pid as Pid;
  }

  /** What the connection speaks. */
  get protocol(): 'http2' | 'http3' {
    return this.#connection.wire?.protocol === 'http3' ? 'http3' : 'http2';
  }

  /** The pool that it belongs to. */
  override get pool(): PoolIdentity {
    return this.#shard.pool;
  }

  /** Whether it takes further requests, when it has a place for them. */
  get usable(): boolean {
    return this.#connection.reusable;
  }

  /** How many requests and leases it carries now. */
  get inFlight(): number {
    return this.#connection.inFlight;
  }

  /** How many it may carry at once: what the server allows, and `maxConcurrentStreams` of its protocol. */
  get limit(): number {
    return this.#connection.limit;
  }

  /** Whether callers of the pool are given it; see `finch.unregisterH2` and `finch.unregisterH3`. */
  get registered(): boolean {
    return !this.#connection.unlisted && this.#connection.state !== 'closed';
  }

  /**
   * Measures a round trip, in ms.
   *
   * Rejects with ConnectionClosedError when the connection ends first.
   */
  ping(): Promise<number> {
    const { wire, owner } = this.#connection;
    const { key: pool, origin } = owner.pool;
    if (wire?.ping === undefined) return Promise.reject(this.#closed());
    return wire.ping().catch((error: unknown) => {
      throw fromMint(error, { pool, origin });
    });
  }

  /** Closes it at once, which fails whatever it carries. */
  close(): void {
    this.#connection.close('abandoned');
  }

  /** @internal The pool gives it to callers again; one that is used up ends. */
  list(): boolean {
    const connection = this.#connection;
    if (!connection.unlisted) return false;
    this.#forget();
    const { usable } = this;
    if (usable) this.#shard.list(connection);
    else this.#shard.dismissUnlisted(connection);
    return usable;
  }

  /** @internal For as long as the calling process lives, or for good. */
  unlist(): boolean {
    if (!this.registered || !this.usable) return false;
    if (!this.#shard.unlist(this.#connection)) return false;
    const caller = currentPid();
    if (caller === undefined) return true;
    this.#connection.onEnded = () => this.#forget();
    this.#unlister.watch(caller);
    return true;
  }

  protected override prepare(
    input: Request | string | URL,
    options: RequestOptions | undefined,
  ): PreparedRequest {
    const request = this.requestFrom(input);
    const resolved = readRequestOptions(options);
    const begin = (exchange: Exchange): void => {
      if (!this.#shard.enter(this.#connection)) throw noPlace(this.#connection);
      exchange.startOn(this.#connection, this.#shard);
    };
    return { instance: this.#instance, request, options: resolved, begin };
  }

  /** The process that has unlisted it is dead: it ends with what it carries. */
  #unlisterDown(): void {
    this.#connection.onEnded = undefined;
    this.#shard.dismissUnlisted(this.#connection);
  }

  /** Stops watching the process that has unlisted it. */
  #forget(): void {
    this.#unlister.unwatch();
    this.#connection.onEnded = undefined;
  }

  #closed(): ConnectionClosedError {
    const { key: pool, origin } = this.pool;
    return new ConnectionClosedError({ pool, origin });
  }
}

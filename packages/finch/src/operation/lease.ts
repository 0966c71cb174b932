/** Checkout: a connection for exclusive use, for as long as its holder lives. */
import { currentPid, Watch, type Pid } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import {
  ConnectionClosedError,
  InvalidRequestError,
  RequestCancelledError,
} from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import {
  readRequestOptions,
  type RequestOptions,
  type ResolvedCheckoutOptions,
} from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import type { Shard } from '../pool/shard.ts';
import { buildRequest, isRequest, type Request } from '../request/index.ts';
import type { Response } from '../response/index.ts';
import { leased, leaseOver } from '../telemetry/connection-events.ts';
import { BufferedRequest } from './buffered-request.ts';
import { Claim } from './claim.ts';

/**
 * A connection that was checked out. It is given back exactly once: by
 * `release`, at the end of an `await using` block, or by the death of the
 * process that checked it out, which closes the connection.
 *
 * Mirrors the connection process of `hackney_pool:checkout/4`.
 *
 * @example
 * await using lease = await finch.checkout('https://api.example.com');
 * const response = await lease.request('/users');
 */
export class Lease extends Watch implements AsyncDisposable {
  readonly #instance: Instance;
  readonly #shard: Shard;
  readonly #connection: Connection;
  readonly #pid: Pid;
  readonly #holder: Pid | undefined;
  readonly #since: number;
  #released = false;

  /** @internal */
  constructor(instance: Instance, shard: Shard, connection: Connection, holder: Pid | undefined) {
    super();
    this.#instance = instance;
    this.#shard = shard;
    this.#connection = connection;
    this.#pid = connection.pid as Pid;
    this.#holder = holder;
    this.#since = leased(connection, holder);
    if (holder !== undefined) this.watch(holder);
  }

  /** The process of the connection. */
  get connection(): Pid {
    return this.#pid;
  }

  /** What the connection speaks. */
  get protocol(): 'http1' | 'http2' | 'http3' {
    return this.#connection.wire?.protocol ?? 'http1';
  }

  /** The pool that it came from. */
  get pool(): PoolIdentity {
    return this.#shard.pool;
  }

  /** Whether it was given back already, by whatever way. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * Sends a request on this connection: one that was built, or a path with
   * nothing else to it. Without retry, since there is no other connection.
   *
   * @throws ConnectionClosedError, ReceiveTimeoutError, … as `finch.request`.
   * @throws InvalidRequestError after `release`, or while another request is
   * under way.
   */
  async request(input: Request | string, options?: RequestOptions): Promise<Response> {
    const request = isRequest(input) ? input : this.#build(input);
    const resolved = readRequestOptions(options);
    if (this.#released) {
      throw new InvalidRequestError({
        option: 'lease',
        value: this.#shard.pool.key,
        problem: 'The lease was released',
        allowed: 'a lease that was not released',
      });
    }
    const connection = this.#connection;
    if (connection.wire === undefined) {
      const { key: pool, origin } = this.#shard.pool;
      throw new ConnectionClosedError({ pool, origin, requestSent: false });
    }
    return new Promise((resolve, reject) => {
      new BufferedRequest(this.#instance, request, resolved, resolve, reject).startOn(connection);
    });
  }

  /**
   * Gives the connection back to the pool; in the middle of an exchange it is
   * closed. Returns whether this call did it.
   */
  release(): boolean {
    if (this.#released) return false;
    this.#released = true;
    this.unwatch();
    leaseOver(this.#connection, this.#holder, this.#since, 'released');
    this.#shard.checkin(this.#connection);
    return true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return Promise.resolve();
  }

  /** The holder died: whatever it was doing on the connection, nobody can go on with it. */
  protected override down(): void {
    this.#released = true;
    leaseOver(this.#connection, this.#holder, this.#since, 'holder_down');
    this.#connection.close('abandoned');
  }

  #build(path: string): Request {
    const { scheme, host, port, unixSocket, tag } = this.#shard.pool;
    const name = host.includes(':') ? `[${host}]` : host;
    const url = `${scheme}://${name}${port === 0 ? '' : `:${port}`}${path.startsWith('/') ? '' : '/'}${path}`;
    return buildRequest('GET', url, undefined, undefined, {
      poolTag: tag,
      ...(unixSocket === undefined ? undefined : { unixSocket }),
    });
  }
}

/** Waits for a connection to lease. */
export class LeaseClaim extends Claim {
  protected readonly waitCoversDial = true;
  private readonly options: ResolvedCheckoutOptions;
  private readonly resolve: (lease: Lease) => void;
  private readonly reject: (error: Error) => void;
  private readonly holder: Pid | undefined = currentPid();
  private over = false;

  constructor(
    instance: Instance,
    identity: PoolIdentity,
    options: ResolvedCheckoutOptions,
    resolve: (lease: Lease) => void,
    reject: (error: Error) => void,
  ) {
    super(instance, identity, options.checkoutTimeout, options);
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

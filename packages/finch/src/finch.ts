/** The client: an instance is a supervision tree, and this is its handle. */
import {
  DynamicSupervisor,
  Registry,
  Supervisor,
  whereis,
  type ChildSpec,
  type ChildSpecOverrides,
  type Pid,
} from '@linnet/otp';
import { InstanceNotFoundError } from './errors/index.ts';
import { HostLimits, hostLimitsName } from './instance/host-limits.ts';
import { findInstance, registryName, type Instance } from './instance/instance.ts';
import { Manager, managerName, poolsName } from './instance/manager.ts';
import {
  listPools,
  defaultPoolStatus,
  poolStatus,
  requirePool,
  setPoolCount,
  startInstancePool,
  stopPool,
  type PoolListing,
  type PoolMetrics,
} from './instance/pools.ts';
import { BufferedRequest } from './operation/buffered-request.ts';
import { LeaseClaim, type Lease } from './operation/lease.ts';
import {
  checkPoolCount,
  parseInstanceOptions,
  parsePoolOptions,
  parseStopPoolOptions,
  readCheckoutOptions,
  readRequestOptions,
  type BuildOptions,
  type CheckoutOptions,
  type InstanceOptions,
  type PoolOptions,
  type RequestOptions,
  type StopPoolOptions,
} from './options/index.ts';
import { poolFrom, type PoolLike } from './pool/identity.ts';
import {
  buildRequest,
  isRequest,
  type BodyInput,
  type HeadersInput,
  type Request,
} from './request/index.ts';
import type { Response } from './response/index.ts';

/** What a request by method takes beside the options of `finch.request`. */
export interface SendOptions extends RequestOptions, BuildOptions {
  readonly headers?: HeadersInput;
  readonly body?: BodyInput;
}

/**
 * An HTTP client whose pools and connections are supervised processes.
 *
 * An instance is found by its name; this handle stays good when the instance is
 * restarted.
 *
 * Mirrors `Finch`, and of hackney the functions of `hackney_pool`.
 *
 * @example
 * const finch = await Finch.startLink({ name: 'MyFinch' });
 * const response = await finch.get('https://api.example.com/users');
 */
export class Finch implements AsyncDisposable {
  readonly name: string;
  #instance: Instance | undefined;

  private constructor(name: string) {
    this.name = name;
  }

  // Starting and finding --------------------------------------------------------

  /**
   * Starts an instance, linked to the current process; from plain code it is a
   * root of its own. Resolves when the pools of its `pools` option are up.
   *
   * @throws OptionsError for a bad option, its pools' included.
   * @throws SupervisorError with `['already_started', pid]` when the name is taken.
   */
  static async startLink(options: InstanceOptions): Promise<Finch> {
    const resolved = parseInstanceOptions(options);
    const { name } = resolved;
    await Supervisor.startLink(
      [
        Registry.childSpec({ name: registryName(name), keys: 'unique' }),
        HostLimits.childSpec(resolved, { name: hostLimitsName(name) }),
        DynamicSupervisor.childSpec({ name: poolsName(name) }),
        Manager.childSpec(resolved, { name: managerName(name) }),
      ],
      { strategy: 'one_for_all', name },
    );
    return new Finch(name);
  }

  /**
   * The specification of an instance as a child of a supervisor; its id is the
   * instance's name.
   *
   * @throws OptionsError
   *
   * @example
   * await Supervisor.startLink([Finch.childSpec({ name: 'MyFinch' })], { strategy: 'one_for_one' });
   */
  static childSpec(options: InstanceOptions & ChildSpecOverrides): ChildSpec<Finch> {
    const { id, restart, shutdown, type, significant, ...instance } = options;
    const { name } = parseInstanceOptions(instance);
    return {
      id: id ?? name,
      start: () => Finch.startLink(instance),
      type: type ?? 'supervisor',
      ...(restart === undefined ? undefined : { restart }),
      ...(shutdown === undefined ? undefined : { shutdown }),
      ...(significant === undefined ? undefined : { significant }),
    };
  }

  /**
   * The running instance of a name.
   *
   * @throws InstanceNotFoundError
   */
  static get(name: string): Finch {
    const finch = new Finch(name);
    finch.#running();
    return finch;
  }

  /** Builds a request that can be sent any number of times; see `buildRequest`. */
  static readonly build: typeof buildRequest = buildRequest;

  /** The supervisor of the instance. */
  get pid(): Pid {
    const pid = whereis(this.name);
    if (pid === undefined) throw new InstanceNotFoundError({ instance: this.name });
    return pid;
  }

  /** Stops the instance: pools drain, then their connections close. */
  async stop(): Promise<void> {
    await Supervisor.stop(this.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (whereis(this.name) !== undefined) await this.stop();
  }

  // Requests ----------------------------------------------------------------------

  /**
   * Sends a request and collects the response; a URL alone is a GET. Any status
   * is a response. Never throws outside of the promise.
   *
   * Limits: `poolTimeout` 5000 ms to get a connection, `receiveTimeout`
   * 15 000 ms of silence, `requestTimeout` for all of it (none).
   *
   * Rejects with PoolTimeoutError, QueueFullError, PoolDownError,
   * ConnectTimeoutError, ConnectError, TlsError, ReceiveTimeoutError,
   * RequestTimeoutError, RequestCancelledError, ProtocolError,
   * ConnectionClosedError, InvalidRequestError, OptionsError or
   * InstanceNotFoundError.
   *
   * Mirrors `Finch.request/3`.
   *
   * @example
   * const { status, headers, body } = await finch.request(
   *   Finch.build('GET', 'https://api.internal/users', { accept: 'application/json' }),
   *   { receiveTimeout: 2000 },
   * );
   */
  request(input: Request | string | URL, options?: RequestOptions): Promise<Response> {
    return new Promise((resolve, reject) => {
      const request = isRequest(input) ? input : buildRequest('GET', input);
      const resolved = readRequestOptions(options);
      new BufferedRequest(this.#running(), request, resolved, resolve, reject).start();
    });
  }

  /** GET. The other methods likewise. */
  get(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('GET', url, undefined, options);
  }

  head(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('HEAD', url, undefined, options);
  }

  delete(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('DELETE', url, undefined, options);
  }

  options(url: string | URL, options?: SendOptions): Promise<Response> {
    return this.#send('OPTIONS', url, undefined, options);
  }

  post(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('POST', url, body, options);
  }

  put(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('PUT', url, body, options);
  }

  patch(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return this.#send('PATCH', url, body, options);
  }

  // Leases ------------------------------------------------------------------------

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
      new LeaseClaim(this.#running(), poolFrom(pool), resolved, resolve, reject).start();
    });
  }

  /** Gives a lease back; returns whether this call did it. Mirrors `hackney_pool:checkin/2`. */
  checkin(lease: Lease): boolean {
    return lease.release();
  }

  // Pools -------------------------------------------------------------------------

  /**
   * Starts a pool at run time, owned by the instance. When there is one with
   * this key already, nothing happens and the options are not looked at further.
   *
   * Mirrors `Finch.start_pool/3`.
   *
   * @throws OptionsError, InstanceNotFoundError
   */
  async startPool(pool: PoolLike, options?: PoolOptions): Promise<void> {
    await startInstancePool(this.#running(), poolFrom(pool), parsePoolOptions(options));
  }

  /**
   * Stops a pool, whoever owns it: requests in flight end within `grace` ms
   * (5000), new ones do not reach it.
   *
   * Mirrors `Finch.stop_pool/2`.
   *
   * @throws PoolNotFoundError
   */
  async stopPool(pool: PoolLike, options?: StopPoolOptions): Promise<void> {
    await stopPool(this.#running(), pool, parseStopPoolOptions(options).grace);
  }

  /** The supervisor of a running pool, or undefined. Never starts one. Mirrors `Finch.find_pool/2`. */
  findPool(pool: PoolLike): Pid | undefined {
    const running = this.#running().pool(poolFrom(pool).key);
    return running === undefined || running.stopping ? undefined : running.supervisor;
  }

  /** All pools of the instance, user-managed ones included. */
  listPools(): PoolListing[] {
    return listPools(this.#running());
  }

  /**
   * The figures of a pool, one entry a shard; of `'default'`, a Map with those
   * of all pools that run by the `default` options.
   *
   * Mirrors `Finch.get_pool_status/2`.
   *
   * @throws PoolNotFoundError when there is no such pool, or its
   * `startPoolMetrics` is false.
   */
  getPoolStatus(pool: 'default'): Map<string, PoolMetrics[]>;
  getPoolStatus(pool: PoolLike): PoolMetrics[];
  getPoolStatus(id: PoolLike): PoolMetrics[] | Map<string, PoolMetrics[]> {
    const instance = this.#running();
    return id === 'default' ? defaultPoolStatus(instance) : poolStatus(instance, id);
  }

  /** How many shards a pool has. @throws PoolNotFoundError */
  getPoolCount(pool: PoolLike): number {
    return requirePool(this.#running(), pool).count;
  }

  /**
   * Changes the number of shards: adds new ones, or drains those with the
   * highest numbers within 5000 ms and stops them.
   *
   * @throws PoolNotFoundError, OptionsError
   */
  async setPoolCount(pool: PoolLike, count: number): Promise<void> {
    checkPoolCount(count);
    await setPoolCount(this.#running(), pool, count, 5000);
  }

  // ---------------------------------------------------------------------------------

  #send(
    method: string,
    url: string | URL,
    body: BodyInput | undefined,
    options: SendOptions | undefined,
  ): Promise<Response> {
    if (options === undefined && body === undefined && method === 'GET') return this.request(url);
    return new Promise((resolve, reject) => {
      const { headers, body: given, poolTag, unixSocket, ...rest } = options ?? {};
      const request = buildRequest(method, url, headers, body ?? given, {
        ...(poolTag === undefined ? undefined : { poolTag }),
        ...(unixSocket === undefined ? undefined : { unixSocket }),
      });
      const resolved = readRequestOptions(rest);
      new BufferedRequest(this.#running(), request, resolved, resolve, reject).start();
    });
  }

  #running(): Instance {
    const known = this.#instance;
    if (known !== undefined && !known.closed) return known;
    const found = findInstance(this.name);
    if (found === undefined) throw new InstanceNotFoundError({ instance: this.name });
    this.#instance = found;
    return found;
  }
}

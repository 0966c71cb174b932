/**
 * The client: an instance is a supervision tree, and this is its handle.
 *
 * A façade, and therefore one file: each method is a line or two, and hands over to a folder below.
 */
import {
  splitOverrides,
  Supervisor,
  whereis,
  type ChildSpec,
  type ChildSpecOverrides,
  type Pid,
} from '@linnet/otp';
import { fetchThrough } from './adapters/fetch.ts';
import { createAgents, type FinchAgents } from './adapters/node-http/agent.ts';
import type { AgentOptions } from './adapters/node-http/agent-options.ts';
import { FinchDispatcher } from './adapters/undici/dispatcher.ts';
import type { DispatcherOptions } from './adapters/undici/dispatcher-options.ts';
import { checkoutLease } from './exchange/checkout-lease.ts';
import {
  cancelRequest,
  prepareOpen,
  prepareRequest,
  sendAsync,
  sendBuilt,
  sendRequest,
  type SendOptions,
} from './exchange/instance-client.ts';
import { checkinLease, type Lease } from './exchange/lease.ts';
import type { OpenResponse } from './exchange/open-response.ts';
import { ping } from './exchange/ping.ts';
import {
  foldResponse,
  foldWhile,
  openResponse,
  type FoldFunction,
} from './exchange/prepared-request.ts';
import type { SharedConnection } from './exchange/shared-connection.ts';
import {
  findShared,
  registerShared,
  unregisterAllShared,
  unregisterShared,
} from './exchange/shared-connections.ts';
import type { StreamFunction } from './exchange/sinks/fold.ts';
import type { AsyncRequestRef } from './exchange/sinks/mailbox.ts';
import { upgradeRequest, type UpgradeResult } from './exchange/upgrade.ts';
import { poolFrom, type PoolLike } from './identity/index.ts';
import { instanceNames, listConnections, type ConnectionListing } from './instance/connections.ts';
import { InstanceRef } from './instance/instance-ref.ts';
import {
  defaultPoolStatus,
  findPool,
  listPools,
  poolStatus,
  requirePool,
  setPoolCount,
  setPoolSize,
  startInstancePool,
  stopPool,
  type PoolListing,
  type PoolMetrics,
} from './instance/pools.ts';
import { startInstance } from './instance/start-instance.ts';
import {
  countConnections,
  hostStats,
  idleTime,
  instanceStats,
  maxConnections,
  notify,
  prewarm,
  setIdleTime,
  setMaxConnections,
  type HostStats,
  type InstanceStats,
} from './instance/stats.ts';
import { reloadTls } from './instance/tls.ts';
import {
  checkIdleTime,
  checkMaxConnections,
  checkPoolCount,
  checkPoolSize,
  checkPrewarmCount,
  parseInstanceOptions,
  parsePoolOptions,
  parseStopPoolOptions,
  readCheckoutOptions,
  readPingOptions,
  type CheckoutOptions,
  type InstanceOptions,
  type PingOptions,
  type PoolOptions,
  type RequestOptions,
  type StopPoolOptions,
} from './options/index.ts';
import { buildRequest, type BodyInput, type Request } from './request/index.ts';
import type { Response } from './response/index.ts';

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
  /** The name of the instance. */
  readonly name: string;
  readonly #ref: InstanceRef;
  #fetch: typeof globalThis.fetch | undefined;

  private constructor(name: string) {
    this.name = name;
    this.#ref = new InstanceRef(name);
  }

  /**
   * Starts an instance, linked to the current process; from plain code it is a root
   * of its own. Resolves when the pools of its `pools` option are up. Use
   * `childSpec` to have a supervisor of yours own it.
   *
   * `name` is required. A server that `pools` does not name gets a pool by the
   * options under `default` with its first request.
   *
   * Mirrors `Finch.start_link/1`.
   *
   * @throws OptionsError for a bad option, its pools' included.
   * @throws SupervisorError with `['already_started', pid]` when the name is taken.
   *
   * @example
   * const finch = await Finch.startLink({
   *   name: 'MyFinch',
   *   pools: { default: { size: 50 }, 'https://api.example.com': { size: 10 } },
   * });
   */
  static async startLink(options: InstanceOptions): Promise<Finch> {
    const resolved = parseInstanceOptions(options);
    await startInstance(resolved);
    return new Finch(resolved.name);
  }

  /**
   * The specification of an instance as a child of a supervisor; its id is the
   * instance's name. Use it in the tree of a service; it is plain data.
   *
   * Mirrors `Finch.child_spec/1`.
   *
   * @throws OptionsError
   *
   * @example
   * await Supervisor.startLink([Finch.childSpec({ name: 'MyFinch' })], { strategy: 'one_for_one' });
   */
  static childSpec(options: InstanceOptions & ChildSpecOverrides): ChildSpec<Finch> {
    const [overrides, instance] = splitOverrides(options);
    const { name } = parseInstanceOptions(instance);
    return {
      id: name,
      start: () => Finch.startLink(instance),
      type: 'supervisor',
      ...overrides,
    };
  }

  /**
   * The running instance of a name. Use it wherever the instance was not handed
   * to you; the handle may be kept, also over restarts of the instance.
   *
   * @throws InstanceNotFoundError
   *
   * @example
   * const { status } = await Finch.get('MyFinch').request('https://api.example.com/health');
   */
  static get(name: string): Finch {
    const finch = new Finch(String(name));
    finch.#ref.running();
    return finch;
  }

  /**
   * The instances that run in this program. Use it for a dashboard or a metric of all of them.
   *
   * @example
   * for (const finch of Finch.list()) console.log(finch.name, finch.getStats().inUse);
   */
  static list(): Finch[] {
    return instanceNames().map((name) => new Finch(name));
  }

  /**
   * Builds a request that can be sent any number of times; see `buildRequest`.
   *
   * @example
   * const request = Finch.build('GET', 'https://api.internal/users', { accept: 'application/json' }, null, {
   *   poolTag: 'api',
   * });
   */
  static readonly build: typeof buildRequest = buildRequest;

  /**
   * The supervisor of the instance.
   *
   * @throws InstanceNotFoundError
   *
   * @example
   * monitor(finch.pid);
   */
  get pid(): Pid {
    return this.#ref.pid;
  }

  /**
   * Stops the instance: pools drain, then their connections close.
   *
   * @example
   * await finch.stop();
   */
  async stop(): Promise<void> {
    await Supervisor.stop(this.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (whereis(this.name) !== undefined) await this.stop();
  }

  // Requests whose response is collected -----------------------------------------

  /**
   * Sends a request and collects the response; a URL alone is a GET. Any status
   * is a response. Never throws outside of the promise.
   *
   * Limits: `poolTimeout` 5000 ms to get a connection, `receiveTimeout`
   * 15 000 ms of silence, `requestTimeout` for all of it (none).
   *
   * Rejects with PoolTimeoutError, QueueFullError, PoolDownError,
   * ConnectTimeoutError, ConnectError, TlsError, Http3UnavailableError, ReceiveTimeoutError,
   * RequestTimeoutError, RequestCancelledError, RequestBodyError, ProtocolError,
   * ConnectionClosedError, StreamResetError, ResponseTooLargeError,
   * InvalidRequestError, OptionsError or InstanceNotFoundError.
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
    return sendRequest(this.#ref, input, options);
  }

  /**
   * Sends a GET. `options` are those of `finch.request` and of `Finch.build`, and `headers`; it
   * rejects as `finch.request`. The other methods likewise.
   *
   * @example
   * const users = await finch.get('https://api.internal/users', { receiveTimeout: 2000 });
   */
  get(url: string | URL, options?: SendOptions): Promise<Response> {
    return sendBuilt(this.#ref, 'GET', url, options);
  }

  /**
   * Sends a HEAD: the response has headers, and an empty body. See `finch.get`.
   *
   * @example
   * const { headers } = await finch.head('https://api.example.com/export');
   * headers.get('content-length');
   */
  head(url: string | URL, options?: SendOptions): Promise<Response> {
    return sendBuilt(this.#ref, 'HEAD', url, options);
  }

  /**
   * Sends a DELETE. See `finch.get`.
   *
   * @example
   * await finch.delete('https://api.example.com/users/1');
   */
  delete(url: string | URL, options?: SendOptions): Promise<Response> {
    return sendBuilt(this.#ref, 'DELETE', url, options);
  }

  /**
   * Sends an OPTIONS. See `finch.get`.
   *
   * @example
   * const { headers } = await finch.options('https://api.example.com/users');
   * headers.get('allow');
   */
  options(url: string | URL, options?: SendOptions): Promise<Response> {
    return sendBuilt(this.#ref, 'OPTIONS', url, options);
  }

  /**
   * Sends a POST with a body, see `Finch.build` for what can be one. Once any
   * of it may have reached the server, it is not sent again.
   *
   * @example
   * await finch.post('https://api.example.com/users', JSON.stringify({ name: 'Ada' }), {
   *   headers: { 'content-type': 'application/json' },
   * });
   */
  post(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return sendBuilt(this.#ref, 'POST', url, options, body);
  }

  /**
   * Sends a PUT with a body. See `finch.post`.
   *
   * @example
   * await finch.put('https://api.example.com/users/1', JSON.stringify({ name: 'Ada' }), {
   *   headers: { 'content-type': 'application/json' },
   * });
   */
  put(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return sendBuilt(this.#ref, 'PUT', url, options, body);
  }

  /**
   * Sends a PATCH with a body. See `finch.post`.
   *
   * @example
   * await finch.patch('https://api.example.com/users/1', JSON.stringify({ name: 'Ada' }), {
   *   headers: { 'content-type': 'application/merge-patch+json' },
   * });
   */
  patch(url: string | URL, body?: BodyInput, options?: SendOptions): Promise<Response> {
    return sendBuilt(this.#ref, 'PATCH', url, options, body);
  }

  // Responses that are read piece by piece ----------------------------------------

  /**
   * Folds a response, part by part, into an accumulator; resolves with the last
   * one. Use it for a body that is too large for memory, or to compute something
   * of a body without keeping it.
   *
   * `callback` is called with each part (`ResponsePart`) and the accumulator, and
   * returns the next accumulator, or a promise of it: until that resolves, nothing
   * more is read from the server. It runs in the async context and the process of
   * the caller of `stream`. When it throws, the returned promise rejects with what
   * it threw, and the connection is closed.
   *
   * Limits and errors are those of `finch.request`; an error of this package has
   * the accumulator so far as `error.acc`. `receiveTimeout` does not run while the
   * promise of `callback` is pending.
   *
   * Mirrors `Finch.stream/5`.
   *
   * @example
   * const bytes = await finch.stream('https://api.example.com/export', 0, (part, sum) =>
   *   part.type === 'data' ? sum + part.data.length : sum,
   * );
   */
  stream<Acc>(
    input: Request | string | URL,
    acc: Acc,
    callback: FoldFunction<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    return foldResponse(input, () => prepareRequest(this.#ref, input, options), acc, callback);
  }

  /**
   * As `stream`, with a callback that can stop: it returns `{ cont: acc }` to go
   * on or `{ halt: acc }` to resolve with this accumulator now. When the response
   * is not complete by then, an HTTP/1 connection is closed.
   *
   * The request's body may be a function of the accumulator, `{ stream }` (see
   * `BodySteps`), which is called until it returns `{ done: acc }`. The two
   * functions hand one accumulator on, and their calls never overlap.
   *
   * Rejects as `stream`, and with InvalidRequestError when a function returns
   * something else than a step.
   *
   * Mirrors `Finch.stream_while/5`.
   *
   * @example
   * const start = await finch.streamWhile('https://example.com/large', '', (part, text) => {
   *   if (part.type !== 'data') return { cont: text };
   *   const more = text + Buffer.from(part.data).toString();
   *   return more.length < 1000 ? { cont: more } : { halt: more };
   * });
   */
  streamWhile<Acc>(
    input: Request | string | URL,
    acc: Acc,
    callback: StreamFunction<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    const prepare = () => prepareRequest(this.#ref, input, options);
    return foldWhile(input, prepare, acc, callback, callback);
  }

  /**
   * Sends a request and resolves when the head of the response has come; its body
   * is read as you ask for it. Use it to hand a body on, or to decide by status
   * and headers what to do with it.
   *
   * Limits and errors are those of `finch.request`, up to the end of the body.
   * `receiveTimeout` does not run while the reader is slow. A body larger than
   * some 64 kB is given up when reading has not begun within `receiveTimeout`, or
   * when the response was garbage-collected.
   *
   * No counterpart in Finch; hackney's `stream_body/1`.
   *
   * @example
   * const response = await finch.open('https://api.example.com/export');
   * for await (const chunk of response.body) process.stdout.write(chunk);
   */
  open(input: Request | string | URL, options?: RequestOptions): Promise<OpenResponse> {
    return openResponse(input, () => prepareOpen(this.#ref, input, options));
  }

  /**
   * Asks the server to switch to another protocol, such as `websocket`: by an upgrade of HTTP/1.1 (RFC 9110,
   * 7.8), or by extended CONNECT on a stream of HTTP/2 (RFC 8441) or HTTP/3 (RFC 9220). Resolves with the
   * stream that the connection of the pool has become, or with the response of a server that did not switch.
   *
   * The stream counts as a connection in use until it is closed. It ends with its pool, and with the calling
   * process. `signal` and `requestTimeout` end the asking only.
   *
   * The pool of a server that switches no protocols on HTTP/2 speaks HTTP/1.1 for ten minutes from then on.
   * Streams that stay for long take the places of requests: give them a pool of their own by the option
   * `poolTag` of `Finch.build`.
   *
   * Rejects as `open`; with InvalidRequestError when the server switches no protocols and HTTP/1.1 may not be
   * spoken, and for a protocol that is no token.
   *
   * No counterpart in Finch; `Mint.WebSocket.upgrade/5`.
   *
   * @example
   * const answer = await finch.upgrade('https://api.example.com/chat', 'websocket');
   * if (answer.switched) answer.stream.on('data', (chunk: Buffer) => console.log(chunk.length));
   * else console.log(answer.response.status, await answer.response.text());
   */
  upgrade(
    input: Request | string | URL,
    protocol: string,
    options?: RequestOptions,
  ): Promise<UpgradeResult> {
    return upgradeRequest(input, protocol, () => prepareOpen(this.#ref, input, options));
  }

  /**
   * Sends a request whose response comes as messages to the calling process:
   * `{ type: 'finch', ref, part }`, with the parts of `stream` and a last one,
   * `{ type: 'done' }` or `{ type: 'error', error }`. Returns at once.
   *
   * Every request ends with one of the two, unless it is cancelled. The death of
   * the calling process cancels it. Messages are sent as fast as the server
   * sends: for a body that is larger than you want in a mailbox, use `open`.
   *
   * Limits are those of `finch.request`; what that rejects with is the `error`.
   *
   * Mirrors `Finch.async_request/3`; a failure never ends the caller.
   *
   * @throws NoProcessError outside any process.
   * @throws OptionsError, InvalidRequestError, InstanceNotFoundError
   *
   * @example
   * const ref = finch.asyncRequest('https://api.example.com/users');
   * const { part } = await receive((message) => ref.isMessage(message));
   */
  asyncRequest(input: Request | string | URL, options?: RequestOptions): AsyncRequestRef {
    return sendAsync(this.#ref, input, options);
  }

  /**
   * Cancels a request of `asyncRequest`: it sends no further message, and those in
   * the mailbox of the calling process are removed before the promise resolves.
   * Harmless when the request is over. When another process than the one that made
   * the request calls it, no mailbox is changed.
   *
   * An HTTP/1 connection whose response was not complete is closed.
   *
   * Mirrors `Finch.cancel_async_request/1`.
   *
   * @example
   * await finch.cancelAsyncRequest(ref);
   */
  cancelAsyncRequest(ref: AsyncRequestRef): Promise<void> {
    return cancelRequest(ref);
  }

  // Leases -----------------------------------------------------------------------

  /**
   * Leases a connection, opening one if none is idle: an HTTP/1.1 one for exclusive
   * use, or a stream of an HTTP/2 or HTTP/3 one, which other callers use as well. The lease
   * ends with `release`, `finch.checkin`, an `await using` block, or the calling
   * process.
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
    return checkoutLease(this.#ref.running(), poolFrom(pool), readCheckoutOptions(options));
  }

  /**
   * As `checkout`, for a stream of an HTTP/2 or HTTP/3 connection and nothing else. Use it for
   * streams of your own, see `openStream`; the lease holds one stream at a time.
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
    return checkoutLease(this.#ref.running(), poolFrom(pool), readCheckoutOptions(options), true);
  }

  /**
   * Gives a lease back; returns whether this call did it.
   *
   * Mirrors `hackney_pool:checkin/2`.
   *
   * @throws InvalidRequestError for what is no lease.
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
    return checkinLease(lease);
  }

  // Other clients over these pools -----------------------------------------------

  /**
   * The `fetch` of Node.js through the pools of this instance. It is bound: give it to whatever takes
   * a `fetch`, such as the clients of OpenAI, Anthropic, Stripe, GitHub, or ky.
   *
   * It fails as `fetch` does, with a TypeError; its `cause` is the error of Finch, see
   * `AdapterError`. Limits and pool are those of `finch.dispatcher()` without options; for others,
   * call `fetch` with such a dispatcher.
   *
   * @example
   * const { fetch } = finch;
   * const users = await (await fetch('https://api.example.com/users')).json();
   */
  get fetch(): typeof globalThis.fetch {
    return (this.#fetch ??= fetchThrough(this.dispatcher()));
  }

  /**
   * A dispatcher for undici over the pools of this instance: for `fetch` as its option
   * `dispatcher`, for undici's functions, and for `setGlobalDispatcher`, in Node.js 22, 24 and 26.
   *
   * Options: `poolTag`, `unixSocket`, `poolTimeout` (5000 ms), `connectTimeout`, `headersTimeout`
   * and `bodyTimeout` (300 000 ms each, as with undici), `requestTimeout` (none), `poolStrategy`,
   * `retry` (true).
   *
   * @throws OptionsError
   *
   * @example
   * const dispatcher = finch.dispatcher({ headersTimeout: 10_000 });
   * const response = await fetch('https://api.example.com/users', { dispatcher });
   */
  dispatcher(options?: DispatcherOptions): FinchDispatcher {
    return new FinchDispatcher(this.#ref, options);
  }

  /**
   * Agents for node:http and node:https over the pools of this instance, and so for the clients that
   * are built on these: axios, got, the handler of the AWS SDK. A socket is a connection of a pool
   * that is in use until the request is over; it ends with the process that made the request.
   *
   * The pools must speak HTTP/1.1. Options: `poolTag`, `checkoutTimeout` (8000 ms),
   * `connectTimeout`, `poolStrategy`. What concerns the connection (TLS, local address, lookup) is
   * an option of the pool; a request that has it fails with InvalidRequestError.
   *
   * @throws OptionsError
   *
   * @example
   * import { get } from 'node:http';
   *
   * const agent = finch.agent();
   * get('http://api.internal/users', { agent: agent.http }, (response) => response.resume());
   */
  agent(options?: AgentOptions): FinchAgents {
    return createAgents(this.#ref, options);
  }

  // Pools ------------------------------------------------------------------------

  /**
   * Starts a pool at run time, owned by the instance. When there is one with
   * this key already, nothing happens and the options are not looked at further.
   *
   * Mirrors `Finch.start_pool/3`.
   *
   * @throws OptionsError, InstanceNotFoundError
   *
   * @example
   * await finch.startPool('https://reports.internal', { size: 5 });
   */
  async startPool(pool: PoolLike, options?: PoolOptions): Promise<void> {
    await startInstancePool(this.#ref.running(), poolFrom(pool), parsePoolOptions(options));
  }

  /**
   * Stops a pool, a user-managed one included: requests in flight may end within
   * `grace` ms (5000), new ones do not reach it.
   *
   * Mirrors `Finch.stop_pool/2`.
   *
   * @throws PoolNotFoundError
   *
   * @example
   * await finch.stopPool('https://reports.internal', { grace: 1000 });
   */
  async stopPool(pool: PoolLike, options?: StopPoolOptions): Promise<void> {
    await stopPool(this.#ref.running(), pool, parseStopPoolOptions(options).grace);
  }

  /**
   * The supervisor of a running pool, or undefined. Never starts one.
   *
   * Mirrors `Finch.find_pool/2`.
   *
   * @example
   * if (finch.findPool('https://reports.internal') === undefined) console.log('not running');
   */
  findPool(pool: PoolLike): Pid | undefined {
    return findPool(this.#ref.running(), pool);
  }

  /**
   * All pools of the instance, user-managed ones included.
   *
   * Use it for a dashboard or a health check: it is synchronous and asks no process.
   *
   * @example
   * for (const { pool, status, shards } of finch.listPools()) {
   *   console.log(pool.key, status, shards.map(({ inUse, size }) => `${inUse} of ${size}`));
   * }
   */
  listPools(): PoolListing[] {
    return listPools(this.#ref.running());
  }

  /**
   * The connections of a pool, or of all: state, age, what they carry, and where they lead.
   *
   * Use it for a dashboard: as `listPools` it asks no process, but it takes time in proportion to the
   * number of connections.
   *
   * @throws PoolNotFoundError, InstanceNotFoundError
   *
   * @example
   * for (const { pid, state, served } of finch.listConnections('https://api.example.com')) {
   *   console.log(String(pid), state, served);
   * }
   */
  listConnections(pool?: PoolLike): ConnectionListing[] {
    return listConnections(this.#ref.running(), pool);
  }

  /**
   * The figures of a pool, one entry a shard; of `'default'`, a Map with those
   * of all pools that run by the `default` options.
   *
   * Mirrors `Finch.get_pool_status/2`.
   *
   * @throws PoolNotFoundError when there is no such pool, or its
   * `startPoolMetrics` is false.
   *
   * @example
   * const [shard] = finch.getPoolStatus('https://api.internal');
   * console.log(shard?.inUse, shard?.queued);
   *
   * for (const [key, shards] of finch.getPoolStatus('default')) console.log(key, shards.length);
   */
  getPoolStatus(pool: 'default'): Map<string, PoolMetrics[]>;
  getPoolStatus(pool: PoolLike): PoolMetrics[];
  getPoolStatus(id: PoolLike): PoolMetrics[] | Map<string, PoolMetrics[]> {
    const instance = this.#ref.running();
    return id === 'default' ? defaultPoolStatus(instance) : poolStatus(instance, id);
  }

  /**
   * Measures a round trip on an HTTP/2 or HTTP/3 connection of a pool, by a PING, in ms.
   * Opens a connection, and starts the pool, if need be.
   *
   * Use it to see whether a server answers without sending it a request; to find
   * dead connections in time, use the options `http2.pingInterval` and
   * `http3.pingInterval`.
   *
   * Mirrors `Finch.ping/2`, with a limit: `timeout`, 5000 ms.
   *
   * Rejects with InvalidRequestError when the server speaks HTTP/1.1, with
   * PoolTimeoutError or ReceiveTimeoutError after `timeout`, with
   * ConnectionClosedError when the connection ends first, with what opening one
   * rejects with, and with RequestCancelledError.
   *
   * @example
   * const ms = await finch.ping('https://api.example.com', { timeout: 1000 });
   */
  async ping(pool: PoolLike, options?: PingOptions): Promise<number> {
    return ping(this.#ref.running(), poolFrom(pool), readPingOptions(options));
  }

  /**
   * How many shards a pool has.
   *
   * Mirrors `Finch.get_pool_count/2`.
   *
   * @throws PoolNotFoundError
   *
   * @example
   * finch.getPoolCount('https://api.internal'); // 2
   */
  getPoolCount(pool: PoolLike): number {
    return requirePool(this.#ref.running(), pool).count;
  }

  /**
   * Changes the number of shards: adds new ones, or drains those with the
   * highest numbers within 5000 ms and stops them.
   *
   * Mirrors `Finch.set_pool_count/3`, which cuts off what they were doing.
   *
   * @throws PoolNotFoundError, OptionsError
   *
   * @example
   * await finch.setPoolCount('https://api.internal', 4);
   */
  async setPoolCount(pool: PoolLike, count: number): Promise<void> {
    checkPoolCount(count);
    await setPoolCount(this.#ref.running(), pool, count, 5000);
  }

  /**
   * How many connections each shard of a pool may have: its option `size`, or what `setPoolSize` made of it.
   *
   * @throws PoolNotFoundError
   *
   * @example
   * finch.getPoolSize('https://api.internal'); // 50
   */
  getPoolSize(pool: PoolLike): number {
    return requirePool(this.#ref.running(), pool).size;
  }

  /**
   * Changes how many connections each shard of a pool may have, until the pool ends. Acts at once: callers
   * that wait get connections of a larger pool; of a smaller one, idle connections are closed, and those in
   * use when they are given back, until there are no more than that. No caller loses its place in the queue.
   *
   * For one pool what `setMaxConnections` is for the instance, and `hackney_pool:set_max_connections/2` for
   * a pool of hackney's.
   *
   * @throws PoolNotFoundError, OptionsError unless it is an integer >= 1
   *
   * @example
   * finch.setPoolSize('https://api.internal', 100);
   */
  setPoolSize(pool: PoolLike, size: number): void {
    checkPoolSize(size);
    setPoolSize(this.#ref.running(), pool, size);
  }

  // The instance as a whole: figures and limits ----------------------------------

  /**
   * How many connections are open, in use or idle: over all pools, or of one.
   *
   * Mirrors `hackney_pool:count/1,2`; unlike that, the count of one pool
   * includes the connections in use, too.
   *
   * @throws PoolNotFoundError, InstanceNotFoundError
   *
   * @example
   * finch.count('https://api.example.com'); // 3
   */
  count(pool?: PoolLike): number {
    return countConnections(this.#ref.running(), pool);
  }

  /**
   * The figures over all pools, read at one moment.
   *
   * Mirrors `hackney_pool:get_stats/1`; `queued` is the real length.
   *
   * @throws InstanceNotFoundError
   *
   * @example
   * const { inUse, idle, queued, maxConnections } = finch.getStats();
   */
  getStats(): InstanceStats {
    return instanceStats(this.#ref.running());
  }

  /**
   * The figures of one server, over all its pools, of every scheme and tag; zeros
   * when it has none. The host may be in any case; for a Unix socket it is the path,
   * and the port is 0.
   *
   * Mirrors `hackney_pool:host_stats/3`.
   *
   * @throws OptionsError, InstanceNotFoundError
   *
   * @example
   * finch.hostStats('api.example.com', 443); // { active: 5, inUse: 3, idle: 2 }
   */
  hostStats(host: string, port: number): HostStats {
    return hostStats(this.#ref.running(), host, port);
  }

  /**
   * The cap on open connections over all pools; `'infinity'` by default.
   *
   * Mirrors `hackney_pool:max_connections/1`.
   *
   * @throws InstanceNotFoundError
   *
   * @example
   * finch.maxConnections(); // 'infinity'
   */
  maxConnections(): number | 'infinity' {
    return maxConnections(this.#ref.running());
  }

  /**
   * Changes that cap, until the instance is restarted. Acts at once: callers that
   * wait for a slot get the new ones; connections above a lower cap are closed as
   * soon as they are idle.
   *
   * Mirrors `hackney_pool:set_max_connections/2`.
   *
   * @throws OptionsError unless it is an integer >= 1 or `'infinity'`.
   * @throws InstanceNotFoundError
   *
   * @example
   * finch.setMaxConnections(200);
   */
  setMaxConnections(maxConnections: number | 'infinity'): void {
    checkMaxConnections(maxConnections);
    setMaxConnections(this.#ref.running(), maxConnections);
  }

  /**
   * How long a connection stays idle before it is closed, in ms: the time given to
   * `setTimeout`, else the `connMaxIdleTime` (30,000) of the instance's `default`
   * options.
   *
   * Mirrors `hackney_pool:timeout/1`, without its cap of 2000.
   *
   * @throws InstanceNotFoundError
   *
   * @example
   * finch.timeout(); // 30_000
   */
  timeout(): number | 'infinity' {
    return idleTime(this.#ref.running());
  }

  /**
   * Changes that time until the instance is restarted: for all pools, also for those
   * with a `connMaxIdleTime` of their own and those that are started later. Acts at
   * once: for connections that are idle now, the new time begins now; with 0 they
   * are closed.
   *
   * Mirrors `hackney_pool:set_timeout/2`.
   *
   * @throws OptionsError unless it is a time in ms or `'infinity'`.
   * @throws InstanceNotFoundError
   *
   * @example
   * finch.setTimeout(2000);
   */
  setTimeout(timeout: number | 'infinity'): void {
    checkIdleTime(timeout);
    setIdleTime(this.#ref.running(), timeout);
  }

  /**
   * Opens connections until `count` of a pool are idle. Resolves, when each is open
   * or has failed, with the number of idle ones. Starts the pool if it does not run.
   * Never opens more than `size`, `maxPerHost` and `maxConnections` allow, and closes
   * no idle connection of another pool for it.
   *
   * `count` defaults to the pool's `prewarm` option, else 4. This happens once; that
   * option keeps connections ready.
   *
   * Mirrors `hackney_pool:prewarm/3,4`.
   *
   * Rejects with OptionsError, PoolDownError, InstanceNotFoundError; never because
   * a server cannot be reached.
   *
   * @example
   * await finch.prewarm('https://api.example.com', 10); // 10
   */
  async prewarm(pool: PoolLike, count?: number): Promise<number> {
    checkPrewarmCount(count);
    return await prewarm(this.#ref.running(), pool, count);
  }

  /**
   * Sends a message to the processes of a pool, one for each shard. They ignore
   * what they do not know: for processes of your own that trace or test a pool.
   *
   * Mirrors `hackney_pool:notify/2`.
   *
   * @throws PoolNotFoundError, InstanceNotFoundError
   *
   * @example
   * finch.notify('https://api.example.com', { type: 'trace', on: true });
   */
  notify(pool: PoolLike, message: unknown): void {
    notify(this.#ref.running(), pool, message);
  }

  // Shared connections -----------------------------------------------------------

  /**
   * An open HTTP/2 connection of a pool: the one that the next request would use,
   * if one has a free stream, else any; undefined when there is none, or no such
   * pool. Never waits and never opens a connection.
   *
   * The connection belongs to the pool and is not given back.
   *
   * Mirrors `hackney_pool:checkout_h2/4`.
   *
   * @example
   * const connection = finch.checkoutH2('https://api.example.com');
   * console.log(connection?.pid, connection?.inFlight, connection?.limit);
   */
  checkoutH2(pool: PoolLike): SharedConnection | undefined {
    return findShared(this.#ref.running(), pool, 'http2');
  }

  /**
   * Gives a connection that was unregistered back to its pool, which uses it for
   * requests again; returns whether this call did it.
   *
   * Mirrors `hackney_pool:register_h2/5`. A pool registers the connections that it
   * opens by itself.
   *
   * @throws InvalidRequestError when it is a connection of another pool, or not of HTTP/2.
   *
   * @example
   * const connection = finch.checkoutH2('https://api.example.com');
   * if (connection !== undefined) {
   *   finch.unregisterH2(connection);
   *   finch.registerH2('https://api.example.com', connection);
   * }
   */
  registerH2(pool: PoolLike, connection: SharedConnection): boolean {
    return registerShared(pool, connection, 'http2');
  }

  /**
   * Takes a connection out of circulation: its pool gives it to no further caller;
   * requests on it go on, and you may still send on it. Returns whether this call
   * did it.
   *
   * It counts as in use until it is registered again or closed. When the calling
   * process dies, it is closed after its last request.
   *
   * Mirrors `hackney_pool:unregister_h2/2`.
   *
   * @throws InvalidRequestError when it is not of HTTP/2.
   *
   * @example
   * const connection = finch.checkoutH2('https://api.example.com');
   * if (connection !== undefined) finch.unregisterH2(connection);
   */
  unregisterH2(connection: SharedConnection): boolean {
    return unregisterShared(connection, 'http2');
  }

  /**
   * Takes all HTTP/2 connections out of a pool, or out of all pools; returns them.
   *
   * Mirrors `hackney_pool:unregister_h2_all/0`, which knows one pool only.
   *
   * @throws PoolNotFoundError
   *
   * @example
   * const connections = finch.unregisterH2All('https://api.example.com');
   */
  unregisterH2All(pool?: PoolLike): SharedConnection[] {
    return unregisterAllShared(this.#ref.running(), pool, 'http2');
  }

  /**
   * As `checkoutH2`, an open HTTP/3 connection of a pool. The pool's `protocols` must
   * have `'http3'`; in a list with others, it has none before the server announced it.
   *
   * Mirrors `hackney_pool:checkout_h3/4`.
   *
   * @example
   * const connection = finch.checkoutH3('https://api.example.com');
   * console.log(connection?.protocol, connection?.inFlight); // 'http3'
   */
  checkoutH3(pool: PoolLike): SharedConnection | undefined {
    return findShared(this.#ref.running(), pool, 'http3');
  }

  /**
   * As `registerH2`, for an HTTP/3 connection that was unregistered.
   *
   * Mirrors `hackney_pool:register_h3/5`.
   *
   * @throws InvalidRequestError when it is a connection of another pool, or not of HTTP/3.
   *
   * @example
   * const connection = finch.checkoutH3('https://api.example.com');
   * if (connection !== undefined) {
   *   finch.unregisterH3(connection);
   *   finch.registerH3('https://api.example.com', connection);
   * }
   */
  registerH3(pool: PoolLike, connection: SharedConnection): boolean {
    return registerShared(pool, connection, 'http3');
  }

  /**
   * As `unregisterH2`, for an HTTP/3 connection.
   *
   * Mirrors `hackney_pool:unregister_h3/2`.
   *
   * @throws InvalidRequestError when it is not of HTTP/3.
   *
   * @example
   * const connection = finch.checkoutH3('https://api.example.com');
   * if (connection !== undefined) finch.unregisterH3(connection);
   */
  unregisterH3(connection: SharedConnection): boolean {
    return unregisterShared(connection, 'http3');
  }

  /**
   * As `unregisterH2All`, for HTTP/3 connections.
   *
   * @throws PoolNotFoundError
   *
   * @example
   * const connections = finch.unregisterH3All('https://api.example.com');
   */
  unregisterH3All(pool?: PoolLike): SharedConnection[] {
    return unregisterAllShared(this.#ref.running(), pool, 'http3');
  }

  // Certificates -----------------------------------------------------------------

  /**
   * Reads `caFile`, `certFile`, `keyFile` and `pfxFile` of a pool again, or of all
   * pools, and of the options with which others are to start. Call it when you
   * have replaced the files; without it, files that have changed are noticed when
   * the next connection is opened.
   *
   * Where their content has changed, new connections have the new identity.
   * Connections of the old one close now if they are idle, else after the requests
   * on them. Resolves with the keys of the pools with a new identity; pools with the
   * same options object, as all of `default`, share one.
   *
   * Erlang has `ssl:clear_pem_cache/0` for it.
   *
   * @throws OptionsError when files cannot be read or used: the old identity stays
   * in use, for those files only.
   * @throws PoolNotFoundError, InstanceNotFoundError
   *
   * @example
   * process.on('SIGHUP', () => {
   *   finch.reloadTls().then(console.log, console.error);
   * });
   */
  async reloadTls(pool?: PoolLike): Promise<string[]> {
    return reloadTls(this.#ref.running(), pool);
  }
}

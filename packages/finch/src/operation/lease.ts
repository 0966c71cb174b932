/** Checkout: a connection for exclusive use, for as long as its holder lives. */
import { currentPid, Watch, type Pid } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import { ConnectionClosedError, InvalidRequestError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import { readRequestOptions, type RequestOptions } from '../options/index.ts';
import type { PoolIdentity } from '../pool/identity.ts';
import type { Shard } from '../pool/shard.ts';
import { buildRequest, isRequest, type Request } from '../request/index.ts';
import type { Response } from '../response/index.ts';
import { leased, leaseOver } from '../telemetry/connection-events.ts';
import { BufferedRequest } from './buffered-request.ts';
import type { OpenResponse } from './open-response.ts';
import { OpenedRequest } from './opened-request.ts';
import type { Operation } from './operation.ts';
import {
  foldResponse,
  foldWhile,
  openResponse,
  type FoldFunction,
  type Sending,
} from './sending.ts';
import type { StreamFunction } from './streamed-request.ts';

/**
 * A connection that was checked out. It is given back exactly once: by
 * `release`, at the end of an `await using` block, or by the death of its
 * holder, the process that checked it out, which closes the connection.
 *
 * What it sends goes over this one connection, in order: so there is no retry,
 * and an HTTP/1 connection takes one request at a time.
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
  readonly #since: number;
  #holder: Pid | undefined;
  #released = false;
  /** Responses that are being read. */
  #opened: readonly OpenedRequest[] = [];

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

  /** The process with which it ends; undefined when plain code checked it out. */
  get holder(): Pid | undefined {
    return this.#holder;
  }

  /** Whether it was given back already, by whatever way. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * Sends a request on this connection and collects the response. A path, or a
   * URL of this server, is a GET. Options and limits are those of
   * `finch.request`; `poolTimeout` and `connectTimeout` have no meaning here.
   *
   * Rejects as `finch.request`; with ConnectionClosedError when the connection
   * is gone; and with InvalidRequestError after `release`, from a process that
   * is not the holder, for a request to another server, and while an HTTP/1
   * connection serves another request, which goes on.
   *
   * Mirrors `hackney_conn:request/5`.
   *
   * @example
   * const { status } = await lease.request(Finch.build('DELETE', 'https://api.example.com/users/1'));
   */
  request(input: Request | string | URL, options?: RequestOptions): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { instance, request, options: resolved, begin } = this.#sending(input, options);
      begin(new BufferedRequest(instance, request, resolved, resolve, reject));
    });
  }

  /**
   * As `finch.stream`, on this connection. Rejects as `lease.request`.
   *
   * @example
   * const bytes = await lease.stream('/export', 0, (part, sum) =>
   *   part.type === 'data' ? sum + part.data.length : sum,
   * );
   */
  stream<Acc>(
    input: Request | string | URL,
    acc: Acc,
    callback: FoldFunction<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    return foldResponse(() => this.#sending(input, options), acc, callback);
  }

  /**
   * As `finch.streamWhile`, on this connection. A halt before the response is
   * complete costs an HTTP/1 connection its life: what is sent after it rejects
   * with ConnectionClosedError. Rejects as `lease.request`.
   *
   * @example
   * const status = await lease.streamWhile('/health', 0, (part, acc) =>
   *   part.type === 'status' ? { halt: part.status } : { cont: acc },
   * );
   */
  streamWhile<Acc>(
    input: Request | string | URL,
    acc: Acc,
    callback: StreamFunction<Acc>,
    options?: RequestOptions,
  ): Promise<Acc> {
    return foldWhile(() => this.#sending(input, options), acc, callback, callback);
  }

  /**
   * As `finch.open`, on this connection: an HTTP/1 one is taken until the body
   * has been read to its end. Rejects as `lease.request`.
   *
   * @example
   * const { body } = await lease.open('/export');
   * for await (const chunk of body) process.stdout.write(chunk);
   * await lease.request('/next');
   */
  open(input: Request | string | URL, options?: RequestOptions): Promise<OpenResponse> {
    return openResponse(() => this.#sending(input, options));
  }

  /**
   * Makes another process the holder: from here on the lease ends with that one,
   * and only that one may send on it. A response of `open` that is being read
   * goes over with it; other requests under way stay with who made them. A holder
   * that is dead already ends the lease.
   *
   * Mirrors `hackney_conn:set_owner/2`.
   *
   * @throws InvalidRequestError after `release`, or from a process that is not
   * the holder.
   *
   * @example
   * const worker = spawn(async () => {
   *   await using mine = (await receive()) as Lease;
   *   await mine.request('/users');
   * });
   * lease.transfer(worker);
   * send(worker, lease);
   */
  transfer(to: Pid): void {
    this.#checkHolder();
    this.unwatch();
    this.#holder = to;
    for (const opened of this.#opened) opened.handTo(to);
    this.watch(to);
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

  #sending(input: Request | string | URL, options: RequestOptions | undefined): Sending {
    const request = isRequest(input) ? input : this.#build(String(input));
    const resolved = readRequestOptions(options);
    const { key: pool, origin } = this.#shard.pool;
    if (request.pool.origin !== origin) {
      throw unusable(request.pool.origin, 'The request is for another server', `one to ${origin}`);
    }
    this.#checkHolder();
    const connection = this.#connection;
    if (connection.wire === undefined) {
      throw new ConnectionClosedError({ pool, origin, requestSent: false });
    }
    const begin = (operation: Operation): void => {
      if (operation instanceof OpenedRequest) this.#keep(operation);
      operation.startOn(connection);
    };
    return { instance: this.#instance, request, options: resolved, begin };
  }

  #checkHolder(): void {
    const { key } = this.#shard.pool;
    if (this.#released) {
      throw unusable(key, 'The lease was released', 'a lease that was not released');
    }
    const caller = currentPid();
    if (this.#holder !== undefined && caller !== undefined && caller !== this.#holder) {
      const allowed = 'its holder only: the process that checked it out, or that it was given to';
      throw unusable(key, `The lease belongs to ${String(this.#holder)}`, `${allowed} by transfer`);
    }
  }

  #keep(operation: OpenedRequest): void {
    this.#opened = [...this.#opened.filter(({ ended }) => !ended), operation];
  }

  #build(target: string): Request {
    const { scheme, host, port, unixSocket, tag } = this.#shard.pool;
    const name = host.includes(':') ? `[${host}]` : host;
    const server = `${scheme}://${name}${port === 0 ? '' : `:${port}`}`;
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(target)
      ? target
      : `${server}${target.startsWith('/') ? '' : '/'}${target}`;
    return buildRequest('GET', url, undefined, undefined, {
      poolTag: tag,
      ...(unixSocket === undefined ? undefined : { unixSocket }),
    });
  }
}

function unusable(value: string, problem: string, allowed: string): InvalidRequestError {
  return new InvalidRequestError({ option: 'lease', value, problem, allowed });
}

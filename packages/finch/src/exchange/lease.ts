/** Checkout: a connection, or a place on a shared one, for as long as its holder lives. */
import { currentPid, type Pid } from '@linnet/otp';
import { describeValue } from '@linnet/otp/options';
import type { LentSocket } from '@linnet/mint';
import type { Connection } from '../connection/connection.ts';
import { isForwarded } from '../connection/route.ts';
import { fromMint } from '../errors/from-mint.ts';
import { ConnectionClosedError, InvalidRequestError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import { readRequestOptions, type RequestOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import type { Shard } from '../pool/pool.ts';
import type { Request } from '../request/index.ts';
import { leased, leaseOver } from '../telemetry/connection-events.ts';
import { Caller } from './caller.ts';
import { ConnectionClient, noPlace } from './connection-client.ts';
import type { Exchange, Lender } from './exchange.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ResponseReader } from './sinks/reader.ts';

/**
 * A connection that was checked out. It is given back exactly once: by
 * `release`, at the end of an `await using` block, or by the death of its
 * holder, the process that checked it out, which closes the connection.
 *
 * What it sends goes over this one connection, so there is no retry. An HTTP/1
 * connection is the holder's alone and takes one request at a time. An HTTP/2 or
 * HTTP/3 connection is shared: the lease has a place on it for one request at a time,
 * and takes further ones as far as the server allows; others use it beside the
 * holder, and go on when he dies.
 *
 * Mirrors the connection process of `hackney_pool:checkout/4`.
 *
 * @example
 * await using lease = await finch.checkout('https://api.example.com');
 * const response = await lease.request('/users');
 */
export class Lease extends ConnectionClient implements AsyncDisposable {
  readonly #instance: Instance;
  readonly #shard: Shard;
  readonly #connection: Connection;
  readonly #pid: Pid;
  readonly #since: number;
  #holder: Pid | undefined;
  #holderWatch: Caller | undefined;
  #released = false;
  /** On a shared connection: whether a request has the place that the lease holds. */
  #placeTaken = false;
  /** Responses that are being read. */
  #opened: readonly ResponseReader[] = [];

  /** @internal */
  constructor(instance: Instance, shard: Shard, connection: Connection, holder: Pid | undefined) {
    super();
    this.#instance = instance;
    this.#shard = shard;
    this.#connection = connection;
    this.#pid = connection.pid as Pid;
    this.#holder = holder;
    this.#since = leased(connection, holder);
    if (holder !== undefined) this.#watch(holder);
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
    this.#holderWatch?.unwatch();
    this.#holder = to;
    for (const { exchange } of this.#opened) exchange.handTo(to);
    this.#watch(to);
  }

  /**
   * Gives the connection back to the pool; in the middle of an exchange it is
   * closed. Returns whether this call did it.
   */
  release(): boolean {
    if (this.#released) return false;
    this.#released = true;
    this.#holderWatch?.unwatch();
    leaseOver(this.#connection, this.#holder, this.#since, 'released');
    this.#giveBack();
    return true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return Promise.resolve();
  }

  /**
   * The connection as a stream of bytes, for a client that speaks HTTP/1.1 on it by other means, as
   * those of `finch.agent()` do. The lease sends nothing itself until `giveBack` of the stream; on
   * `release` before that the connection is closed, unless nothing was written.
   *
   * `again`: the stream of another lease, which was given back, and is to have this connection now.
   *
   * No counterpart in Finch.
   *
   * @throws InvalidRequestError after `release`, from another process than the holder, on HTTP/2, and
   * on a connection to a proxy that forwards requests.
   * @throws ConnectionClosedError when the connection is gone, or has a request under way.
   *
   * @example
   * await using lease = await finch.checkout('http://127.0.0.1:8080');
   * const socket = lease.socket();
   * socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
   */
  socket(again?: LentSocket): LentSocket {
    this.#checkHolder();
    const { wire, owner } = this.#connection;
    const { key: pool, origin } = this.pool;
    if (wire === undefined) throw new ConnectionClosedError({ pool, origin, requestSent: false });
    if (wire.lend === undefined || isForwarded(this.pool, owner.options)) throw noSocket(pool);
    try {
      return wire.lend(again);
    } catch (error) {
      throw fromMint(error, { pool, origin });
    }
  }

  #watch(holder: Pid): void {
    this.#holderWatch ??= new Caller({ callerDown: () => this.#holderDown() });
    this.#holderWatch.watch(holder);
  }

  /** The holder died: what it was doing on the connection cannot be continued. */
  #holderDown(): void {
    this.#released = true;
    leaseOver(this.#connection, this.#holder, this.#since, 'holder_down');
    // What its holder sent on a shared connection ends with him; others go on.
    if (this.#connection.shared) this.#giveBack();
    else this.#connection.close('abandoned');
  }

  #giveBack(): void {
    if (!this.#placeTaken) this.#shard.checkin(this.#connection);
  }

  protected override prepare(
    input: Request | string | URL,
    options: RequestOptions | undefined,
  ): PreparedRequest {
    const request = this.requestFrom(input);
    const resolved = readRequestOptions(options);
    this.#checkHolder();
    const connection = this.#connection;
    if (connection.wire === undefined) {
      const { key: pool, origin } = this.pool;
      throw new ConnectionClosedError({ pool, origin, requestSent: false });
    }
    const begin = (exchange: Exchange): void =>
      exchange.startOn(connection, this.#lenderFor(connection));
    return { instance: this.#instance, request, options: resolved, begin };
  }

  /**
   * Who gets the connection back after a request. A lease of a shared one has a place on it for one
   * request; what is sent beside that has a place of its own.
   */
  #lenderFor(connection: Connection): Lender | undefined {
    if (!connection.shared) return undefined;
    if (!this.#placeTaken) {
      this.#placeTaken = true;
      return { checkin: () => this.#placeFree() };
    }
    if (this.#shard.enter(connection)) return this.#shard;
    throw noPlace(connection);
  }

  /** The request that had the lease's own place is over. */
  #placeFree(): void {
    this.#placeTaken = false;
    if (this.#released) this.#shard.checkin(this.#connection);
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

  protected override reading(reader: ResponseReader): void {
    this.#opened = [...this.#opened.filter(({ exchange }) => !exchange.ended), reader];
  }
}

/** Gives a lease back; returns whether this call did it. @throws InvalidRequestError for what is none. */
export function checkinLease(lease: Lease | { readonly release?: unknown } | null): boolean {
  if (lease instanceof Lease) return lease.release();
  throw unusable(describeValue(lease), 'This is no lease', 'a lease of `finch.checkout`');
}

function noSocket(value: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'pool',
    value,
    problem: 'The connection is no stream of bytes between this side and the server',
    allowed: 'a pool whose protocols are http1 alone, and with no proxy that forwards requests',
  });
}

function unusable(value: string, problem: string, allowed: string): InvalidRequestError {
  return new InvalidRequestError({ option: 'lease', value, problem, allowed });
}

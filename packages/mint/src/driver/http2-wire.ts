/**
 * HTTP/2 over one open socket: what the requests of a turn make the connection
 * say is written at its end, as one.
 *
 * While no request is under way the socket is not referenced: it keeps no
 * program running. All time-outs belong to the layers above.
 */
import type { Duplex } from 'node:stream';
import { ConnectionClosedError, isMintError } from '../errors/index.ts';
import type { Fault } from '../errors/index.ts';
import { Http2Connection } from '../http2/connection.ts';
import * as event from '../http2/connection.ts';
import type { ConnectionEvent, Http2ConnectionOptions } from '../http2/connection.ts';
import { noError } from '../http2/codes.ts';
import type { Exchange, Wire, WireHandler, WireInfo, WireRequest } from '../wire.ts';
import { inCleanContext } from './clean-context.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { PeerClosed } from './failures.ts';
import { ExchangeTable } from './exchange-table.ts';
import { Http2Exchange } from './http2-exchange.ts';
import type { Http2ExchangeWire } from './http2-exchange.ts';
import {
  aboveLimit,
  GoawayFault,
  http2Error,
  noUpgrade,
  Retired,
  tooManyPings,
} from './http2-failures.ts';
import { Http2Output } from './http2-output.ts';
import { maxPings, Pings } from './http2-pings.ts';
import { defaultResetBurst, defaultResetRate, ResetBudget } from './http2-resets.ts';
import type { WireConnection, WireStream } from './http2-streams.ts';
import type { Http2Tunnel } from './http2-tunnel.ts';
import { SocketDriver } from './socket-driver.ts';
import type { SocketUser } from './socket-driver.ts';
import { wireInfoOf } from './socket-info.ts';

/** What a {@link createHttp2Wire} is given beside the socket. */
export interface Http2WireOptions extends Http2ConnectionOptions {
  /** The server, for messages: `https://api.example.com:443`. */
  readonly origin: string;
  /** The `:scheme` of requests. */
  readonly scheme: 'http' | 'https';
  /** The most bytes of a response's body. Default: no limit. */
  readonly maxResponseSize?: number | undefined;
  /**
   * How many streams the wire may reset (aborted requests, early responses) before it is not
   * `usable` any more, and ends after what is under way: servers end connections that reset more,
   * with all that is on them. Default 400.
   */
  readonly resetBurst?: number | undefined;
  /** How many more resets each second allows. Default 20. */
  readonly resetRate?: number | undefined;
  /** Time. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** How long a flood has to last to be one, in ms. */
const strainPeriod = 1000;

/**
 * Makes the wire over a connected socket (TCP with prior knowledge, TLS after
 * ALPN `h2`, or any duplex stream), which belongs to the wire from then on.
 *
 * @throws ConnectionClosedError if the socket is closed already.
 *
 * @example
 * const overSocket = (socket: TLSSocket) =>
 *   createHttp2Wire(socket, {
 *     origin: 'https://api.example.com:443',
 *     scheme: 'https',
 *     authority: 'api.example.com',
 *   });
 */
export function createHttp2Wire(socket: Duplex, options: Http2WireOptions): Wire {
  if (socket.destroyed) {
    throw new ConnectionClosedError({
      origin: options.origin,
      requestSent: false,
      cause: socket.errored ?? undefined,
    });
  }
  return inCleanContext(() => new Http2Wire(socket, options));
}

class Http2Wire implements Wire, Http2ExchangeWire, SocketUser {
  readonly protocol = 'http2';
  readonly origin: string;
  readonly info: WireInfo;
  limit: number;
  settled = false;
  served = 0;
  /** How many responses have begun: a connection without any may be none that works. */
  answered = 0;
  onClosed: (error?: Error) => void = noop;
  onChange: () => void = noop;
  onActivity: (() => void) | undefined = undefined;

  readonly maxResponseSize: number;
  readonly clock: Clock;
  readonly connection: WireConnection;
  readonly output: Http2Output;
  /** Streams that were handed over. */
  readonly tunnels = new Set<Http2Tunnel>();

  private readonly driver: SocketDriver;
  private readonly exchanges = new ExchangeTable<Http2Exchange>();
  private readonly pings = new Pings();
  private readonly resets: ResetBudget;
  private strainSince = 0;
  /** What ended the connection, once something did. */
  private failure: Error | undefined = undefined;
  /** Why it takes no further requests. */
  private retired: Error | undefined = undefined;
  private hasChanged = false;
  /** It ends by this side, or after the last response, as it was to. */
  private isOrderly = false;
  /** It is being closed. */
  private isEnding = false;
  private isGone = false;

  constructor(socket: Duplex, options: Http2WireOptions) {
    this.origin = options.origin;
    this.maxResponseSize = options.maxResponseSize ?? Number.POSITIVE_INFINITY;
    this.clock = options.clock ?? systemClock;
    this.resets = new ResetBudget(
      options.resetBurst ?? defaultResetBurst,
      options.resetRate ?? defaultResetRate,
    );
    this.info = wireInfoOf(socket);
    this.connection = new Http2Connection(options);
    this.limit = this.connection.peer.maxConcurrentStreams;
    this.driver = new SocketDriver(socket, this);
    this.output = new Http2Output(this.connection, this.driver, () => this.onTurn());
    this.output.schedule();
  }

  get usable(): boolean {
    return this.failure === undefined && this.retired === undefined;
  }

  send(request: WireRequest, handler: WireHandler): Exchange {
    const exchange = new Http2Exchange(this, request, handler);
    const refusal = this.refusal(request);
    if (refusal !== undefined) {
      exchange.failUnsent(refusal);
      return exchange;
    }
    this.exchanges.add(exchange);
    if (this.underWay === 1) this.driver.ref();
    this.served += 1;
    try {
      exchange.begin();
    } catch (error) {
      this.served -= 1;
      exchange.failWith(error as Error);
      return exchange;
    }
    if (!this.connection.hasStreams) this.retire(new Retired());
    this.output.schedule();
    return exchange;
  }

  ping(): Promise<number> {
    if (this.failure !== undefined) return Promise.reject(this.unusable());
    if (this.pings.isFull) return Promise.reject(tooManyPings(this.origin, maxPings));
    this.output.schedule();
    return this.pings.add(this.clock.now(), (number) => this.connection.ping(number));
  }

  destroy(error?: Error): void {
    if (this.isEnding || this.isGone) return;
    this.isOrderly = true;
    this.failure ??= error ?? new Error('closed by this side');
    this.end();
    for (const exchange of this.exchanges.all()) {
      if (error === undefined) exchange.fail(this.failure);
      else exchange.failWith(error);
    }
    this.endTunnels();
  }

  // The exchanges' side -------------------------------------------------------

  /** The exchange is over. */
  finished(exchange: Http2Exchange): void {
    if (this.exchanges.delete(exchange) && this.underWay === 0) this.settle();
  }

  /**
   * Gives a stream up. When too many were, the server is not told: the connection takes no request
   * any more, and the stream ends with it.
   */
  reset(stream: WireStream): void {
    if (this.isEnding || stream.isClosed) return;
    if (!this.resets.isSpent) {
      this.connection.reset(stream);
      this.resets.spend(this.clock.now());
    }
    if (this.resets.isSpent) this.retire(new Retired());
    this.output.schedule();
  }

  /** So much of a response was read. */
  consumed(stream: WireStream, length: number): void {
    this.connection.consume(stream, length);
    if (this.connection.waiting > 0) this.output.schedule();
  }

  /** A tunnel ended. */
  tunnelClosed(tunnel: Http2Tunnel): void {
    if (this.tunnels.delete(tunnel) && this.underWay === 0) this.settle();
  }

  // The socket's side -------------------------------------------------------------

  onBytes(bytes: Buffer, from: number, to: number): number {
    if (this.isEnding) return to;
    const { connection } = this;
    if (connection.strain > 0) this.relax();
    let at = from;
    try {
      for (;;) {
        const what = connection.next(bytes, at, to);
        if (what === event.more) break;
        at = connection.at;
        this.onEvent(what, bytes);
        if (this.isEnding) return to;
      }
    } catch (error) {
      this.breached(error as Fault);
      return to;
    }
    if (connection.waiting > 0) this.output.schedule();
    return to;
  }

  onDrain(): void {
    this.output.drained();
  }

  onEnd(): void {
    this.lost(new PeerClosed());
  }

  onClose(error: Error | undefined): void {
    this.lost(error ?? new PeerClosed());
    this.isGone = true;
    this.pings.end(() => this.unusable());
    const { failure } = this;
    const isOrderly =
      this.isOrderly || (this.retired !== undefined && failure instanceof PeerClosed);
    if (isOrderly || failure === undefined) this.onClosed();
    else this.onClosed(http2Error(failure, { origin: this.origin }));
  }

  // ---------------------------------------------------------------------------

  get underWay(): number {
    return this.exchanges.size + this.tunnels.size;
  }

  private onEvent(what: ConnectionEvent, bytes: Buffer): void {
    const { connection } = this;
    if (this.onActivity !== undefined && what !== event.window) this.onActivity();
    switch (what) {
      case event.settings:
        this.onSettings();
        break;
      case event.goaway:
        this.onGoaway(connection.code);
        break;
      case event.pong:
        this.pings.answered(connection.number, this.clock.now());
        break;
      case event.window:
        if (!this.output.senders.isEmpty) this.output.schedule();
        break;
      default:
        (connection.stream as WireStream).user.onEvent(what, connection, bytes);
    }
  }

  private onSettings(): void {
    const { limit, settled } = this;
    this.limit = this.connection.peer.maxConcurrentStreams;
    this.settled = true;
    if (!settled || this.limit !== limit) this.onChange();
    if (!this.output.senders.isEmpty) this.output.schedule();
  }

  private onGoaway(code: number): void {
    const { lastStream } = this.connection;
    const isFirst = this.retired === undefined;
    const fault = new GoawayFault(code);
    // What ends the connection after it, ends it because of that.
    if (code !== noError || !(this.retired instanceof GoawayFault)) this.retired = fault;
    if (isFirst) this.onChange();
    for (const exchange of this.exchanges.all()) {
      const { stream } = exchange;
      if (stream === undefined || stream.id <= lastStream) continue;
      this.connection.drop(stream);
      exchange.failUnsent(fault);
    }
    for (const tunnel of this.tunnels) {
      if (tunnel.id > lastStream) tunnel.fail(http2Error(fault, { origin: this.origin }));
    }
    if (this.underWay === 0) this.settle();
  }

  /** Takes the connection for no further requests. */
  private retire(reason: Error): void {
    if (this.retired !== undefined) return;
    this.retired = reason;
    this.hasChanged = true;
  }

  /** Nothing is under way any more. */
  private settle(): void {
    if (this.isEnding || this.isGone) return;
    this.driver.unref();
    if (this.retired === undefined) return;
    this.isOrderly = true;
    this.failure ??= this.retired;
    this.end();
  }

  private refusal(request: WireRequest): Error | undefined {
    if (!this.usable) return this.unusable();
    const { underWay } = this;
    if (underWay >= this.limit) return aboveLimit(this.origin, this.limit, underWay);
    const { upgrade } = request;
    return upgrade === undefined || this.connection.peer.enableConnectProtocol
      ? undefined
      : noUpgrade(upgrade);
  }

  /** Why nothing can be sent. */
  private unusable(): Error {
    const reason = this.failure ?? this.retired ?? new PeerClosed();
    const facts = {
      origin: this.origin,
      reused: this.answered > 0,
      requestSent: false,
      bytesReceived: 0,
    };
    // An error of another request is not this one's.
    return http2Error(isMintError(reason) ? new PeerClosed() : reason, facts);
  }

  /** The server broke the protocol. */
  private breached(fault: Fault): void {
    this.end(fault.reason);
    this.lost(fault);
  }

  /** The connection came to its end by the server or by the network. */
  private lost(error: Error): void {
    const { retired } = this;
    const isBecause = retired instanceof GoawayFault && retired.http2Code !== 'NO_ERROR';
    this.failure ??= isBecause ? retired : error;
    const { failure } = this;
    this.end();
    for (const exchange of this.exchanges.all()) exchange.connectionLost(failure);
    this.endTunnels();
  }

  private endTunnels(): void {
    if (this.tunnels.size === 0) return;
    const error = http2Error(this.failure ?? new PeerClosed(), { origin: this.origin });
    for (const tunnel of this.tunnels) tunnel.fail(error);
  }

  private end(reason?: string): void {
    if (this.isEnding) return;
    this.isEnding = true;
    this.output.close(reason, reason === undefined && this.underWay === 0);
  }

  /** The end of a turn in which something was written, or was to be. */
  private onTurn(): void {
    if (this.hasChanged) {
      this.hasChanged = false;
      this.onChange();
    }
    if (this.underWay === 0) this.settle();
  }

  private relax(): void {
    const now = this.clock.now();
    if (now - this.strainSince < strainPeriod) return;
    this.strainSince = now;
    this.connection.rest();
  }
}

function noop(): void {}

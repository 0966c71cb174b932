/**
 * HTTP/1.1 over one open socket.
 *
 * An idle connection is watched (bytes or an end close it),
 * is not referenced (it keeps no program running), and is closed when the
 * server's `keep-alive: timeout=…` hint runs out, `keepAliveThreshold` ms early.
 * All other time-outs belong to the user of the wire.
 */
import type { Duplex } from 'node:stream';
import { ConnectionClosedError, Fault } from '../../errors/index.ts';
import type { ExchangeFacts } from '../../errors/index.ts';
import { Fields } from '../../fields.ts';
import { Http1Connection } from '../../http1/connection.ts';
import type { Http1ConnectionOptions } from '../../http1/connection.ts';
import * as event from '../../http1/parser.ts';
import { allowedTrailers } from '../../trailers.ts';
import type { Exchange, LentSocket, Wire, WireHandler, WireInfo, WireRequest } from '../../wire.ts';
import { inCleanContext } from '../clean-context.ts';
import { systemClock } from '../clock.ts';
import type { Alarm, Clock } from '../clock.ts';
import { copyBytes } from '../copy-bytes.ts';
import { closedBefore, PeerClosed, servesAnother, throwLater, typedError } from '../failures.ts';
import { Http1Exchange } from './exchange.ts';
import type { Http1ExchangeWire } from './exchange.ts';
import { Http1Sender } from './sender.ts';
import { lendable, Lending } from './lending.ts';
import type { LendingWire } from './lending.ts';
import { SocketDriver } from '../socket/socket-driver.ts';
import type { SocketUser } from '../socket/socket-driver.ts';
import { wireInfoOf } from '../socket/socket-info.ts';
import { turn } from '../turn.ts';
import type { TurnUser } from '../turn.ts';
import type { Uploader } from '../uploader.ts';

/** What a {@link createHttp1Wire} is given beside the socket. */
export interface Http1WireOptions extends Http1ConnectionOptions {
  /** The server, for messages: `https://api.example.com:443`. */
  readonly origin: string;
  /** The `host` of requests that bring none: `api.example.com`, the port only where it is not the scheme's own. */
  readonly authority: string;
  /** The most bytes of a response's body. Default: no limit. */
  readonly maxResponseSize?: number | undefined;
  /** Changes each request before it is sent: what a forwarding proxy wants of it, see {@link forwarding}. */
  readonly rewrite?: ((request: WireRequest) => WireRequest) | undefined;
  /** Time. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/**
 * Makes the wire over a connected socket (or any duplex stream), which belongs
 * to the wire from then on.
 *
 * @throws ConnectionClosedError if the socket is closed already.
 *
 * @example
 * const overSocket = (socket: Socket) =>
 *   createHttp1Wire(socket, { origin: 'http://api.internal:80', authority: 'api.internal' });
 */
export function createHttp1Wire(socket: Duplex, options: Http1WireOptions): Wire {
  if (socket.destroyed) {
    throw new ConnectionClosedError({
      origin: options.origin,
      requestSent: false,
      cause: socket.errored ?? undefined,
    });
  }
  return inCleanContext(() => new Http1Wire(socket, options));
}

export class Http1Wire
  implements Wire, Http1ExchangeWire, SocketUser, TurnUser, Uploader, LendingWire
{
  readonly protocol = 'http1';
  readonly limit = 1;
  readonly limitKnown = true;
  readonly origin: string;
  readonly info: WireInfo;
  readonly maxResponseSize: number;
  served = 0;
  onClosed: (error?: Error) => void = noop;
  onChange: () => void = noop;
  onActivity: (() => void) | undefined = undefined;

  private readonly rewrite: Http1WireOptions['rewrite'];
  private readonly clock: Clock;
  private readonly connection: Http1Connection;
  private readonly driver: SocketDriver;
  private readonly sender: Http1Sender;
  private readonly lending: Lending;
  private current: Http1Exchange | undefined = undefined;
  /** The end of the turn is awaited. */
  private queued = false;
  /** What ended the connection, once something did. */
  private failure: Error | undefined = undefined;
  /** This side ended it, or let it end after a response. */
  private isOrderly = false;
  private gone = false;
  private idleAlarm: Alarm | undefined = undefined;

  constructor(socket: Duplex, options: Http1WireOptions) {
    this.origin = options.origin;
    this.rewrite = options.rewrite;
    this.clock = options.clock ?? systemClock;
    this.maxResponseSize = options.maxResponseSize ?? Number.POSITIVE_INFINITY;
    this.info = wireInfoOf(socket);
    this.connection = new Http1Connection(options);
    this.driver = new SocketDriver(socket, this);
    this.lending = new Lending(this.driver, this);
    const { connection, driver, clock } = this;
    this.sender = new Http1Sender(connection, driver, this, clock, options.authority);
  }

  get underWay(): number {
    return this.isFree ? 0 : 1;
  }

  get usable(): boolean {
    return this.isFree && this.failure === undefined && this.connection.ready;
  }

  private get isFree(): boolean {
    return this.current === undefined && this.lending.socket === undefined;
  }

  send(request: WireRequest, handler: WireHandler): Exchange {
    const { rewrite } = this;
    const sent = rewrite === undefined ? request : rewrite(request);
    const exchange = new Http1Exchange(this, sent, handler);
    if (!this.usable) {
      exchange.fail(this.unusable());
      return exchange;
    }
    this.current = exchange;
    if (!this.queued) {
      this.queued = true;
      turn.add(this);
    }
    return exchange;
  }

  lend(again?: LentSocket): LentSocket {
    if (!this.usable) throw this.unusable();
    this.stopResting();
    return this.lending.begin(this.queued, lendable(again));
  }

  destroy(error?: Error): void {
    if (this.gone || this.failure !== undefined) return;
    const { current } = this;
    this.break();
    this.lending.end(error);
    if (error === undefined) current?.fail(new Error('closed by this side'));
    else current?.failWith(error);
  }

  // The borrower's side -----------------------------------------------------------

  /** The connection is back; false when it cannot go on. */
  returned(idleLimit: number | undefined): boolean {
    if (idleLimit !== undefined) this.connection.keptIdle(idleLimit);
    if (this.failure !== undefined || !this.connection.ready) return false;
    this.served++;
    this.driver.resume();
    this.waitForPoll();
    return true;
  }

  // The exchange's side -----------------------------------------------------------

  /** The exchange is over. */
  finished(exchange: Http1Exchange): void {
    if (this.current === exchange) this.current = undefined;
  }

  /** The connection ends by this side, at once. */
  break(): void {
    this.failure ??= new Error('closed by this side');
    this.isOrderly = true;
    this.driver.destroy();
  }

  resume(): void {
    this.driver.resume();
  }

  uploaded(): void {
    this.connection.wrote();
    this.current?.sent();
  }

  progressed(): void {
    this.current?.handler.onProgress?.();
  }

  uploadFailed(error: Error): void {
    const { current } = this;
    if (current === undefined) return;
    this.break();
    current.fail(error);
  }

  facts(): ExchangeFacts {
    return this.current?.facts() ?? { origin: this.origin };
  }

  // The end of the turn -------------------------------------------------------------

  flush(): void {
    this.queued = false;
    // What is not begun when the socket has gone is not sent.
    if (this.failure !== undefined || this.driver.isGone) return;
    const { current, lending } = this;
    if (lending.socket !== undefined) {
      lending.socket.proceed();
    } else if (current === undefined) {
      if (this.connection.ready) this.markIdle();
    } else if (!current.begun) {
      this.stopResting();
      try {
        this.sender.begin(current);
      } catch (error) {
        if (current.begun) {
          this.break();
          current.failWith(error as Error);
        } else {
          current.fail(error as Error);
          this.markIdle();
        }
      }
    }
  }

  /** The connection is idle: it keeps no program running, and ends before the server ends it. */
  private markIdle(): void {
    this.driver.unref();
    const { idleTime } = this.connection;
    if (idleTime < 0 || this.idleAlarm !== undefined) return;
    this.idleAlarm = this.clock.after(idleTime, () => this.break(), true);
  }

  private stopResting(): void {
    this.driver.ref();
    if (this.idleAlarm === undefined) return;
    this.idleAlarm.cancel();
    this.idleAlarm = undefined;
  }

  // Reading -----------------------------------------------------------------------------

  onBytes(bytes: Buffer, from: number, to: number): number {
    this.onActivity?.();
    if (this.lending.socket?.received(bytes, from, to) === true) return to;
    const { connection } = this;
    const { parser } = connection;
    let at = from;
    try {
      for (;;) {
        const { current } = this;
        // What comes before a request is written belongs to no request.
        const exchange = current?.begun === true ? current : undefined;
        const what = connection.next(bytes, at, to);
        if (exchange !== undefined) exchange.bytes += parser.at - at;
        at = parser.at;
        if (what === event.more) return at;
        if (exchange === undefined) return to;
        if (what === event.data) {
          exchange.data(bytes, parser.from, parser.to);
          if (exchange.paused) {
            this.driver.pause();
            return at;
          }
        } else if (what === event.head) {
          exchange.head(parser.status, parser.fields);
        } else if (what === event.end) {
          this.endResponse(exchange, bytes, at, to);
        } else if (what === event.interim) {
          exchange.interim(parser.status, parser.fields);
        } else {
          this.handOver(exchange, parser.status, parser.fields, copyBytes(bytes, at, to));
          return to;
        }
        if (this.failure !== undefined) return to;
      }
    } catch (error) {
      this.broken(error as Error);
      return to;
    }
  }

  onEnd(): void {
    const { current, lending } = this;
    try {
      // The user of a lent connection reads what has come, and then the end.
      if (lending.socket?.ended() === true) return this.connection.close();
      if (this.connection.eof() === event.end && current !== undefined) {
        this.endResponse(current, noBytes, 0, 0);
        return;
      }
    } catch (error) {
      this.broken(error as Error);
      return;
    }
    this.broken(new PeerClosed());
  }

  onDrain(): void {
    this.lending.socket?.drained();
    this.current?.upload?.drained();
  }

  onClose(error: Error | undefined): void {
    if (this.gone) return;
    this.gone = true;
    this.idleAlarm?.cancel();
    this.failure ??= error ?? new PeerClosed();
    const { current, failure } = this;
    current?.fail(failure);
    this.lending.end(error);
    this.onClosed(this.isOrderly ? undefined : typedError(failure, { origin: this.origin }));
  }

  // ---------------------------------------------------------------------------------------

  /** The response is complete. What follows it in the same read is no answer to a request. */
  private endResponse(exchange: Http1Exchange, bytes: Buffer, at: number, to: number): void {
    const { connection } = this;
    connection.endResponse();
    const { parser } = connection;
    let surplus: Error | undefined;
    try {
      if (at < to) connection.next(bytes, at, to);
    } catch (error) {
      surplus = error as Error;
      connection.close();
    }
    const { trailers } = parser;
    const isLast = connection.ending;
    // Before the requester hears of the end, who may send the next request at once.
    if (!isLast) this.waitForPoll();
    this.served++;
    exchange.end(trailers === Fields.none ? trailers : allowedTrailers(trailers));
    if (surplus !== undefined) this.broken(surplus);
    else if (isLast) this.break();
  }

  /** Nothing is written before the socket was polled once more: what the server sent beyond its response is seen then. */
  private waitForPoll(): void {
    if (this.queued) return;
    this.queued = true;
    turn.addAfterPoll(this);
  }

  private handOver(exchange: Http1Exchange, status: number, fields: Fields, rest: Buffer): void {
    const { handler, request } = exchange;
    if (status === 101 && !isNamed(fields.get('upgrade'), request.upgrade)) {
      throw new Fault('unexpected_upgrade', 'a switch to another protocol than was asked for');
    }
    if (handler.onUpgrade === undefined) {
      this.break();
      exchange.fail(new Error('the upgraded connection has no taker'));
      return;
    }
    this.failure = new Error('handed over');
    this.gone = true;
    exchange.finish();
    const socket = this.driver.detach(rest);
    try {
      handler.onUpgrade(status, fields, socket);
    } catch (error) {
      socket.destroy();
      throwLater(error);
    }
    this.onClosed();
  }

  /** The connection came to its end by the server or by the network. */
  private broken(error: Error): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    const { current } = this;
    this.driver.destroy();
    current?.fail(error);
    this.lending.end(undefined);
  }

  private unusable(): Error {
    const { origin, failure } = this;
    if (!this.isFree && failure === undefined) return servesAnother(origin);
    return closedBefore(origin, this.served > 0, this.isOrderly ? undefined : failure);
  }
}

const noBytes = Buffer.alloc(0);

/** Whether two names of protocols are the same; their case does not matter (RFC 9110, 7.8). */
function isNamed(name: string | undefined, wanted: string | undefined): boolean {
  return name?.toLowerCase() === wanted?.toLowerCase();
}

function noop(): void {}

/**
 * HTTP/2 over one open socket: what the requests of a turn make the connection
 * say is written at its end, as one.
 *
 * While no request is under way the socket is not referenced: it keeps no
 * program running. All time-outs belong to the layers above.
 */
import type { Duplex } from 'node:stream';
import { ConnectionClosedError } from '../../errors/index.ts';
import type { Fault } from '../../errors/index.ts';
import { Http2Connection } from '../../http2/connection.ts';
import * as event from '../../http2/connection.ts';
import type { ConnectionEvent, Http2ConnectionOptions } from '../../http2/connection.ts';
import { noError } from '../../http2/codes.ts';
import type { RequestHead } from '../../message/request-encoder.ts';
import type { StreamEvent } from '../../message/stream-event.ts';
import type { Exchange, Wire, WireHandler, WireInfo, WireRequest } from '../../wire.ts';
import type { BodySender } from '../streams/body-output.ts';
import { inCleanContext } from '../clean-context.ts';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { ConnectionLife } from '../streams/connection-life.ts';
import { PeerClosed, Retired, tooManyPings } from '../failures.ts';
import { Http2Body } from './body.ts';
import { aboveLimit, GoawayFault, http2Error, streamReset } from './failures.ts';
import { Http2Output } from './output.ts';
import { maxPings, Pings } from '../streams/pings.ts';
import type { Http2WireConnection, Http2WireStream } from './streams.ts';
import { SocketDriver } from '../socket/socket-driver.ts';
import type { SocketUser } from '../socket/socket-driver.ts';
import { wireInfoOf } from '../socket/socket-info.ts';
import { StrainPeriod } from '../streams/strain-period.ts';
import { StreamRequests } from '../streams/stream-requests.ts';
import type { RequestsWire, StreamWireOptions } from '../streams/stream-requests.ts';
import type { StreamUser } from '../streams/stream-wire.ts';

/** What a {@link createHttp2Wire} is given beside the socket. */
export interface Http2WireOptions extends Http2ConnectionOptions, StreamWireOptions {
  /** The `:scheme` of requests. */
  readonly scheme: 'http' | 'https';
}

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

class Http2Wire implements Wire, RequestsWire, SocketUser {
  readonly protocol = 'http2';
  readonly info: WireInfo;
  limit: number;
  limitKnown = false;
  onClosed: (error?: Error) => void = noop;
  onChange: () => void = noop;
  onActivity: (() => void) | undefined = undefined;

  readonly maxResponseSize: number;
  readonly clock: Clock;
  readonly noError = noError;
  readonly errorOf = http2Error;
  readonly resetError = streamReset;
  readonly connection: Http2WireConnection;
  readonly output: Http2Output;
  readonly life: ConnectionLife;
  readonly requests: StreamRequests;
  isEnding = false;

  private readonly driver: SocketDriver;
  private readonly pings = new Pings();
  private readonly strainPeriod = new StrainPeriod();

  constructor(socket: Duplex, options: Http2WireOptions) {
    this.life = new ConnectionLife(options.origin, http2Error);
    this.maxResponseSize = options.maxResponseSize ?? Number.POSITIVE_INFINITY;
    this.clock = options.clock ?? systemClock;
    this.requests = new StreamRequests(this, options);
    this.info = wireInfoOf(socket);
    this.connection = new Http2Connection(options);
    this.limit = this.connection.peer.maxConcurrentStreams;
    this.driver = new SocketDriver(socket, this);
    this.output = new Http2Output(this.connection, this.driver, () => this.requests.onTurn());
    this.output.schedule();
  }

  get served(): number {
    return this.requests.served;
  }

  get usable(): boolean {
    return this.life.usable;
  }

  get underWay(): number {
    return this.life.underWay;
  }

  send(request: WireRequest, handler: WireHandler): Exchange {
    return this.requests.send(request, handler);
  }

  ping(): Promise<number> {
    const { life } = this;
    if (life.failure !== undefined) return Promise.reject(life.unusable());
    if (this.pings.isFull) return Promise.reject(tooManyPings(life.origin, maxPings));
    this.output.schedule();
    return this.pings.add(this.clock.now(), (number) => this.connection.ping(number));
  }

  destroy(error?: Error): void {
    this.requests.destroy(error);
  }

  // The exchanges' side -------------------------------------------------------

  get writes(): number {
    return this.output.writes;
  }

  get declaredLength(): number {
    return this.connection.declaredLength;
  }

  open(
    user: StreamUser,
    request: RequestHead,
    length: number,
    body: Uint8Array | undefined,
    expects: boolean,
  ): Http2WireStream {
    const { connection, output } = this;
    const size = body?.length ?? -1;
    const stream = connection.open(user, request, length, size === 0, expects);
    if (body !== undefined && size > 0 && size <= connection.room(stream)) {
      if (output.senders.isEmpty) connection.send(stream, body, 0, size, true);
    }
    return stream;
  }

  bodyOutput(stream: Http2WireStream, sender: BodySender): Http2Body {
    return new Http2Body(this, stream, sender);
  }

  /** So much of a response was read. */
  consumed(stream: Http2WireStream, length: number): void {
    this.connection.consume(stream, length);
    if (this.connection.waiting > 0) this.output.schedule();
  }

  /** Nothing: what was sent ahead is there already, and more comes by itself. */
  resumed(): void {}

  // The requests' side -----------------------------------------------------------

  get allowsUpgrades(): boolean | undefined {
    return this.limitKnown ? this.connection.peer.enableConnectProtocol : undefined;
  }

  refusal(more: number): Error | undefined {
    const { life, limit, underWay } = this;
    if (!life.usable) return life.unusable();
    return underWay + more > limit ? aboveLimit(life.origin, limit, underWay) : undefined;
  }

  begun(): void {
    if (!this.connection.hasStreams) this.requests.retire(new Retired());
    this.output.schedule();
  }

  resetStream(stream: Http2WireStream): void {
    this.connection.reset(stream);
  }

  schedule(): void {
    this.output.schedule();
  }

  ref(): void {
    this.driver.ref();
  }

  unref(): void {
    this.driver.unref();
  }

  /** With a reason: the server broke the protocol. */
  end(reason?: string): void {
    if (this.isEnding) return;
    this.isEnding = true;
    this.output.close(reason, reason === undefined && this.underWay === 0);
  }

  // The socket's side -------------------------------------------------------------

  onBytes(bytes: Buffer, from: number, to: number): number {
    if (this.isEnding) return to;
    const { connection } = this;
    if (connection.strain > 0 && this.strainPeriod.isOver(this.clock.now()))
      connection.resetStrain();
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
    const { life } = this;
    this.pings.end(() => life.unusable());
    this.requests.closed(life.failure instanceof PeerClosed);
  }

  // ---------------------------------------------------------------------------

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
        (connection.stream as Http2WireStream).user.onEvent(what as StreamEvent, connection, bytes);
    }
  }

  private onSettings(): void {
    const { limit, limitKnown } = this;
    this.limit = this.connection.peer.maxConcurrentStreams;
    this.limitKnown = true;
    if (!limitKnown || this.limit !== limit) this.onChange();
    if (!this.output.senders.isEmpty) this.output.schedule();
    this.requests.onSettings();
  }

  private onGoaway(code: number): void {
    const { connection, life } = this;
    const { lastStream } = connection;
    const fault = new GoawayFault(code);
    // What ends the connection after it, ends it because of that.
    const isRepeated = code === noError && life.retired instanceof GoawayFault;
    this.requests.onGoaway(
      isRepeated ? (life.retired as Error) : fault,
      fault,
      (id) => id > lastStream,
      (id) => connection.drop(connection.streams.get(id) as Http2WireStream),
    );
  }

  /** The server broke the protocol. */
  private breached(fault: Fault): void {
    this.end(fault.reason);
    this.lost(fault);
  }

  /** The connection came to its end by the server or by the network. */
  private lost(error: Error): void {
    const { life } = this;
    const { retired } = life;
    const isBecause = retired instanceof GoawayFault && retired.http2Code !== 'NO_ERROR';
    life.failure ??= isBecause ? retired : error;
    this.end();
    life.lost(life.failure);
  }
}

function noop(): void {}

/**
 * HTTP/3 over one open connection of QUIC.
 *
 * While no request is under way the connection is not referenced: it keeps no
 * program running. All time-outs but that of an idle connection, which is one of
 * QUIC, belong to the layers above.
 */
import { ConnectionClosedError } from '../../errors/index.ts';
import type { Fault } from '../../errors/index.ts';
import { codeOf, noError, requestCancelled } from '../../http3/codes.ts';
import { Http3Connection, ownControlStream } from '../../http3/connection.ts';
import type { Http3ConnectionOptions } from '../../http3/connection.ts';
import * as event from '../../http3/events.ts';
import type { ConnectionEvent } from '../../http3/events.ts';
import type { RequestHead } from '../../message/request-encoder.ts';
import type { StreamEvent } from '../../message/stream-event.ts';
import type { Exchange, Wire, WireHandler, WireInfo, WireRequest } from '../../wire.ts';
import type { BodySender } from '../streams/body-output.ts';
import { inCleanContext } from '../clean-context.ts';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { ConnectionLife } from '../streams/connection-life.ts';
import { tooManyPings } from '../failures.ts';
import { Http3Body } from './body.ts';
import { aboveLimit, GoawayFault, http3Error, QuicClosed, streamReset } from './failures.ts';
import { Http3Output } from './output.ts';
import type { OutputUser } from './output.ts';
import { Http3Reads } from './reads.ts';
import type { ReadsUser } from './reads.ts';
import type { Http3WireConnection, Http3WireStream } from './streams.ts';
import { maxPings } from '../streams/pings.ts';
import type { QuicEnd, QuicSession, QuicUser } from '../quic/session.ts';
import { StreamRequests } from '../streams/stream-requests.ts';
import type { RequestsWire, StreamWireOptions } from '../streams/stream-requests.ts';
import type { StreamUser } from '../streams/stream-wire.ts';
import { turn } from '../turn.ts';

/** What a {@link createHttp3Wire} is given beside the session. */
export interface Http3WireOptions extends Http3ConnectionOptions, StreamWireOptions {}

/**
 * Makes the wire over an open connection of QUIC, which belongs to the wire from then on.
 *
 * @throws ConnectionClosedError if the connection is closed already.
 *
 * @example
 * const overSession = (session: QuicSession) =>
 *   createHttp3Wire(session, {
 *     origin: 'https://api.example.com:443',
 *     authority: 'api.example.com',
 *   });
 */
export function createHttp3Wire(session: QuicSession, options: Http3WireOptions): Wire {
  if (session.isClosed) {
    throw new ConnectionClosedError({ origin: options.origin, requestSent: false });
  }
  return inCleanContext(() => new Http3Wire(session, options));
}

class Http3Wire implements Wire, RequestsWire, QuicUser, OutputUser, ReadsUser {
  readonly protocol = 'http3';
  readonly info: WireInfo;
  /** What the server allows comes with the handshake. */
  readonly limitKnown = true;
  onClosed: (error?: Error) => void = () => {};
  onChange: () => void = () => {};
  onActivity: (() => void) | undefined = undefined;

  readonly life: ConnectionLife;
  readonly requests: StreamRequests;
  readonly maxResponseSize: number;
  readonly clock: Clock;
  readonly noError = noError;
  readonly errorOf = http3Error;
  readonly resetError = streamReset;
  readonly connection: Http3WireConnection;
  readonly output: Http3Output;
  /** How often datagrams were about to be written. */
  writes = 0;
  isEnding = false;

  private readonly session: QuicSession;
  private readonly reads: Http3Reads;
  private pings = 0;

  constructor(session: QuicSession, options: Http3WireOptions) {
    this.session = session;
    this.info = session.info;
    this.life = new ConnectionLife(options.origin, http3Error);
    this.maxResponseSize = options.maxResponseSize ?? Number.POSITIVE_INFINITY;
    this.clock = options.clock ?? systemClock;
    this.requests = new StreamRequests(this, options);
    this.connection = new Http3Connection(options);
    this.output = new Http3Output(session, this);
    this.reads = new Http3Reads(session, this);
    session.user = this;
    this.output.write(ownControlStream, this.connection.greeting(), false);
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

  get limit(): number {
    return this.life.underWay + this.streamsLeft;
  }

  send(request: WireRequest, handler: WireHandler): Exchange {
    return this.requests.send(request, handler);
  }

  async ping(): Promise<number> {
    const { life } = this;
    if (life.failure !== undefined) throw life.unusable();
    if (this.pings >= maxPings) throw tooManyPings(life.origin, maxPings);
    this.pings += 1;
    try {
      return await this.session.ping();
    } catch {
      throw life.unusable();
    } finally {
      this.pings -= 1;
    }
  }

  destroy(error?: Error): void {
    this.requests.destroy(error);
  }

  // The exchanges' side -------------------------------------------------------

  get declaredLength(): number {
    return this.connection.declaredLength;
  }

  open(
    user: StreamUser,
    request: RequestHead,
    length: number,
    body: Uint8Array | undefined,
    expects: boolean,
  ): Http3WireStream {
    const { connection } = this;
    const stream = connection.open(user, request, length, expects);
    if (body !== undefined) {
      if (body.length > 0) connection.data(body);
      connection.sent(stream);
    }
    this.output.write(stream.id, connection.take(), body !== undefined);
    return stream;
  }

  bodyOutput(stream: Http3WireStream, sender: BodySender): Http3Body {
    return new Http3Body(this, stream, sender);
  }

  /** Nothing: the window of a stream grows when it is read. */
  consumed(): void {}

  resumed(stream: Http3WireStream): void {
    this.reads.resume(stream);
  }

  // The requests' side -----------------------------------------------------------

  get allowsUpgrades(): boolean | undefined {
    return this.connection.peer.areKnown ? this.connection.peer.enableConnectProtocol : undefined;
  }

  refusal(): Error | undefined {
    const { life } = this;
    if (!life.usable) return life.unusable();
    return this.streamsLeft > 0 ? undefined : aboveLimit(life.origin, life.underWay);
  }

  /** Nothing: what a stream is given leaves by itself. */
  begun(): void {}

  resetStream(stream: Http3WireStream): void {
    if (stream.isComplete) this.stopSending(stream);
    else this.cancel(stream, requestCancelled);
    this.connection.drop(stream);
  }

  schedule(): void {
    this.session.schedule();
  }

  ref(): void {
    this.session.ref();
  }

  unref(): void {
    this.session.unref();
  }

  end(): void {
    this.isEnding = true;
    this.session.close(noError, '');
  }

  // QUIC's side -------------------------------------------------------------------

  onReadable(id: number): void {
    this.reads.read(id);
  }

  onWritable(id: number): void {
    if (this.isEnding) return;
    try {
      this.output.onWritable(id);
    } catch (error) {
      this.breached(error);
    }
  }

  onCapacity(): void {
    this.onChange();
  }

  onTurn(): void {
    this.writes += 1;
    this.output.startAll();
    this.requests.onTurn();
  }

  onEnding(): void {
    this.reads.readRest();
  }

  onClose(end: QuicEnd): void {
    if (this.isEnding) {
      // The handlers of what was under way come first.
      turn.add({ flush: () => this.closed() });
      return;
    }
    this.isEnding = true;
    const { life } = this;
    life.failure ??= new QuicClosed(end);
    life.lost(life.failure);
    this.closed();
  }

  // The output's side -------------------------------------------------------------

  onSent(id: number): void {
    const stream = this.connection.streams.get(id);
    if (stream !== undefined) this.connection.sent(stream);
  }

  onStopped(id: number): void {
    this.connection.stopped(id);
    this.onSent(id);
  }

  // What is read --------------------------------------------------------------------

  onEvent(what: ConnectionEvent, bytes: Buffer): void {
    if (what === event.settings) this.requests.onSettings();
    else if (what === event.goaway) this.onGoaway();
    else this.onStreamEvent(what as StreamEvent, bytes);
  }

  breached(error: unknown): void {
    const { life } = this;
    const fault = error as Fault;
    life.failure ??= fault;
    this.isEnding = true;
    life.lost(life.failure);
    this.session.close(codeOf(fault.reason), fault.message);
  }

  private onStreamEvent(what: StreamEvent, bytes: Buffer): void {
    const { connection, output } = this;
    const stream = connection.stream as Http3WireStream;
    const { id, isSent } = stream;
    if (what === event.broken) this.cancel(stream, connection.code);
    // The server has answered without waiting for the rest of what it was sent.
    else if (what === event.end && isSent && output.isWaiting(id)) this.stopSending(stream);
    // It has ended its side alone: the stream counts against its limit until this side ends, too.
    else if (what === event.reset && (!isSent || output.isWaiting(id))) {
      this.stopSending(stream, requestCancelled);
    }
    stream.user.onEvent(what, connection, bytes);
  }

  private onGoaway(): void {
    const { connection, life } = this;
    const { lastStream } = connection;
    const fault = new GoawayFault();
    this.requests.onGoaway(
      life.retired instanceof GoawayFault ? life.retired : fault,
      fault,
      (id) => id >= lastStream,
      (id) => {
        const stream = connection.streams.get(id) as Http3WireStream;
        this.cancel(stream, requestCancelled);
        connection.drop(stream);
      },
    );
  }

  // ---------------------------------------------------------------------------------

  /** How many streams may be opened beside those that are kept for requests which wait. */
  private get streamsLeft(): number {
    return this.session.streamsLeft - this.requests.unopened;
  }

  /** Ends both sides of a stream. */
  private cancel(stream: Http3WireStream, code: number): void {
    const { session, output } = this;
    const { id } = stream;
    output.drop(id);
    session.stop(id, code);
    session.reset(id, code);
  }

  /** The server does not want the rest of a request. */
  private stopSending({ id }: Http3WireStream, code = noError): void {
    this.output.drop(id);
    this.session.reset(id, code);
  }

  /** The connection is gone, and so is all that was under way. */
  private closed(): void {
    const { failure } = this.life;
    this.requests.closed(failure instanceof QuicClosed && failure.isOrderly);
  }
}

/**
 * HTTP/2 over one open socket: a client session of node:http2, which does the
 * framing, header compression and flow control.
 *
 * While no request is under way the socket is not referenced: it keeps no
 * program running. All time-outs belong to the layers above.
 *
 * What node:http2 does not allow: a GOAWAY with an error code ends its session
 * at once, so that streams which the server would still have served fail, too;
 * and after any GOAWAY it sends neither requests nor PINGs.
 */
import type { ClientHttp2Session, ClientHttp2Stream, Settings } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ConnectionClosedError, isFinchError, ProtocolError } from '../../errors/index.ts';
import { inCleanContext } from '../clean-context.ts';
import { wireInfoOf } from '../socket-info.ts';
import type { Exchange, Wire, WireHandler, WireInfo, WireRequest } from '../wire.ts';
import { cancel, codeName, noError } from './http2-codes.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { keepWhileClosing } from './keep-session.ts';
import { assumedLimit, openSession } from './open-session.ts';
import { Pings } from './pings.ts';
import type { PingUser } from './pings.ts';
import { aboveLimit, noUpgrade, unsendable } from './refusals.ts';
import type { RequestTarget } from './request-headers.ts';
import { EndFault, GoawayFault, toFinchError } from './session-fault.ts';
import { StreamResets } from './stream-resets.ts';
import { brokenOff, SilentEnd } from './silent-end.ts';

/** What a {@link createHttp2Wire} is given beside the socket. */
export interface Http2WireOptions {
  /** The server, for messages: `https://api.example.com:443`. */
  readonly origin: string;
  /** The `:scheme` of requests. */
  readonly scheme: 'http' | 'https';
  /** The `:authority` of requests that bring no `host`: `api.example.com`, the port only where it is not the scheme's own. */
  readonly authority: string;
  /** The most bytes of names and values in a response's header section, and in its trailer section. Default 262144. */
  readonly maxHeaderSize?: number | undefined;
  /** The most bytes of a response's body. Default: no limit. */
  readonly maxResponseSize?: number | undefined;
  /** How many bytes of one response the server may send before they are read. Default 1 MiB. */
  readonly streamWindowSize?: number | undefined;
  /** How many bytes of all responses together may be on their way. Default 16 MiB. */
  readonly connectionWindowSize?: number | undefined;
}

/**
 * Makes the wire over a connected socket (TCP with prior knowledge, TLS after
 * ALPN `h2`, or any duplex stream), which belongs to the wire from then on.
 *
 * @throws {ConnectionClosedError} if the socket is closed already.
 */
export function createHttp2Wire(socket: Duplex, options: Http2WireOptions): Http2Wire {
  if (socket.destroyed) {
    throw new ConnectionClosedError({
      origin: options.origin,
      requestSent: false,
      cause: socket.errored ?? undefined,
    });
  }
  return inCleanContext(() => new Http2Wire(socket, options));
}

export class Http2Wire implements Wire, RequestTarget, PingUser {
  readonly protocol = 'http2';
  readonly origin: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly info: WireInfo;
  limit = assumedLimit;
  settled = false;
  served = 0;
  onClosed: (error?: Error) => void = noop;
  onChange: () => void = noop;
  onActivity: (() => void) | undefined;

  /** @internal */
  readonly maxHeaderSize: number;
  /** @internal */
  readonly maxResponseSize: number;
  /** @internal What ended the connection, once something did. */
  failure: Error | undefined;
  /** @internal Whether the server allows extended CONNECT (RFC 8441). */
  connectProtocol = false;

  private readonly socket: Duplex & Partial<Pick<Socket, 'ref' | 'unref'>>;
  private readonly session: ClientHttp2Session;
  private readonly exchanges = new Set<Http2Exchange>();
  private readonly pings = new Pings(this);
  /** Streams that were handed over. */
  private readonly tunnels = new Set<ClientHttp2Stream>();
  private readonly resets = new StreamResets();
  private readonly silentEnd: SilentEnd;
  private goaway: GoawayFault | undefined;
  /** This side closes the connection. */
  private ending = false;
  /** It is being closed, whoever wanted it. */
  private isEnding = false;
  private gone = false;

  constructor(socket: Duplex, options: Http2WireOptions) {
    this.origin = options.origin;
    this.scheme = options.scheme;
    this.authority = options.authority;
    this.maxHeaderSize = options.maxHeaderSize ?? 262_144;
    this.maxResponseSize = options.maxResponseSize ?? Infinity;
    this.socket = socket;
    this.info = wireInfoOf(socket as Socket);
    // Before those of node:http2, which would end the streams without a reason.
    socket
      .on('error', (error) => this.lost(error))
      .on('end', () => this.ended())
      .on('close', () => this.closed());
    this.session = openSession(socket, {
      scheme: this.scheme,
      maxHeaderSize: this.maxHeaderSize,
      streamWindowSize: options.streamWindowSize ?? 1_048_576,
      connectionWindowSize: options.connectionWindowSize ?? 16_777_216,
    });
    this.session
      .on('remoteSettings', (settings: Settings) => this.adopt(settings))
      .on('goaway', (code: number, lastStream: number) => this.retire(code, lastStream))
      .on('stream', () => this.refusePush())
      .on('error', (error: Error) => this.lost(error))
      .on('close', () => this.closedSession());
    this.watchDestroy();
    this.silentEnd = new SilentEnd(socket, this.session, () => this.lost(brokenOff(this.origin)));
    this.socket.unref?.();
  }

  get usable(): boolean {
    const { session } = this;
    return (
      this.failure === undefined &&
      this.goaway === undefined &&
      !this.ending &&
      !session.closed &&
      !session.destroyed
    );
  }

  send(request: WireRequest, handler: WireHandler): Exchange {
    const exchange = new Http2Exchange(this, request, handler);
    const refusal = this.refusal(request);
    if (refusal !== undefined) {
      exchange.failUnsent(refusal);
      return exchange;
    }
    const { exchanges } = this;
    exchanges.add(exchange);
    if (this.underWay === 1) this.socket.ref?.();
    this.served += 1;
    this.silentEnd.watch();
    inCleanContext(begin, exchange, this.session);
    return exchange;
  }

  ping(): Promise<number> {
    return this.pings.send(this.session);
  }

  destroy(error?: Error): void {
    if (this.gone || this.ending) return;
    this.ending = true;
    this.failure ??= error ?? new Error('closed by this side');
    for (const exchange of this.exchanges) {
      if (error === undefined) exchange.fail(this.failure);
      else exchange.failWith(error);
    }
    this.end();
  }

  // The exchanges' side -------------------------------------------------------

  /** @internal The exchange is over. */
  finished(exchange: Http2Exchange): void {
    if (this.exchanges.delete(exchange)) this.settle();
  }

  /** @internal No further request can be sent: there are no numbers left for their streams. */
  exhaust(): Error {
    if (this.goaway === undefined) {
      this.goaway = new GoawayFault('NO_ERROR', maxStreamId);
      this.changed();
    }
    return this.goaway;
  }

  /** @internal A stream was handed over. */
  tunnelled(stream: ClientHttp2Stream): void {
    this.tunnels.add(stream);
    if (this.underWay === 1) this.socket.ref?.();
    stream.once('close', () => {
      this.tunnels.delete(stream);
      this.settle();
    });
  }

  /** @internal Gives a stream up, in the next turn. */
  reset(stream: ClientHttp2Stream): void {
    this.silentEnd.watch();
    this.resets.add(stream);
  }

  /** @internal Why nothing can be sent. */
  unusable(): Error {
    return toFinchError(this.failure ?? this.goaway ?? new EndFault(), {
      origin: this.origin,
      reused: this.served > 0,
      requestSent: false,
      bytesReceived: 0,
    });
  }

  // ---------------------------------------------------------------------------

  private get underWay(): number {
    return this.exchanges.size + this.tunnels.size;
  }

  /**
   * Has the session say when it is destroyed, as node:http2 does on a connection error or a GOAWAY
   * with an error code. It tells of that only when the socket is closed. And it resets the streams
   * with a code for which it may write at once, inside of nghttp2's reading, which frees a stream
   * twice and aborts the process; so they are reset before, with CANCEL, which it puts off.
   *
   * While the socket closes it is left alone: else it would never learn what became of a write that
   * was under way, and keep its stream. It is destroyed when the socket is closed.
   */
  private watchDestroy(): void {
    const { session, socket } = this;
    const destroy = session.destroy.bind(session);
    session.destroy = (error?: Error, code?: number): void => {
      if (!session.destroyed) this.dying(error instanceof Error ? error : undefined);
      if (!socket.destroyed || this.gone) destroy(error, code);
    };
  }

  private dying(error: Error | undefined): void {
    keepWhileClosing(this.session);
    this.failure ??= error;
    const failure = this.failure ?? new EndFault();
    for (const exchange of this.exchanges) exchange.connectionLost(failure);
    this.resets.mark();
    for (const stream of this.tunnels) {
      stream.close(cancel);
      stream.destroy(stream.listenerCount('error') === 0 ? undefined : this.closedError());
    }
    this.end();
  }

  /** Nothing is under way any more. */
  private settle(): void {
    if (this.underWay > 0) return;
    this.socket.unref?.();
    // Left alone, node:http2 would wait for the server to close its side, too.
    if (this.goaway !== undefined) this.end();
  }

  private refusal(request: WireRequest): Error | undefined {
    if (!this.usable) return this.unusable();
    const { underWay } = this;
    if (underWay >= this.limit) return aboveLimit(this.origin, this.limit, underWay);
    const { upgrade } = request;
    return upgrade === undefined || this.connectProtocol ? undefined : noUpgrade(upgrade);
  }

  private adopt(settings: Settings): void {
    this.onActivity?.();
    const { limit, settled } = this;
    this.limit = settings.maxConcurrentStreams ?? 2 ** 32 - 1;
    this.connectProtocol = settings.enableConnectProtocol === true;
    this.settled = true;
    if (!settled || this.limit !== limit) this.changed();
  }

  private retire(code: number, lastStream: number): void {
    this.onActivity?.();
    const isFirst = this.goaway === undefined;
    this.goaway = new GoawayFault(codeName(code), lastStream);
    if (code !== noError) this.failure ??= this.goaway;
    if (isFirst) this.changed();
    for (const exchange of this.exchanges) {
      const id = exchange.stream?.id;
      if (id !== undefined && id > lastStream) exchange.failUnsent(this.goaway);
      else if (code !== noError) exchange.connectionLost(this.goaway);
    }
    this.settle();
  }

  private refusePush(): void {
    const detail = 'a PUSH_PROMISE, although push is disabled';
    this.lost(new ProtocolError({ origin: this.origin, reason: 'PROTOCOL_ERROR', detail }));
  }

  private changed(): void {
    if (!this.gone && !this.ending) this.onChange();
  }

  /** The server closes the connection. */
  private ended(): void {
    // Node.js 22 tells the end of a response that came just before in this turn, but later.
    if (this.exchanges.size > 0) setImmediate(() => this.lost(new EndFault()));
    else this.lost(new EndFault());
  }

  /** The session may have to outlive its streams, see `keep-session.ts`: so it must not lead to them. */
  private closedSession(): void {
    const { session } = this;
    this.lost(this.failure ?? new EndFault());
    session.removeAllListeners().on('error', noop);
    Reflect.deleteProperty(session, 'destroy');
  }

  /** The connection came to its end by the server or by the network. */
  private lost(error: Error): void {
    this.failure ??= error;
    const { failure } = this;
    for (const exchange of this.exchanges) exchange.connectionLost(failure);
    this.end();
  }

  /** Closes the connection soon: outside of node:http2's callbacks, and after what is still to be said. */
  private end(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    const { session, socket } = this;
    setImmediate(() => {
      session.destroy();
      // Whether or not the server reads it.
      setImmediate(() => socket.destroy());
    });
  }

  private closed(): void {
    if (this.gone) return;
    keepWhileClosing(this.session);
    this.lost(new EndFault());
    this.gone = true;
    const failure = this.failure as Error;
    this.pings.end();
    const isOrderly = this.ending || (this.goaway !== undefined && failure instanceof EndFault);
    if (isOrderly) this.onClosed();
    else this.onClosed(this.closedError());
  }

  private closedError(): Error {
    return toFinchError(this.failure ?? new EndFault(), { origin: this.origin });
  }
}

const maxStreamId = 2 ** 31 - 1;

/** Opens the stream of an exchange, in a clean async context. */
function begin(exchange: Http2Exchange, session: ClientHttp2Session): void {
  try {
    exchange.begin(session);
  } catch (error) {
    exchange.failWith(isFinchError(error) ? error : unsendable(error as Error));
  }
}

function noop(): void {}

/**
 * HTTP/1.1 over one open socket: an undici `Client` that is given the socket
 * once and never gets another.
 *
 * When it is idle the socket is watched (bytes or an end that nobody awaits
 * close it), is not referenced (it keeps no program running), and is closed
 * when the server's `keep-alive: timeout=…` hint runs out, `keepAliveThreshold`
 * ms early. All other time-outs belong to the layers above.
 */
import type { Socket } from 'node:net';
import { ConnectionClosedError, InvalidRequestError } from '../../errors/index.ts';
import { ignoreSocketError, inCleanContext } from '../clean-context.ts';
import { readTo } from '../direct-reads.ts';
import { wireInfoOf } from '../socket-info.ts';
import type { Exchange, Wire, WireHandler, WireInfo, WireRequest } from '../wire.ts';
import { Http1Exchange } from './http1-exchange.ts';
import { withLength } from './large-body.ts';
import { ParserFeed } from './parser-feed.ts';
import type { FeedState } from './parser-feed.ts';
import { tighten } from './strict-parser.ts';
import type { ParserState } from './strict-parser.ts';
import {
  Client,
  kConnect,
  kHostHeader,
  kHTTPContext,
  kKeepAliveDefaultTimeout,
  kKeepAliveTimeoutValue,
  kParser,
  kReset,
  kResume,
  kUrl,
  kWriting,
} from './undici.ts';
import type {
  ClientUrl,
  ConnectedSocket,
  HeadersBox,
  HTTPContext,
  QueuedRequest,
} from './undici.ts';
import { toFinchError } from './wire-fault.ts';

/** What a {@link createHttp1Wire} is given beside the socket. */
export interface Http1WireOptions {
  /** The server, for messages: `https://api.example.com:443`. */
  readonly origin: string;
  /** The `host` of requests that bring none: `api.example.com`, the port only where it is not the scheme's own. */
  readonly authority: string;
  /** The most bytes of names and values in a response's header section, and in its trailer section. Default 262144. */
  readonly maxHeaderSize?: number | undefined;
  /** The most bytes of a response's body. Default: no limit. */
  readonly maxResponseSize?: number | undefined;
  /** How many ms before the end of the server's keep-alive hint an idle connection is closed. Default 2000. */
  readonly keepAliveThreshold?: number | undefined;
}

/** The longest delay of a timer. */
const longest = 2 ** 31 - 1;

/**
 * Makes the wire over a connected socket, which belongs to the wire from then
 * on; of a class derived from it, if one is given.
 *
 * @throws {ConnectionClosedError} if the socket is closed already.
 */
export function createHttp1Wire<Options extends Http1WireOptions>(
  socket: Socket,
  options: Options,
  WireClass: new (socket: Socket, options: Options) => Http1Wire = Http1Wire,
): Http1Wire {
  if (socket.destroyed) {
    throw new ConnectionClosedError({
      origin: options.origin,
      requestSent: false,
      cause: socket.errored ?? undefined,
    });
  }
  return inCleanContext(() => new WireClass(socket, options));
}

export class Http1Wire implements Wire, ParserState, FeedState {
  readonly protocol = 'http1';
  readonly limit = 1;
  readonly settled = true;
  readonly origin: string;
  readonly info: WireInfo;
  served = 0;
  onClosed: (error?: Error) => void = noop;
  onChange: () => void = noop;
  onActivity: (() => void) | undefined;

  /** @internal */
  readonly socket: ConnectedSocket;
  // What the parser's hooks look at.
  /** @internal */
  head = false;
  /** @internal */
  tunnel = false;
  /** @internal */
  upgrade = false;
  /** @internal */
  interimStatus = 0;
  /** @internal */
  readonly maxHeaderSize: number;
  /** @internal */
  readonly box: HeadersBox = { length: 0, list: [] };
  /** @internal The most bytes of a response's body. */
  readonly maxResponseSize: number;

  /** @internal */
  lent = false;
  /** @internal */
  bytesParsed = 0;

  /** @internal Requests that were given up while they wait in undici's queue. */
  stale = 0;

  private readonly authority: string;
  private readonly client: Client;
  private current: Http1Exchange | undefined;
  private ending = false;
  private gone = false;

  constructor(socket: Socket, options: Http1WireOptions) {
    this.origin = options.origin;
    this.authority = options.authority;
    this.info = wireInfoOf(socket);
    this.socket = socket as ConnectedSocket;
    this.maxHeaderSize = options.maxHeaderSize ?? 262_144;
    this.maxResponseSize = options.maxResponseSize ?? Number.POSITIVE_INFINITY;
    this.client = this.connect(options);
  }

  /** @internal Whether the handler takes pieces that are only lent. */
  get borrows(): boolean {
    return this.current?.borrows === true;
  }

  get usable(): boolean {
    const { socket } = this;
    return (
      this.current === undefined &&
      !this.gone &&
      !this.ending &&
      !socket.destroyed &&
      // undici's own decision, taken before `onEnd`: it closes the socket after
      // this response, or the response came before the request was complete.
      !socket[kReset] &&
      !socket[kWriting]
    );
  }

  send(request: WireRequest, handler: WireHandler): Exchange {
    const exchange = new Http1Exchange(this, request, handler, this.authority);
    if (!this.usable) {
      exchange.fail(this.unusable());
      return exchange;
    }
    const { method, upgrade } = request;
    this.current = exchange;
    this.head = method === 'HEAD';
    this.tunnel = method === 'CONNECT';
    this.upgrade = upgrade !== undefined;
    this.client.dispatch(
      {
        method,
        path: request.path,
        headers: withLength(request),
        body: exchange.writer === undefined ? (exchange.body ?? request.body) : null,
        // For pipelines only.
        blocking: false,
        // undici closes after a HEAD unless told not to; surplus bytes are found anyway.
        reset: this.head ? false : null,
        upgrade: upgrade ?? null,
        // Not looked at without https, but else taken from the host each time.
        servername: 'none',
      },
      exchange,
    );
    return exchange;
  }

  destroy(error?: Error): void {
    if (this.gone || this.ending) return;
    this.ending = true;
    const { current } = this;
    if (error === undefined) current?.fail(new Error('closed by this side'));
    else current?.failWith(error);
    this.client.destroy(error ?? new Error('closed by this side'), noop);
  }

  /** @internal The exchange is over. */
  finished(exchange: Http1Exchange): void {
    if (this.current === exchange) this.current = undefined;
  }

  /** @internal The socket is about to leave the transport. */
  release(socket: Socket): void {
    readTo(socket, undefined);
    socket.off('error', ignoreSocketError);
    socket.ref();
  }

  /** @internal The socket is gone, or detached. */
  closed(error?: Error): void {
    if (this.gone) return;
    this.gone = true;
    this.onClosed(error);
  }

  private connect(options: Http1WireOptions): Client {
    let handedOver = false;
    // The scheme is always http: undici would else compare server names, and the
    // port of the scheme would be the wrong one to leave out.
    const client = new Client(`http://${options.authority}`, {
      allowH2: false,
      pipelining: 1,
      useMilo: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveMaxTimeout: longest,
      keepAliveTimeoutThreshold: options.keepAliveThreshold ?? 2000,
      // Both limits are kept by the parser's hooks and the exchange.
      maxHeaderSize: longest,
      maxResponseSize: -1,
      strictContentLength: true,
      connect: (_options, callback) => {
        if (handedOver) {
          callback(this.unusable());
        } else {
          handedOver = true;
          callback(null, this.socket);
        }
      },
    });
    client[kUrl] = plainUrl(client[kUrl]);
    client[kHostHeader] = `host: ${options.authority}\r\n`;
    // No idle timer unless the server gives a hint (undici's option must be above 0).
    client[kKeepAliveDefaultTimeout] = 0;
    client[kKeepAliveTimeoutValue] = 0;
    client.on('disconnect', (_origin, _targets, error) => this.disconnected(error));
    // Not with the first request: so the socket is watched from the start.
    client[kConnect](noop);
    const context = client[kHTTPContext];
    const parser = this.socket[kParser];
    if (context === null || parser === null) throw this.unusable();
    tighten(parser, this);
    readTo(this.socket, new ParserFeed(parser, this.socket, this));
    this.interpose(context, client);
    return client;
  }

  /** Has the requests that undici cannot write written by their own writer. */
  private interpose(context: HTTPContext, client: Client): void {
    const { write } = context;
    const validation = idleValidationOf(this.socket);
    const resume = (): void => client[kResume]();
    context.write = (request: QueuedRequest): boolean => {
      // Requests that were given up come first; undici throws them out.
      const writer = this.stale > 0 ? undefined : this.current?.writer;
      if (writer === undefined) return write(request);
      // As undici's own writer does: the next request is to wait for a look at the idle socket.
      if (validation !== undefined) Reflect.set(this.socket, validation, 0);
      return writer.write(request, this.socket, resume);
    };
  }

  private disconnected(error: Error): void {
    // An upgrade: `onRequestUpgrade` follows, and ends the wire.
    if (this.socket[kParser] === null && !this.socket.destroyed) return;
    // undici would dial again for a request that still waits.
    this.current?.fail(error);
    const orderly = this.ending || (error as { code?: unknown }).code === 'UND_ERR_INFO';
    this.closed(orderly ? undefined : toFinchError(error, { origin: this.origin }));
  }

  private unusable(): Error {
    if (this.current !== undefined && !this.socket.destroyed) {
      return new InvalidRequestError({
        option: 'wire',
        value: this.origin,
        allowed: 'one request at a time on an HTTP/1 connection',
        problem: 'The connection serves another request',
      });
    }
    return new ConnectionClosedError({
      origin: this.origin,
      reused: this.served > 0,
      requestSent: false,
      bytesReceived: 0,
      cause: this.socket.errored ?? undefined,
    });
  }
}

/** The parts that undici asks for, without the work that a URL's getters do. */
function plainUrl({ origin, protocol, host, hostname, port }: ClientUrl): ClientUrl {
  return { origin, protocol, host, hostname, port };
}

/** The private symbol under which undici notes that an idle socket was looked at. */
function idleValidationOf(socket: Socket): symbol | undefined {
  return Object.getOwnPropertySymbols(socket).find(
    (symbol) => symbol.description === 'kIdleSocketValidation',
  );
}

function noop(): void {}

/**
 * The narrow interface between one open connection and its user. It
 * knows HTTP's messages and nothing of pools, queues, deadlines or processes;
 * HTTP/1.1, HTTP/2 and HTTP/3 stand behind it alike.
 */
import type { Duplex } from 'node:stream';
import type { Fields } from './fields.ts';

/** A piece of a streamed request body. Empty pieces are skipped. */
export type WireChunk = string | Uint8Array;

/**
 * A streamed request body: each piece is asked for when the one before it was
 * taken, in no particular async context. When an exchange ends early the source
 * is let go of at once (`cancel`, `destroy` or `return`); but one that fails
 * with `requestSent: false` leaves it untouched, so that it can be sent again.
 */
export type WireBodySource =
  | Iterable<WireChunk>
  | AsyncIterable<WireChunk>
  | ReadableStream<WireChunk>;

/**
 * A request body. Text is sent as UTF-8; streams are read only as fast as the
 * peer takes them. A body on a method that has none by definition (GET, DELETE)
 * is sent, but costs an HTTP/1 connection its reuse: some servers take such a
 * body for the next request.
 */
export type WireBody = string | Uint8Array | WireBodySource | null;

/** A request as a wire takes it: complete but for its framing. */
export interface WireRequest {
  /** The method, in the case in which it is to be sent. */
  readonly method: string;
  /** The request target: origin-form, absolute-form (forward proxies) or authority-form (`CONNECT`). */
  readonly target: string;
  /**
   * Flat list of name, value, name, value…. Without `host` the wire adds its
   * own authority. Framing belongs to the wire: `transfer-encoding`,
   * `keep-alive`, `upgrade` and `expect` are rejected here (use the fields
   * below), `connection` may only say `close` or `keep-alive`; `content-length`
   * declares the length of a streamed body, which is else sent in chunks.
   * What is made of a frozen list is kept for the next request with it.
   */
  readonly headers: readonly string[];
  readonly body?: WireBody | undefined;
  /** Ask to switch to this protocol (`websocket`): an upgrade on HTTP/1, extended CONNECT on HTTP/2 and HTTP/3. */
  readonly upgrade?: string | undefined;
  /**
   * Send `expect: 100-continue` and hold the body back until the server says
   * `100`, or for this many ms (RFC 9110, 10.1.1: not for ever). A final
   * response that comes first spares the body; an HTTP/1 connection is then closed.
   */
  readonly expectContinue?: number | undefined;
  /** Trailer fields (flat list), asked for after the last piece of the body. */
  readonly trailers?: (() => readonly string[]) | undefined;
}

/**
 * What receives a response. A wire calls these methods synchronously and in
 * order: any number of `onInformational`, then `onHeaders`, `onData`… and
 * `onEnd`; or `onUpgrade` alone; and in place of any of them `onError`.
 * Exactly one of `onEnd`, `onUpgrade` and `onError` is called for each `send`,
 * possibly before `send` returns.
 *
 * The methods run outside the async context of the requester, except those
 * called from within its own `send`, `abort` or `destroy`. They must not
 * throw: an exception of `onInformational`, `onHeaders` or `onData` fails the
 * exchange with that exception.
 */
export interface WireHandler {
  /** All of the request is written; may come after parts of the response, and not at all if that ends first. */
  onSent?(): void;
  /**
   * Whether the next piece of a streamed body is awaited from its source: meanwhile it is not the
   * server that keeps the exchange waiting.
   */
  onBodyWait?(waiting: boolean): void;
  /** The peer or the network took a further part of a large body: the exchange moves on. */
  onProgress?(): void;
  /** An interim response, such as 100 or 103. Its fields are never mixed with the final ones. */
  onInformational(status: number, fields: Fields): void;
  /** The head of the final response. */
  onHeaders(status: number, fields: Fields): void;
  /**
   * A piece of the body: the bytes from `from` to `to`, which are there during
   * this call only; copy what is to be kept. `false` pauses the reading until
   * `resume()`; nothing comes meanwhile.
   */
  onData(bytes: Buffer, from: number, to: number): boolean;
  /** The response is complete. `wire.usable` says whether another request may follow, and `send` may be called. */
  onEnd(trailers: Fields): void;
  /**
   * The exchange failed: a `MintError` that says whether any byte of the
   * request may have been sent (`requestSent`) and how many of the response
   * came (`bytesReceived`); or the error that `abort` or `destroy` was given,
   * or what a method of this handler threw.
   */
  onError(error: Error): void;
  /**
   * The server switched protocols (101), or answered `CONNECT` with 2xx: the
   * stream is the handler's now, and the wire forgets it. Bytes that followed
   * the head are read from it first. Without this method such a response is an
   * error.
   */
  onUpgrade?(status: number, fields: Fields, stream: Duplex): void;
}

/** One request and its response, in the hands of the requester. */
export interface Exchange {
  /**
   * Gives the exchange up: `onError(error)` is called before this returns,
   * unless the exchange is over. Whatever was sent already costs an HTTP/1
   * connection its life; on HTTP/2 and HTTP/3 the stream is reset.
   */
  abort(error: Error): void;
  /** Continues the reading after `onData` returned `false`. The next piece comes later, never inside this call. */
  resume(): void;
}

/**
 * An HTTP/1 connection as a stream of bytes, from `wire.lend`: a user speaks HTTP on it by other
 * means. It has what node:http uses of a socket.
 */
export interface LentSocket extends Duplex {
  /**
   * Gives the connection back, between two exchanges: all of the request is written and all of the
   * response read. False when it cannot be used further: then `destroy` the stream, which ends
   * the connection, unless nothing was written to it. Given back, the stream has no connection:
   * destroy it, or lend it another one. It is destroyed when the connection ends before that.
   *
   * `idleLimit`: how long the server keeps the connection while it is idle, in ms, if its last response
   * said so (`keep-alive: timeout`); the wire then closes it before that.
   */
  giveBack(idleLimit?: number): boolean;
  /** Given back, it is to have another connection, and does not end with its last one. */
  awaitConnection(): void;
}

/** What is known about a connection's TLS session. */
export interface WireTlsInfo {
  /** `TLSv1.3`. */
  readonly version: string | undefined;
  /** Whether the certificate was verified; `false` only with `rejectUnauthorized: false`. */
  readonly authorized: boolean;
  /** Whether an earlier session was resumed. */
  readonly resumed: boolean;
  /** The protocol that ALPN selected, if any. */
  readonly alpnProtocol: string | undefined;
  /** The name sent as SNI, if any. */
  readonly servername: string | undefined;
}

/** Where a connection leads. Addresses are absent on unix sockets. */
export interface WireInfo {
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly tls: WireTlsInfo | undefined;
}

/** One open connection. */
export interface Wire {
  readonly protocol: 'http1' | 'http2' | 'http3';
  readonly info: WireInfo;
  /**
   * Whether further requests may be sent: on HTTP/1 none is under way and the connection is kept;
   * on HTTP/2 and HTTP/3 the server has not announced its end (GOAWAY). Exact inside `onEnd`, too.
   */
  readonly usable: boolean;
  /**
   * How many requests may be under way at once: 1 on HTTP/1, on HTTP/2 the limit of the server. On
   * HTTP/3 those that are under way, and those that the server allows beside them now: it allows
   * others as these end.
   */
  readonly limit: number;
  /** Whether `limit` is known. On HTTP/2 it is assumed until the server's SETTINGS have come. */
  readonly limitKnown: boolean;
  /** How many requests are under way at this moment, and streams that were handed over. */
  readonly underWay: number;
  /** How many responses came to their end; on HTTP/2 and HTTP/3, how many requests were begun. */
  readonly served: number;
  /**
   * Sends a request: it is written at the end of the event loop's turn, together with all others,
   * after a look at what the socket has read meanwhile. A request that cannot be sent fails through
   * `onError`, never by an exception.
   */
  send(request: WireRequest, handler: WireHandler): Exchange;
  /**
   * HTTP/1: hands the connection out as a stream of bytes. It is under way, and takes no request,
   * until the stream is given back or destroyed. `again`: a stream without a connection, which is to
   * have this one now: of `createLentSocket`, or of another loan, of any wire, that was given back.
   * What was written to it meanwhile is sent.
   *
   * @throws ConnectionClosedError, InvalidRequestError when it is not usable.
   */
  lend?(again?: LentSocket): LentSocket;
  /** Measures a round trip, in ms (HTTP/2, and QUIC for HTTP/3: PING). Rejects when the connection ends first. */
  ping?(): Promise<number>;
  /** Closes the connection at once. What is in flight fails with `error`, before this returns. */
  destroy(error?: Error): void;
  /**
   * Called exactly once, when the socket is gone (or detached by an upgrade),
   * after the handlers of what was in flight: with an error when the peer or
   * the network ended it, without one when this side did or when it was to
   * end after a response.
   */
  onClosed: (error?: Error) => void;
  /**
   * Called when `usable`, `limit` or `limitKnown` changed by something that the server said (SETTINGS,
   * GOAWAY), or because this side takes the connection for no more requests (it has reset too many
   * streams); what is in flight goes on. Never called after `onClosed`, nor inside of `send`.
   */
  onChange: () => void;
  /** Called for each sign of life of the server, where it is set. */
  onActivity: (() => void) | undefined;
}

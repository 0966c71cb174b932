/**
 * One request and its response on an HTTP/2 connection: the listener of a
 * stream of node:http2 and the requester's `Exchange` in one object.
 */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { errnoOf } from '../../errors/details.ts';
import { ResponseTooLargeError } from '../../errors/index.ts';
import type { ExchangeDetails } from '../../errors/index.ts';
import { ignoreSocketError } from '../clean-context.ts';
import { isStreamed, RequestBody } from '../request-body.ts';
import { allowedTrailers } from '../trailers.ts';
import type { Exchange, RawHeaders, WireHandler, WireRequest } from '../wire.ts';
import { ChunkQueue } from './chunk-queue.ts';
import { noError, outOfStreamsCode, protocolError, streamErrorCode } from './http2-codes.ts';
import type { Http2Wire } from './http2-wire.ts';
import { keepWhileWriting } from './keep-session.ts';
import { maxSentHeaders } from './open-session.ts';
import { headersTooLarge } from './refusals.ts';
import { requestHeaders } from './request-headers.ts';
import type { RequestHeaders } from './request-headers.ts';
import { badInterim, wrongLength } from './response-fault.ts';
import { toFinchError } from './session-fault.ts';
import { streamError } from './stream-fault.ts';
import { listen, release } from './stream-link.ts';
import type { StreamUser } from './stream-link.ts';
import { throwLater } from './throw-later.ts';
import { sliceSize, Upload, wholeBody } from './upload.ts';
import type { Uploader } from './upload.ts';

/** No fields: what most responses have as trailers. */
const none: RawHeaders = [];

/** How many interim responses (1xx) one request may get: they are kept, so there has to be an end. */
const maxInterims = 1000;

/** The flag of a frame that is the last one of its side of a stream. */
const endStream = 0x1;

export class Http2Exchange implements Exchange, StreamUser, Uploader {
  /** The exchange is over: nobody is called any more. */
  over = false;
  stream: ClientHttp2Stream | undefined;

  private readonly wire: Http2Wire;
  private readonly handler: WireHandler;
  private readonly request: WireRequest;
  private readonly reused: boolean;
  private source: RequestBody | undefined;
  private upload: Upload | undefined;
  private tunnel = false;
  /** The whole request is written. */
  private written = false;
  /** The head of the final response came. */
  private answered = false;
  private interims = 0;
  private headerBytes = 0;
  private bodyBytes = 0;
  /** How long the body is to be, if it is declared. */
  private expected: number | undefined;
  private trailers: RawHeaders = none;
  /** What came and was not handed on yet. */
  private queue: ChunkQueue | undefined;
  private paused = false;
  /** The server sent all of its response. */
  private complete = false;
  /** And nothing of it is on its way to this object any more. */
  private ended = false;

  constructor(wire: Http2Wire, request: WireRequest, handler: WireHandler) {
    this.wire = wire;
    this.request = request;
    this.handler = handler;
    this.reused = wire.served > 0;
  }

  // The requester's side ------------------------------------------------------

  abort(error: Error): void {
    this.failWith(error);
  }

  resume(): void {
    if (this.over || !this.paused) return;
    this.paused = false;
    if (this.queue !== undefined || this.ended) process.nextTick(handOn, this);
    else this.stream?._read(0);
  }

  // The wire's side -----------------------------------------------------------

  /** Opens the stream. Throws what makes the request unfit to be sent. */
  begin(session: ClientHttp2Session): void {
    const { request } = this;
    const { body } = request;
    const bytes = wholeBody(request);
    const length = bytes === undefined ? undefined : bytes.length;
    const headers = requestHeaders(request, this.wire, length);
    if (headers.size > maxSentHeaders) throw headersTooLarge(headers.size);
    this.tunnel = request.method === 'CONNECT' || request.upgrade !== undefined;
    const bare = length === 0 && !this.tunnel && request.trailers === undefined;
    const stream = session.request(headers.list, {
      endStream: bare,
      waitForTrailers: request.trailers !== undefined,
    });
    this.stream = stream;
    if (!bare) keepWhileWriting(session, stream);
    listen(stream, this);
    if (bare) {
      this.uploaded();
    } else if (this.tunnel) {
      this.handler.onSent?.();
    } else {
      if (isStreamed(body)) this.source = new RequestBody(body, this.handler);
      this.send(stream, bytes, headers);
    }
  }

  /** Ends the exchange, unless it is over, with an error of the session or of the socket. */
  fail(error: Error): void {
    if (!this.over) this.failWith(toFinchError(error, this.facts()));
  }

  /** Ends the exchange, unless it is over, as one that the server has not processed, if it has not answered. */
  failUnsent(error: Error): void {
    if (this.over) return;
    this.failWith(toFinchError(error, { ...this.facts(), requestSent: this.answered }));
  }

  /** Ends the exchange, unless it is over, with just this error. */
  failWith(error: Error): void {
    if (this.over) return;
    this.finish((error as { requestSent?: unknown }).requestSent === false);
    this.reset();
    try {
      this.handler.onError(error);
    } catch (thrown) {
      throwLater(thrown);
    }
  }

  // The upload's side ---------------------------------------------------------

  uploadFailed(error: Error): void {
    if (this.over) return;
    const facts = this.facts();
    this.failWith(this.source?.failed(error, facts) ?? toFinchError(error, facts));
  }

  uploaded(): void {
    if (this.written) return;
    this.written = true;
    if (!this.over) this.handler.onSent?.();
  }

  progressed(): void {
    if (!this.over) this.handler.onProgress?.();
  }

  // The stream's side ---------------------------------------------------------

  onInterim(status: number, raw: string[]): void {
    if (this.over || !this.accept(raw)) return;
    if (this.answered || status === 101 || ++this.interims > maxInterims) {
      this.failWith(badInterim(status, this.answered, this.facts()));
      return;
    }
    if (status === 100) this.upload?.proceed();
    try {
      this.handler.onInformational(status, raw);
    } catch (error) {
      this.failWith(error as Error);
    }
  }

  onHead(status: number, flags: number, raw: string[], length: string | undefined): void {
    if (this.over || !this.accept(raw)) return;
    this.answered = true;
    const isLast = (flags & endStream) !== 0;
    // A server that accepts before it has the body may wait for it all the same.
    if (isLast || status >= 300) this.upload?.decline();
    else this.upload?.proceed();
    if (this.tunnel && status >= 200 && status <= 299) {
      this.handOver(status, raw);
      return;
    }
    const isBodiless = this.request.method === 'HEAD' || status === 204 || status === 304;
    if (length !== undefined && !isBodiless) this.expected = Number(length);
    if (this.expected !== undefined && this.expected > this.wire.maxResponseSize) {
      this.failWith(this.tooLarge('maxResponseSize'));
      return;
    }
    try {
      this.handler.onHeaders(status, raw);
    } catch (error) {
      this.failWith(error as Error);
      return;
    }
    if (isLast) this.onEnd();
    else this.handOn();
  }

  onChunk(chunk: Buffer): boolean {
    if (this.over) return false;
    this.wire.onActivity?.();
    // The head comes in a turn of its own, perhaps after the first piece of the body.
    if (this.answered && !this.paused && this.queue === undefined) return this.deliver(chunk);
    this.queue ??= new ChunkQueue();
    this.queue.add(chunk);
    return false;
  }

  onTrailers(raw: string[]): void {
    if (this.over || !this.accept(raw)) return;
    this.trailers = allowedTrailers(raw);
    // They are the last that comes; `end` may not follow while the request is not written.
    this.onEnd();
  }

  onComplete(): void {
    this.complete = true;
  }

  /** Nothing more comes: the end of the response, or of a stream that was reset. */
  onEnd(): void {
    if (this.over) return;
    if (this.complete) {
      this.ended = this.answered;
      if (this.ended && this.queue === undefined) this.conclude();
    } else if (this.stream?.closed === true && this.stream.rstCode === noError) {
      // Reset with NO_ERROR amid an upload: Node.js 22 and 24 do not close such a stream.
      this.onClose(undefined);
    }
  }

  onClose(cause: Error | undefined): void {
    if (this.over) return;
    if (this.complete && this.answered) {
      this.onEnd();
      return;
    }
    const code = this.stream?.rstCode ?? noError;
    const { failure } = this.wire;
    if (failure !== undefined) {
      this.fail(failure);
    } else if (cause !== undefined && errnoOf(cause) === outOfStreamsCode) {
      this.failUnsent(this.wire.exhaust());
    } else if (cause !== undefined && errnoOf(cause) !== streamErrorCode) {
      this.fail(cause);
    } else if ((code === protocolError || code === noError) && this.isWrongLength()) {
      this.failWith(wrongLength(this.facts()));
    } else {
      this.failWith(streamError(code, this.facts(), this.answered));
    }
  }

  /** The connection is lost, but perhaps after all of the response came. */
  connectionLost(failure: Error): void {
    if (!this.over && !this.concludeIfComplete()) this.fail(failure);
  }

  // ---------------------------------------------------------------------------

  /** Hands on what waits, unless the handler wants to wait, too. */
  handOn(): void {
    const { queue } = this;
    if (queue !== undefined) {
      while (!this.over && !this.paused && queue.length > 0) this.deliver(queue.take());
      if (queue.length > 0) return;
      this.queue = undefined;
    }
    if (this.over || this.paused) return;
    if (this.ended) this.conclude();
    else this.stream?._read(0);
  }

  private deliver(chunk: Buffer): boolean {
    this.bodyBytes += chunk.length;
    try {
      if (this.bodyBytes > this.wire.maxResponseSize) throw this.tooLarge('maxResponseSize');
      if (this.handler.onData(chunk)) return true;
      this.paused = true;
      return false;
    } catch (error) {
      this.failWith(error as Error);
      return true;
    }
  }

  /** Hands on the rest at once, paused or not, if there is a rest and nothing else is to come. */
  private concludeIfComplete(): boolean {
    if (!this.complete || !this.answered) return false;
    const { queue } = this;
    while (!this.over && queue !== undefined && queue.length > 0) this.deliver(queue.take());
    this.conclude();
    return true;
  }

  private conclude(): void {
    if (this.isWrongLength()) this.failWith(wrongLength(this.facts()));
    else this.succeed();
  }

  private send(
    stream: ClientHttp2Stream,
    bytes: Uint8Array | undefined,
    headers: RequestHeaders,
  ): void {
    const { expectContinue, trailers } = this.request;
    const patience = bytes?.length === 0 ? undefined : expectContinue;
    if (
      bytes !== undefined &&
      bytes.length <= sliceSize &&
      patience === undefined &&
      trailers === undefined
    ) {
      stream.end(bytes);
      return;
    }
    const body = this.source ?? bytes;
    const { contentLength } = headers;
    this.upload = new Upload(this, { body, contentLength, patience, trailers }, stream);
  }

  /** Whether the fields are within bounds; if not, the exchange is over. */
  private accept(raw: readonly string[]): boolean {
    let size = 0;
    for (const part of raw) size += part.length;
    this.headerBytes += size;
    this.wire.onActivity?.();
    if (size <= this.wire.maxHeaderSize) return true;
    this.failWith(this.tooLarge('maxHeaderSize'));
    return false;
  }

  private handOver(status: number, raw: string[]): void {
    const { handler, stream } = this;
    if (handler.onUpgrade === undefined || stream === undefined) {
      this.fail(new Error('nobody takes the upgraded connection'));
      return;
    }
    this.finish();
    this.wire.tunnelled(stream);
    release(stream, this.queue);
    try {
      handler.onUpgrade(status, raw, stream);
    } catch (error) {
      this.wire.reset(stream.on('error', ignoreSocketError));
      throwLater(error);
    }
  }

  private succeed(): void {
    if (this.over) return;
    this.finish();
    // The server does not want the rest of the request.
    if (!this.written) this.reset();
    try {
      this.handler.onEnd(this.trailers);
    } catch (error) {
      throwLater(error);
    }
  }

  private finish(isUnsent = false): void {
    this.over = true;
    this.wire.finished(this);
    this.upload?.stop();
    // A source that was not begun can still be sent elsewhere.
    if (this.source !== undefined && (this.source.begun || !isUnsent)) this.source.cancel();
  }

  private reset(): void {
    if (this.stream !== undefined) this.wire.reset(this.stream);
  }

  private isWrongLength(): boolean {
    return this.expected !== undefined && this.expected !== this.bodyBytes;
  }

  private tooLarge(option: 'maxHeaderSize' | 'maxResponseSize'): ResponseTooLargeError {
    const limit = this.wire[option];
    const received = option === 'maxResponseSize' ? this.bodyBytes : this.headerBytes;
    return new ResponseTooLargeError({ ...this.facts(), option, limit, received });
  }

  private facts(): ExchangeDetails {
    const bytesReceived = this.headerBytes + this.bodyBytes;
    return {
      origin: this.wire.origin,
      phase: this.written || bytesReceived > 0 ? 'receive' : 'send',
      reused: this.reused,
      requestSent: this.stream !== undefined,
      bytesReceived,
    };
  }
}

function handOn(exchange: Http2Exchange): void {
  exchange.handOn();
}

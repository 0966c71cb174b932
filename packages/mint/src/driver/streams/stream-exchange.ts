/**
 * One request and its response on a stream of HTTP/2 or HTTP/3: what the
 * requester holds, and what the wire tells of the stream.
 */
import { ProtocolError, ResponseTooLargeError } from '../../errors/index.ts';
import type { ExchangeFacts, Fault } from '../../errors/index.ts';
import { Fields } from '../../fields.ts';
import * as event from '../../message/stream-event.ts';
import type { StreamEvent, StreamReport } from '../../message/stream-event.ts';
import { allowedTrailers } from '../../trailers.ts';
import type { Exchange, WireBody, WireHandler, WireRequest } from '../../wire.ts';
import { Backlog } from './backlog.ts';
import { inCleanContext } from '../clean-context.ts';
import type { UnderWay } from './connection-life.ts';
import { copyBytes } from '../copy-bytes.ts';
import { throwLater } from '../failures.ts';
import { isStreamed, RequestBody } from '../request-body.ts';
import { StreamTunnel } from './tunnel.ts';
import { sliceSize, StreamUpload } from './upload.ts';
import type { StreamUser, StreamWire, WireStream } from './stream-wire.ts';
import { TextSlices } from './text-slices.ts';
import type { Uploader } from '../uploader.ts';

/** Bodies up to this size leave with the head, if the windows take them. */
const joined = 16_384;

const noBytes = new Uint8Array(0);

export class StreamExchange implements Exchange, UnderWay, StreamUser, Uploader {
  /** The exchange is over: its handler is not called any more. */
  over = false;
  /** Where the wire keeps it. */
  place = -1;
  stream: WireStream | undefined = undefined;
  /** What the stream became after an upgrade. */
  tunnel: StreamTunnel | undefined = undefined;

  private readonly wire: StreamWire;
  private readonly handler: WireHandler;
  private readonly request: WireRequest;
  /** How often the wire had written when the request was begun. */
  private readonly writes: number;
  private source: RequestBody | undefined = undefined;
  private upload: StreamUpload | undefined = undefined;
  /** The whole request is written. */
  private written = false;
  /** The head of the final response came. */
  private answered = false;
  private headerBytes = 0;
  private bodyBytes = 0;
  private trailers: Fields = Fields.none;
  /** What came and was not handed on yet. */
  private backlog: Backlog | undefined = undefined;
  private paused = false;
  /** All of the response has come. */
  private ended = false;

  constructor(wire: StreamWire, request: WireRequest, handler: WireHandler) {
    this.wire = wire;
    this.request = request;
    this.handler = handler;
    this.writes = wire.writes;
  }

  // The requester's side ------------------------------------------------------

  abort(error: Error): void {
    this.failWith(error);
  }

  resume(): void {
    if (this.over || !this.paused) return;
    this.paused = false;
    if (this.backlog !== undefined || this.ended)
      inCleanContext(queueMicrotask, () => this.handOn());
    else this.wire.resumed(this.stream as WireStream);
  }

  // The wire's side -----------------------------------------------------------

  get wantsMore(): boolean {
    if (this.tunnel !== undefined) return this.tunnel.wantsMore;
    return !this.over && !this.paused && this.backlog === undefined;
  }

  /** Opens the stream. @throws InvalidRequestError when the request cannot be sent. */
  begin(): void {
    const { request, wire } = this;
    const { method, body, expectContinue, trailers } = request;
    const isTunnel = method === 'CONNECT' || request.upgrade !== undefined;
    const bytes = isTunnel ? noBytes : bytesOf(body);
    const length = bytes === undefined ? -1 : bytes.length;
    const continueTimeout = length === 0 ? undefined : expectContinue;
    const isJoined =
      length <= joined && continueTimeout === undefined && trailers === undefined && !isTunnel;
    const whole = isJoined && bytes instanceof Uint8Array ? bytes : undefined;
    const stream = wire.open(this, request, length, whole, continueTimeout !== undefined);
    this.stream = stream;
    if (isTunnel || stream.isSent) {
      this.uploaded();
    } else {
      if (isStreamed(body)) this.source = new RequestBody(body, sliceSize, this.handler);
      const contentLength = wire.declaredLength;
      const plan = {
        body: this.source ?? bytes ?? noBytes,
        contentLength,
        continueTimeout,
        trailers,
      };
      this.upload = new StreamUpload(this, plan, wire, stream);
      this.upload.start();
    }
  }

  /** Ends the exchange, unless it is over, with an error of the connection. */
  fail(error: Error): void {
    if (!this.over) this.failWith(this.wire.errorOf(error, this.facts()));
  }

  /** Ends the exchange, unless it is over, as one that the server has not processed, if it has not answered. */
  failUnsent(error: Error): void {
    if (this.over) return;
    this.failWith(this.wire.errorOf(error, { ...this.facts(), requestSent: this.answered }));
  }

  /** Ends the exchange, unless it is over, with just this error. */
  failWith(error: Error): void {
    if (this.over) return;
    this.finish((error as { requestSent?: unknown }).requestSent === false);
    if (this.stream !== undefined) this.wire.requests.reset(this.stream);
    try {
      this.handler.onError(error);
    } catch (thrown) {
      throwLater(thrown);
    }
  }

  /** The connection is lost, but perhaps after all of the response came. */
  connectionLost(failure: Error): void {
    if (this.over) return;
    if (this.ended) this.deliverRest();
    else this.fail(failure);
  }

  // The upload's side ---------------------------------------------------------

  uploadFailed(error: Error): void {
    if (this.over) return;
    const facts = this.facts();
    this.failWith(this.source?.failed(error, facts) ?? this.wire.errorOf(error, facts));
  }

  uploaded(): void {
    this.written = true;
    if (!this.over) this.handler.onSent?.();
  }

  progressed(): void {
    if (!this.over) this.handler.onProgress?.();
  }

  // The response --------------------------------------------------------------

  /** Something came for the stream. */
  onEvent(what: StreamEvent, report: StreamReport, bytes: Buffer): void {
    switch (what) {
      case event.data:
        this.onData(bytes, report.from, report.to);
        break;
      case event.head:
        this.onHead(report.status, report.fields, report.size, report.isLast);
        break;
      case event.end:
        this.onEnd(report.fields);
        break;
      case event.interim:
        this.onInterim(report.status, report.fields, report.size);
        break;
      case event.reset:
        this.onReset(report.code);
        break;
      default:
        this.onBroken(report.fault as Fault);
    }
  }

  private onInterim(status: number, fields: Fields, size: number): void {
    if (this.over) return;
    this.headerBytes += size;
    if (status === 100) this.upload?.proceed();
    try {
      this.handler.onInformational(status, fields);
    } catch (error) {
      this.failWith(error as Error);
    }
  }

  private onHead(status: number, fields: Fields, size: number, isLast: boolean): void {
    if (this.over) return;
    this.headerBytes += size;
    this.answered = true;
    this.wire.life.answered += 1;
    const stream = this.stream as WireStream;
    if (stream.isTunnel) {
      this.handOver(stream, status, fields);
      return;
    }
    if (this.upload !== undefined) {
      // A server that accepts before it has the body may wait for it all the same.
      if (isLast || status >= 300) this.upload.decline();
      else this.upload.proceed();
    }
    if (stream.expected > this.wire.maxResponseSize) {
      this.failWith(this.tooLarge());
      return;
    }
    try {
      this.handler.onHeaders(status, fields);
    } catch (error) {
      this.failWith(error as Error);
    }
  }

  private onData(bytes: Buffer, from: number, to: number): void {
    if (this.tunnel !== undefined) {
      this.tunnel.onData(copyBytes(bytes, from, to));
    } else if (!this.over) {
      if (!this.paused && this.backlog === undefined) this.deliver(bytes, from, to);
      else (this.backlog ??= new Backlog()).add(copyBytes(bytes, from, to));
    }
  }

  private onEnd(trailers: Fields): void {
    if (this.tunnel !== undefined) {
      this.tunnel.onEnd();
    } else if (!this.over) {
      this.ended = true;
      if (trailers !== Fields.none) this.trailers = allowedTrailers(trailers);
      if (!this.paused && this.backlog === undefined) this.succeed();
    }
  }

  /** The server reset the stream. */
  private onReset(code: number): void {
    if (this.over && this.tunnel === undefined) return;
    const error = this.resetError(code);
    if (this.tunnel !== undefined) this.tunnel.fail(error);
    // All of the response may wait for its reader.
    else if (!this.ended) this.failWith(error);
  }

  /** The response is none that may be taken; the stream was reset. */
  private onBroken(fault: Fault): void {
    const facts = this.facts();
    const error =
      fault.tooLarge === undefined
        ? new ProtocolError({ ...facts, reason: fault.reason, detail: fault.message })
        : new ResponseTooLargeError({ ...facts, option: 'maxHeaderSize', ...fault.tooLarge });
    if (this.tunnel !== undefined) this.tunnel.fail(error);
    else this.failWith(error);
  }

  // ---------------------------------------------------------------------------

  /** Hands on what waits, unless the handler wants to wait, too. */
  handOn(): void {
    const { backlog } = this;
    if (backlog !== undefined) {
      while (!this.over && !this.paused && !backlog.isEmpty) this.deliverPiece(backlog.take());
      if (!backlog.isEmpty) return;
      this.backlog = undefined;
    }
    if (this.paused || this.over) return;
    if (this.ended) this.succeed();
    else this.wire.resumed(this.stream as WireStream);
  }

  facts(): ExchangeFacts {
    const bytesReceived = this.headerBytes + this.bodyBytes;
    return {
      origin: this.wire.life.origin,
      phase: this.written || bytesReceived > 0 ? 'receive' : 'send',
      reused: this.wire.life.answered > (this.answered ? 1 : 0),
      requestSent: this.stream !== undefined && this.wire.writes > this.writes,
      bytesReceived,
    };
  }

  private deliverPiece(piece: Buffer): void {
    this.deliver(piece, 0, piece.length);
  }

  private deliver(bytes: Buffer, from: number, to: number): void {
    const length = to - from;
    const { wire } = this;
    this.bodyBytes += length;
    try {
      if (this.bodyBytes > wire.maxResponseSize) throw this.tooLarge();
      if (!this.handler.onData(bytes, from, to)) this.paused = true;
    } catch (error) {
      this.failWith(error as Error);
      return;
    }
    wire.consumed(this.stream as WireStream, length);
  }

  /** Hands on the rest at once, paused or not: nothing else is to come. */
  private deliverRest(): void {
    const { backlog } = this;
    while (!this.over && backlog !== undefined && !backlog.isEmpty) {
      this.deliverPiece(backlog.take());
    }
    if (!this.over) this.succeed();
  }

  private succeed(): void {
    this.finish(false);
    // The server does not want the rest of the request.
    if (!this.written) this.wire.requests.reset(this.stream as WireStream);
    try {
      this.handler.onEnd(this.trailers);
    } catch (error) {
      throwLater(error);
    }
  }

  private handOver(stream: WireStream, status: number, fields: Fields): void {
    const { handler, wire } = this;
    if (handler.onUpgrade === undefined) {
      this.fail(new Error('the upgraded connection has no taker'));
      return;
    }
    const tunnel = new StreamTunnel(wire, stream, () => this.facts());
    this.tunnel = tunnel;
    wire.life.handOver(tunnel);
    this.finish(false);
    try {
      handler.onUpgrade(status, fields, tunnel);
    } catch (error) {
      tunnel.destroy();
      throwLater(error);
    }
  }

  private finish(isUnsent: boolean): void {
    this.over = true;
    this.wire.requests.finished(this);
    if (this.upload !== undefined) this.upload.stop();
    // A source that was not begun can still be sent elsewhere.
    if (this.source !== undefined && (this.source.begun || !isUnsent)) this.source.cancel();
  }

  private resetError(code: number): Error {
    const { expected = -1, received = 0 } = this.stream ?? {};
    if (code !== this.wire.noError || expected < 0 || expected === received) {
      return this.wire.resetError(code, this.facts(), this.answered);
    }
    const reason = 'content_length_mismatch';
    const detail = 'the body is not as long as content-length says';
    return new ProtocolError({ ...this.facts(), reason, detail });
  }

  private tooLarge(): ResponseTooLargeError {
    const limit = this.wire.maxResponseSize;
    const option = 'maxResponseSize';
    return new ResponseTooLargeError({ ...this.facts(), option, limit, received: this.bodyBytes });
  }
}

/** The bytes of a body that is there as a whole; undefined: it comes from a source. */
function bytesOf(body: WireBody | undefined): Uint8Array | TextSlices | undefined {
  if (body === undefined || body === null) return noBytes;
  if (typeof body !== 'string') return body instanceof Uint8Array ? body : undefined;
  const isLongAscii = body.length > joined && Buffer.byteLength(body) === body.length;
  return isLongAscii ? new TextSlices(body, sliceSize) : Buffer.from(body);
}

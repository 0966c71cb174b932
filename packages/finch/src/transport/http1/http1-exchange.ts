/**
 * One request and its response on an HTTP/1 connection: undici's handler and
 * the requester's `Exchange` in one object.
 *
 * Fields only, and undici's controller itself among them: a closure over the
 * controller would keep every exchange alive until the next full collection.
 */
import type { Socket } from 'node:net';
import {
  ConnectionClosedError,
  InvalidRequestError,
  ProtocolError,
  ResponseTooLargeError,
} from '../../errors/index.ts';
import type { ExchangeDetails } from '../../errors/index.ts';
import type { Exchange, RawHeaders, WireHandler, WireRequest } from '../wire.ts';
import type { Http1Wire } from './http1-wire.ts';
import { RequestBody } from '../request-body.ts';
import { pieceByPiece } from './large-body.ts';
import { isSpecial, RequestWriter } from './request-writer.ts';
import { allowedTrailers } from '../trailers.ts';
import type { Controller, DispatchHandler, HeadersBox } from './undici.ts';
import { toFinchError } from './wire-fault.ts';

/** No fields: what most responses have as trailers. */
const none: RawHeaders = [];

/** How many interim responses (1xx) one request may get: they are kept, so there has to be an end. */
const maxInterims = 1000;

/** Goes to undici and comes back; nobody else sees it. */
const cancelled = new Error('cancelled before it was sent');

export class Http1Exchange implements Exchange, DispatchHandler {
  /** The body that is sent piece by piece, if it is. */
  readonly body: RequestBody | undefined;
  /** Set for a request that undici's own writer cannot write. */
  readonly writer: RequestWriter | undefined;
  /** The exchange is over: nobody is called any more. */
  over = false;

  private readonly wire: Http1Wire;
  private readonly handler: WireHandler;
  private controller: Controller | undefined;
  /** The whole request is in the socket. */
  private written = false;
  /** The first byte of a response came. */
  private answered = false;
  private bytesBefore = 0;
  private interims = 0;
  private bodySize = 0;

  constructor(wire: Http1Wire, request: WireRequest, handler: WireHandler, authority: string) {
    this.wire = wire;
    this.handler = handler;
    const pieces = pieceByPiece(request.body);
    this.body = pieces === undefined ? undefined : new RequestBody(pieces, handler);
    this.writer = isSpecial(request) ? new RequestWriter(request, this.body, authority) : undefined;
  }

  /** Whether the handler takes pieces that are only lent. */
  get borrows(): boolean {
    return this.handler.onBorrowedData !== undefined;
  }

  // The requester's side ------------------------------------------------------

  abort(error: Error): void {
    if (this.over) return;
    this.finish();
    // Without a controller the request still waits inside undici; it is thrown
    // out when its turn comes, and the connection stays whole.
    if (this.controller === undefined) this.wire.stale += 1;
    else this.controller.abort(error);
    this.handler.onError(error);
  }

  resume(): void {
    // Later, since undici's parser must not be entered while any connection's
    // parser runs, and so that `onData` is never called inside this call.
    queueMicrotask(() => this.controller?.resume());
  }

  /** Ends the exchange, unless it is over, with an error of undici or of the socket. */
  fail(error: Error): void {
    if (!this.over) this.failWith(this.typed(error));
  }

  /** Ends the exchange, unless it is over, with just this error. */
  failWith(error: Error): void {
    if (this.over) return;
    this.finish();
    this.handler.onError(error);
  }

  // undici's side -------------------------------------------------------------

  onRequestStart(controller: Controller): void {
    // Thrown here, undici drops the request and leaves the socket alone.
    if (this.over) {
      this.wire.stale -= 1;
      throw cancelled;
    }
    this.controller = controller;
    this.bytesBefore = this.wire.bytesParsed;
  }

  onRequestSent(): void {
    this.written = true;
    if (!this.over) this.handler.onSent?.();
  }

  onResponseStarted(): void {
    this.answered = true;
  }

  onResponseStart(_controller: Controller, status: number, headers: unknown): void {
    const { wire } = this;
    const raw = Array.isArray(headers) ? (headers as Buffer[]) : (headers as HeadersBox).list;
    if (this.writer !== undefined) {
      // A final response before the body was sent spares the body (RFC 9110, 10.1.1).
      if (status >= 200) this.writer.decline();
      else if (wire.interimStatus === 100) this.writer.proceed();
    }
    try {
      if (status >= 200) {
        this.handler.onHeaders(status, raw);
      } else {
        const interim = wire.interimStatus || status;
        wire.interimStatus = 0;
        if (++this.interims > maxInterims) throw this.tooManyInterims();
        this.handler.onInformational(interim, raw);
      }
    } catch (error) {
      this.abort(error as Error);
    }
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    // undici's parser hands on nothing when it is resumed: to pause at that would never end.
    if (chunk.length === 0) return;
    this.bodySize += chunk.length;
    try {
      if (this.bodySize > this.wire.maxResponseSize) throw this.tooLarge();
      if (this.wire.lent) this.handler.onBorrowedData?.(chunk);
      else if (!this.handler.onData(chunk)) controller.pause();
    } catch (error) {
      this.abort(error as Error);
    }
  }

  onResponseEnd(controller: Controller): void {
    if (this.over) return;
    // A body that ends with the connection ends with its orderly end only: undici
    // takes a reset for one, too.
    const broken = this.wire.socket.errored;
    if (broken !== null) {
      this.fail(broken);
      return;
    }
    const trailers = controller.rawTrailers ?? [];
    this.succeed(trailers.length === 0 ? none : allowedTrailers(trailers));
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    this.fail(error);
  }

  onRequestUpgrade(
    _controller: Controller,
    status: number,
    headers: unknown,
    socket: Socket,
  ): void {
    const raw = Array.isArray(headers) ? (headers as Buffer[]) : (headers as HeadersBox).list;
    this.wire.release(socket);
    if (status === 101 || (status >= 200 && status <= 299)) this.handOver(status, raw, socket);
    else this.refused(status, raw, socket);
    this.wire.closed();
  }

  // ---------------------------------------------------------------------------

  private handOver(status: number, headers: RawHeaders, socket: Socket): void {
    const { handler } = this;
    if (handler.onUpgrade === undefined) {
      socket.destroy();
      this.fail(new Error('nobody takes the upgraded connection'));
      return;
    }
    this.finish();
    try {
      handler.onUpgrade(status, headers, socket);
    } catch (error) {
      socket.destroy();
      throwLater(error);
    }
  }

  /** A refused CONNECT. undici does not frame its body, so there is none to deliver. */
  private refused(status: number, headers: RawHeaders, socket: Socket): void {
    socket.destroy();
    try {
      this.handler.onHeaders(status, headers);
    } catch (error) {
      this.failWith(error as Error);
    }
    if (!this.over) this.succeed(none);
  }

  private succeed(trailers: RawHeaders): void {
    this.finish();
    this.wire.served += 1;
    try {
      this.handler.onEnd(trailers);
    } catch (error) {
      throwLater(error);
    }
  }

  private finish(): void {
    this.over = true;
    this.wire.finished(this);
    // A source that was not begun can still be sent elsewhere.
    if (this.controller === undefined) return;
    this.writer?.stop();
    this.body?.cancel();
  }

  private typed(error: Error): Error {
    const failed = this.body?.failed(error, this.facts());
    if (failed !== undefined) return failed;
    const typed = toFinchError(error, this.facts());
    if (this.controller !== undefined || typed instanceof InvalidRequestError) return typed;
    if (typed instanceof ConnectionClosedError && typed.requestSent === false) return typed;
    // Whatever ended the connection, this request had no part in it.
    return new ConnectionClosedError({ ...this.facts(), phase: undefined, cause: typed });
  }

  private tooLarge(): ResponseTooLargeError {
    const { bodySize: received, wire } = this;
    const limit = wire.maxResponseSize;
    return new ResponseTooLargeError({
      ...this.facts(),
      option: 'maxResponseSize',
      limit,
      received,
    });
  }

  private tooManyInterims(): ProtocolError {
    return new ProtocolError({
      ...this.facts(),
      reason: 'too_many_interim_responses',
      detail: `more than ${maxInterims} of them came`,
    });
  }

  private facts(): ExchangeDetails {
    const sent = this.controller !== undefined;
    return {
      origin: this.wire.origin,
      phase: this.answered || this.written ? 'receive' : 'send',
      reused: this.wire.served > 0,
      requestSent: sent,
      // Counted from the first byte of a response on: TLS has bytes of its own.
      bytesReceived: this.answered ? this.wire.bytesParsed - this.bytesBefore : 0,
    };
  }
}

/** A bug in a handler whose exchange is over: undici would hide it. */
function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

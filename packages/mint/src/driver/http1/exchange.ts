/**
 * One request and its response on an HTTP/1 connection: what the requester
 * holds, and what the wire tells of the response.
 */
import {
  ConnectionClosedError,
  InvalidRequestError,
  ResponseTooLargeError,
} from '../../errors/index.ts';
import type { ExchangeFacts } from '../../errors/index.ts';
import type { Fields } from '../../fields.ts';
import type { Exchange, WireHandler, WireRequest } from '../../wire.ts';
import { throwLater, typedError } from '../failures.ts';
import type { Http1Upload } from './upload.ts';

/** What an exchange needs of its wire. */
export interface Http1ExchangeWire {
  readonly origin: string;
  readonly maxResponseSize: number;
  /** How many responses were complete. */
  readonly served: number;
  /** Ends the connection at once. */
  break(): void;
  /** Reads on after a pause. */
  resume(): void;
  /** The exchange is over. */
  finished(exchange: Http1Exchange): void;
}

export class Http1Exchange implements Exchange {
  readonly request: WireRequest;
  readonly handler: WireHandler;
  /** The exchange is over: its handler is not called any more. */
  over = false;
  /** The head of the request is written, or about to be. */
  begun = false;
  /** All of the request is written. */
  written = false;
  /** The reader wants no more at this moment. */
  paused = false;
  /** How many bytes of the response came. */
  bytes = 0;
  /** The body, if it is not written together with the head. */
  upload: Http1Upload | undefined = undefined;

  private readonly wire: Http1ExchangeWire;
  private bodySize = 0;

  constructor(wire: Http1ExchangeWire, request: WireRequest, handler: WireHandler) {
    this.wire = wire;
    this.request = request;
    this.handler = handler;
  }

  // The requester's side ------------------------------------------------------

  abort(error: Error): void {
    if (this.over) return;
    // What is not begun leaves the connection as it was.
    if (this.begun) this.wire.break();
    this.failWith(error);
  }

  resume(): void {
    if (!this.paused || this.over) return;
    this.paused = false;
    this.wire.resume();
  }

  // The wire's side -------------------------------------------------------------

  /** All of the request is written. */
  sent(): void {
    this.written = true;
    if (!this.over) this.handler.onSent?.();
  }

  interim(status: number, fields: Fields): void {
    if (status === 100) this.upload?.proceed();
    try {
      this.handler.onInformational(status, fields);
    } catch (error) {
      this.abort(error as Error);
    }
  }

  head(status: number, fields: Fields): void {
    // A final response before the body was sent spares the body (RFC 9110, 10.1.1).
    this.upload?.decline();
    try {
      this.handler.onHeaders(status, fields);
    } catch (error) {
      this.abort(error as Error);
    }
  }

  data(bytes: Buffer, from: number, to: number): void {
    this.bodySize += to - from;
    try {
      if (this.bodySize > this.wire.maxResponseSize) throw this.tooLarge();
      this.paused = !this.handler.onData(bytes, from, to);
    } catch (error) {
      this.abort(error as Error);
    }
  }

  end(trailers: Fields): void {
    this.finish();
    try {
      this.handler.onEnd(trailers);
    } catch (error) {
      throwLater(error);
    }
  }

  /** Ends the exchange, unless it is over, with an error of the codec, the body or the socket. */
  fail(error: Error): void {
    if (!this.over) this.failWith(this.typed(error));
  }

  /** Ends the exchange, unless it is over, with just this error. */
  failWith(error: Error): void {
    if (this.over) return;
    this.finish();
    this.handler.onError(error);
  }

  /** The exchange is over, by its end or by the hand-over of its socket. */
  finish(): void {
    this.over = true;
    this.wire.finished(this);
    this.upload?.stop();
  }

  facts(): ExchangeFacts {
    return {
      origin: this.wire.origin,
      phase: this.bytes > 0 || this.written ? 'receive' : 'send',
      reused: this.wire.served > 0,
      requestSent: this.begun,
      bytesReceived: this.bytes,
    };
  }

  private typed(error: Error): Error {
    const facts = this.facts();
    const failed = this.upload?.failed(error, facts);
    if (failed !== undefined) return failed;
    const typed = typedError(error, facts);
    if (this.begun || typed instanceof InvalidRequestError) return typed;
    if (typed instanceof ConnectionClosedError) return typed;
    // Whatever ended the connection, this request had no part in it.
    return new ConnectionClosedError({ ...facts, phase: undefined, cause: typed });
  }

  private tooLarge(): ResponseTooLargeError {
    const { bodySize: received, wire } = this;
    const limit = wire.maxResponseSize;
    const option = 'maxResponseSize';
    return new ResponseTooLargeError({ ...this.facts(), option, limit, received });
  }
}

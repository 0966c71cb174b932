/**
 * One connection of HTTP/1.1 without its socket: whether a request is being
 * written, a response read, and whether another request may follow (RFC 9112,
 * 9.3).
 */
import { head, ResponseParser } from './parser.ts';
import type { ParserEvent, ParserOptions, RequestKind } from './parser.ts';

export interface Http1ConnectionOptions extends ParserOptions {
  /** How many ms before the end of the server's keep-alive hint an idle connection is closed. Default 2000. */
  readonly keepAliveThreshold?: number | undefined;
}

export class Http1Connection {
  readonly parser: ResponseParser;
  private readonly threshold: number;
  /** All of the request is written. */
  private written = true;
  /** No further request, whatever comes. */
  private last = false;

  constructor(options: Http1ConnectionOptions) {
    this.parser = new ResponseParser(options);
    this.threshold = options.keepAliveThreshold ?? 2000;
  }

  /** Whether a request may be sent. */
  get ready(): boolean {
    return this.written && !this.last && this.parser.idle;
  }

  /** Whether the connection ends with what is under way. */
  get ending(): boolean {
    return this.last;
  }

  /** How long the server keeps the connection while it is idle, in ms; -1: it does not say. */
  get idleTime(): number {
    const { hint } = this.parser;
    return hint < 0 ? -1 : hint * 1000 - this.threshold;
  }

  /** Others spoke on it, and the server keeps it idle for so many ms; -1: it did not say. */
  keptIdle(limit: number): void {
    this.parser.hint = limit < 0 ? -1 : limit / 1000;
    if (limit >= 0 && this.idleTime <= 0) this.last = true;
  }

  /** The head of a request goes out: of all of it, if `whole`; of the last one on this connection, if `last`. */
  begin(kind: RequestKind, whole: boolean, last: boolean): void {
    this.written = whole;
    if (last) this.last = true;
    this.parser.begin(kind);
  }

  /** The rest of the request has gone out. */
  wrote(): void {
    this.written = true;
  }

  /** No request follows. */
  close(): void {
    this.last = true;
  }

  /** Looks at the bytes from `at` to `limit`; see {@link ResponseParser}. @throws Fault */
  next(bytes: Buffer, at: number, limit: number): ParserEvent {
    const event = this.parser.next(bytes, at, limit);
    if (event === head) {
      const { idleTime } = this;
      if (!this.parser.keepAlive || (this.parser.hint >= 0 && idleTime <= 0)) this.last = true;
    }
    return event;
  }

  /** The stream has ended; see {@link ResponseParser}. @throws Truncation, Fault */
  eof(): ParserEvent {
    this.last = true;
    return this.parser.eof();
  }

  /** The response is complete: if the request is not, there is no way back to a request's begin. */
  endResponse(): void {
    if (!this.written) this.last = true;
  }
}

/**
 * One request from its claim on a connection to its end, whatever is done with
 * the response: its body, cancellation, safe retry. Exactly one of `complete` and
 * `fail` is called, once.
 */
import { currentPid } from '@linnet/otp';
import type { Connection } from '../connection/connection.ts';
import { annotateError } from '../errors/finch-error.ts';
import { fromMint } from '../errors/from-mint.ts';
import { ConnectionClosedError, isFinchError, RequestBodyError } from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedRequestOptions } from '../options/index.ts';
import { isReplayable, openBody, type OpenBody, type Request } from '../request/index.ts';
import type { Spoilt } from '../request/source.ts';
import { requestsWatched } from '../telemetry/channels.ts';
import { RequestSpan } from '../telemetry/request-span.ts';
import type { Exchange, Fields, WireHandler } from '@linnet/mint';
import { contextOf, isRead, makeTrailers } from './caller-code.ts';
import type { CallerContext } from './caller-context.ts';
import { HeldBody, type BodyUser } from './held-body.ts';
import { LimitedClaim } from './limited-claim.ts';
import { retryAfter, type Retry } from './retry.ts';

/** How often a request is sent at most, the first time included. */
const maxAttempts = 4;

/** How long a body is held back for `100 Continue`, in ms (RFC 9110, 10.1.1: not for ever). */
const expectContinueTimeout = 1000;

/** Who lends a connection for one operation. */
export interface Lender {
  /** It is not used any more. */
  checkin(connection: Connection): void;
}

export abstract class Operation extends LimitedClaim implements WireHandler, BodyUser {
  protected readonly request: Request;
  /** Whose connection it is, when that is a certain one. */
  private lender: Lender | undefined = undefined;
  private exchange: Exchange | undefined = undefined;
  private attempts = 0;
  /** Whether its body waits for `100 Continue`. */
  private expects: boolean;
  /** The server refused to, so the response is not the caller's: it is sent again. */
  private repeats = false;
  /** Given up while the wire had not returned the exchange yet, or for good: no further attempt. */
  private cancelled: Error | undefined = undefined;
  /** The head of a response has come. */
  private answered = false;
  /** Where code of the caller's runs that makes the body or the trailers. */
  private readonly callerContext: CallerContext | undefined;
  /** The body, if it is read while it is sent. */
  private readonly held: HeldBody | undefined;
  /** Set while somebody listens. */
  private span: RequestSpan | undefined = undefined;

  constructor(instance: Instance, request: Request, options: ResolvedRequestOptions) {
    super(instance, request.pool, options);
    this.request = request;
    this.expects = request.expectContinue;
    const context = contextOf(request);
    this.callerContext = context;
    this.held =
      context !== undefined && isRead(request.body)
        ? new HeldBody(request.body, context, this)
        : undefined;
  }

  /** The response is complete. */
  protected abstract complete(trailers: Fields): void;
  /** There will be no response, or no more of it. */
  protected abstract fail(error: Error): void;
  protected abstract head(status: number, headers: Fields): void;
  /** The bytes are there during this call only; `false` pauses the reading. */
  protected abstract data(bytes: Buffer, from: number, to: number): boolean;
  protected abstract interim(status: number, headers: Fields): void;

  start(): void {
    if (!this.prepare()) return;
    this.span?.asks();
    this.acquire();
  }

  /** Uses a certain connection, which `lender` gets back. */
  startOn(connection: Connection, lender?: Lender): void {
    if (!this.prepare()) {
      lender?.checkin(connection);
      return;
    }
    this.lender = lender;
    this.connection = connection;
    this.send(connection);
  }

  /** Gives up: whatever was sent costs an HTTP/1 connection its life. */
  cancel(error: Error): void {
    if (this.over || this.cancelled !== undefined) return;
    this.cancelled = error;
    if (this.exchange !== undefined) {
      this.exchange.abort(error);
    } else if (this.connection === undefined) {
      this.stopWaiting();
      this.failWith(error);
    }
  }

  /** Continues the reading after `data` returned false. */
  protected resume(): void {
    this.readerPaused = false;
    if (this.exchange === undefined) return;
    this.exchange.resume();
    this.armReceive();
  }

  // From the claim ------------------------------------------------------------------

  protected override granted(connection: Connection): void {
    this.send(connection);
  }

  protected override refused(error: Error): void {
    if (this.over) return;
    const { key: pool, origin } = this.identity;
    this.failWith(isFinchError(error) ? annotateError(error, { pool, origin }) : error);
  }

  // From the wire -------------------------------------------------------------------

  onBodyWait(waiting: boolean): void {
    this.bodyAwaited = waiting;
    if (waiting) this.stopReceive();
    else if (this.connection !== undefined) this.armReceive();
  }

  onSent(): void {
    this.span?.sent();
  }

  onInformational(status: number, headers: Fields): void {
    this.heard();
    this.interim(status, headers);
  }

  onHeaders(status: number, headers: Fields): void {
    if (status === 417 && this.expects && this.canSendAgain) {
      this.repeats = true;
      return;
    }
    this.answered = true;
    this.heard();
    this.span?.answered(status, headers);
    this.head(status, headers);
  }

  onData(bytes: Buffer, from: number, to: number): boolean {
    if (this.repeats) return true;
    this.bytesReceived += to - from;
    if (this.data(bytes, from, to)) {
      this.heard();
      return true;
    }
    // While the reader pauses, it is not the server that is slow.
    this.readerPaused = true;
    this.stopReceive();
    return false;
  }

  onEnd(trailers: Fields): void {
    if (this.repeats) {
      this.repeatWithoutExpectation();
      return;
    }
    this.span?.received(trailers);
    this.leave();
    this.stopReceive();
    this.received(trailers);
  }

  /** All of the response has come and the connection is given back. */
  protected received(trailers: Fields): void {
    this.finish();
    this.complete(trailers);
  }

  /** The request's body for one attempt. */
  protected openBody(): OpenBody {
    return this.held === undefined ? openBody(this.request.body) : this.held.open();
  }

  onProgress(): void {
    this.heard();
  }

  onError(given: Error): void {
    const { connection } = this;
    const error = this.located(given);
    this.stopReceive();
    this.leave();
    const retry = this.retryAfter(error);
    const isAllowed = retry !== 'http1' || connection?.owner.requireHttp1() === true;
    if (retry !== 'never' && isAllowed) {
      this.span?.retries(error);
      this.held?.attemptOver();
      // Idle connections that end together are not all known to have ended yet.
      this.acquireAgain(retry === 'fresh');
      return;
    }
    this.failWith(this.cancelled ?? error);
  }

  /** In the terms of this package, with what the wire does not know: the pool, and that the request was given to it. */
  private located(given: Error): Error {
    const { pool, origin, bytesReceived } = this.facts();
    const error = fromMint(given, { pool, origin });
    if (!isFinchError(error)) return error;
    const requestSent = error instanceof ConnectionClosedError ? true : undefined;
    return annotateError(error, { pool, origin, bytesReceived, requestSent });
  }

  /** The server does not meet the expectation of `100-continue` (RFC 9110, 10.1.1): once more without it. */
  private repeatWithoutExpectation(): void {
    this.repeats = this.expects = false;
    this.stopReceive();
    this.leave();
    this.span?.asks();
    this.held?.attemptOver();
    this.acquireAgain(false);
  }

  // ---------------------------------------------------------------------------------

  private prepare(): boolean {
    if (requestsWatched()) this.span = new RequestSpan(this.instance.name, this.request);
    const owner = currentPid();
    this.begin(owner !== undefined);
    try {
      this.held?.take();
    } catch (error) {
      this.failWith(error as Error);
      return false;
    }
    const { signal } = this.options;
    if (signal?.aborted === true) {
      this.failWith(this.cancellation(signal.reason));
      return false;
    }
    this.limit();
    // Tells at once when code of a dead process makes the request.
    this.watchOwner(owner);
    return !this.isOver();
  }

  // From the body -------------------------------------------------------------------

  /** @internal The source of the body failed, whether it was being read or not. */
  sourceFailed(cause: unknown): void {
    const requestSent = this.connection !== undefined;
    const phase = requestSent ? 'send' : this.phase();
    this.cancel(new RequestBodyError({ ...this.facts(), phase, requestSent, cause }));
  }

  /** @internal */
  bodySpoilt(spoilt: Spoilt): Error {
    const phase = this.connection === undefined ? this.phase() : 'send';
    return new RequestBodyError({ ...this.facts(), phase, requestSent: false, ...spoilt });
  }

  private send(connection: Connection): void {
    const { wire } = connection;
    const { request } = this;
    const attempt = ++this.attempts;
    this.bodyAwaited = false;
    this.span?.sends(connection);
    this.armReceive();
    let exchange: Exchange | undefined;
    try {
      if (wire === undefined) throw this.notSent();
      exchange = wire.send(
        {
          method: request.method,
          target: request.target,
          headers: request.headers,
          body: this.openBody(),
          trailers:
            request.trailers === undefined
              ? undefined
              : () => makeTrailers(request, this.callerContext),
          expectContinue: this.expects ? expectContinueTimeout : undefined,
        },
        this,
      );
    } catch (error) {
      // The caller's body function threw: nothing was sent.
      this.cancelled ??= isFinchError(error)
        ? error
        : new RequestBodyError({ ...this.facts(), requestSent: false, cause: error });
      this.onError(this.cancelled);
      return;
    }
    // It may have failed, and another attempt may be under way, before `send` returned.
    if (this.over || attempt !== this.attempts || this.connection !== connection) return;
    this.exchange = exchange;
    if (this.cancelled !== undefined) exchange.abort(this.cancelled);
  }

  /** Gives the connection back, fit for another request or not. */
  private leave(): void {
    const { connection } = this;
    this.exchange = undefined;
    if (connection === undefined) return;
    this.connection = undefined;
    this.giveBack(connection);
  }

  /** Hands the connection to whoever it belongs to now. */
  protected giveBack(connection: Connection): void {
    (this.lender ?? this.shard)?.checkin(connection);
  }

  /** Whether there is another attempt, which is begun at once. */
  private retryAfter(error: Error): Retry {
    if (this.cancelled !== undefined || this.over || this.answered) return 'never';
    if (!this.options.retry || this.attempts >= maxAttempts || !this.canSendAgain) return 'never';
    const retry = retryAfter(error, this.request);
    // A connection that the server had left was no attempt at the server.
    if (retry === 'fresh') this.attempts--;
    return retry;
  }

  /** Whether the body is there, from its beginning, and the connection not a certain one. */
  private get canSendAgain(): boolean {
    if (this.shard === undefined) return false;
    return this.held?.sendable ?? isReplayable(this.request.body);
  }

  private failWith(error: Error): void {
    this.finish(error);
    this.fail(error);
  }

  /** The operation is over: nothing of it may be left behind. */
  protected finish(error?: Error): void {
    this.over = true;
    this.held?.release();
    this.span?.over(this.verdict(error));
    this.span = undefined;
    this.unwatch();
    this.unlimit();
  }

  /** What the request ended with, as listeners are told; undefined for an end as it should be. */
  protected verdict(error: Error | undefined): { readonly error: unknown } | undefined {
    return error === undefined ? undefined : { error };
  }

  private notSent(): ConnectionClosedError {
    return new ConnectionClosedError({ ...this.facts(), requestSent: false });
  }
}

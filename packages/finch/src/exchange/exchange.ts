/**
 * One request's life: waiting for a connection, sending, receiving, ended. An exchange has a
 * checkout, deadlines, a caller, a body and a sink; here is what each of them means for the others.
 * It is longer than other files because it is one state machine: all transitions of `State` are here.
 * Exactly one of the sink's `end` and `fail` is called, once.
 */
import type { Duplex } from 'node:stream';
import { currentPid, type Pid } from '@linnet/otp';
import type { Exchange as WireExchange, Fields, WireHandler } from '@linnet/mint';
import type { Connection } from '../connection/connection.ts';
import { CallSite } from '../errors/call-site.ts';
import { annotateError } from '../errors/finch-error.ts';
import { fromMint } from '../errors/from-mint.ts';
import {
  ConnectionClosedError,
  isFinchError,
  ReceiveTimeoutError,
  RequestBodyError,
  RequestCancelledError,
  RequestTimeoutError,
  type RequestPhase,
} from '../errors/index.ts';
import type { Instance } from '../instance/instance.ts';
import type { ResolvedRequestOptions } from '../options/index.ts';
import { isReplayable, openBody, type Request } from '../request/index.ts';
import type { UnusableSource } from '../request/source.ts';
import { requestsWatched } from '../telemetry/channels.ts';
import { RequestSpan } from '../telemetry/request-span.ts';
import { callerContext, makeTrailers, type CallerContext } from './caller-context.ts';
import { Caller } from './caller.ts';
import { Checkout, type CheckoutUser } from './checkout.ts';
import { Deadlines } from './deadlines.ts';
import { isRead, SourceBody, type OutgoingBody } from './outgoing-body.ts';
import { retryAfter, type Retry } from './retry.ts';
import type { Sink } from './sink.ts';

/** How often a request is sent at most, the first time included. */
const maxAttempts = 4;

/** How long a body is held back for `100 Continue`, in ms (RFC 9110, 10.1.1: not for ever). */
const expectContinueTimeout = 1000;

/**
 * - `waiting`: it has no connection (yet, or for its next attempt);
 * - `sending`: a connection has it; no head of its response has come;
 * - `refused`: it is sent again when the answer is over, which is 417 to `expect: 100-continue`, or 421
 *   of an alternative of the server;
 * - `receiving`: the head has come;
 * - `delivering`: all has come, and the sink is not done with it;
 * - `ended`.
 */
type State = 'waiting' | 'sending' | 'refused' | 'receiving' | 'delivering' | 'ended';

/** Who gets a connection back that an exchange has used. */
export interface Lender {
  checkin(connection: Connection): void;
}

export class Exchange implements WireHandler, CheckoutUser {
  /** As it is sent: a subscriber of telemetry may have set headers of it. */
  request: Request;
  private readonly options: ResolvedRequestOptions;
  private readonly sink: Sink;
  private readonly instance: Instance;
  private readonly deadlines: Deadlines;
  /** Where code of the caller's runs that makes the body or the trailers. */
  private readonly inCaller: CallerContext | undefined = undefined;
  /** The body, if it is read while it is sent. */
  private readonly body: OutgoingBody | undefined;
  private state: State = 'waiting';
  /** Undefined on a connection that the caller has chosen. */
  private checkout: Checkout | undefined = undefined;
  private connection: Connection | undefined = undefined;
  private lender: Lender | undefined = undefined;
  /** What the wire has of it. */
  private onWire: WireExchange | undefined = undefined;
  private caller: Caller | undefined = undefined;
  private attempts = 0;
  private expectsContinue: boolean;
  /** Why it is given up: there is no further attempt. */
  private cancelled: Error | undefined = undefined;
  private bytesReceived = 0;
  /** Where it was made, if the instance captures that. */
  private callSite: CallSite | undefined = undefined;
  /** Set while the channels of telemetry have subscribers. */
  private span: RequestSpan | undefined = undefined;

  /** `body`: where the sink makes it; else the request says what it is. */
  constructor(
    instance: Instance,
    request: Request,
    options: ResolvedRequestOptions,
    sink: Sink,
    body?: OutgoingBody,
  ) {
    this.instance = instance;
    this.request = request;
    this.options = options;
    this.sink = sink;
    this.deadlines = new Deadlines(options, this);
    this.expectsContinue = request.expectContinue;
    const reads = isRead(request.body);
    if (reads || typeof request.trailers === 'function') this.inCaller = callerContext();
    this.body =
      reads && this.inCaller !== undefined
        ? new SourceBody(request.body, this.inCaller, this)
        : body;
  }

  /** Whether all of it has come, or nothing more will. */
  get ended(): boolean {
    return this.state === 'ended';
  }

  /** Sends it on whatever connection of its pool there is. */
  start(): void {
    const caller = currentPid();
    if (!this.prepare(caller)) return;
    const { instance, request, options } = this;
    this.span?.asks();
    this.checkout = new Checkout(
      instance,
      request.pool,
      options.poolTimeout,
      options,
      caller,
      this,
    );
    this.checkout.begin();
    this.span?.waits();
  }

  /** Sends it on a certain connection, which `lender` gets back. */
  startOn(connection: Connection, lender?: Lender): void {
    if (!this.prepare(currentPid())) {
      lender?.checkin(connection);
      return;
    }
    this.lender = lender;
    this.connection = connection;
    this.send(connection);
  }

  /** Gives it up: what was sent costs an HTTP/1 connection its life. */
  cancel(error: Error): void {
    if (this.state === 'ended' || this.cancelled !== undefined) return;
    this.cancelled = error;
    if (this.onWire !== undefined) {
      this.onWire.abort(error);
    } else if (this.connection === undefined) {
      this.checkout?.cancel();
      this.failWith(error);
    }
  }

  /** Gives it up for this reason. */
  discard(reason: unknown): void {
    if (this.state !== 'ended') this.cancel(this.cancellation(reason));
  }

  /** The error of a request that is given up, with where it was and how long it had taken. */
  cancellation(reason: unknown): RequestCancelledError {
    const waited = this.deadlines.elapsed;
    return new RequestCancelledError({ ...this.facts(), phase: this.phase, waited, reason });
  }

  /** Takes the time: the holder of its response may cancel it, and is told how long it had taken. */
  measure(): void {
    this.deadlines.measure();
  }

  /** The server may be silent for so long from here on, in place of `receiveTimeout`; a connection has the request. */
  limitSilence(limit: number | 'infinity'): void {
    this.deadlines.limitSilence(limit);
  }

  /** Goes on reading after `data` of the sink returned false. */
  resume(): void {
    this.deadlines.pauseForReader(false);
    if (this.onWire === undefined) return;
    this.onWire.resume();
    this.deadlines.startReceive();
  }

  /** It ends with this process from here on, not with the one that made it. */
  handTo(caller: Pid): void {
    if (this.state === 'ended') return;
    this.caller?.unwatch();
    this.watch(caller);
  }

  /** It is over, and nothing of it is left behind. */
  finish(): void {
    this.over(undefined);
  }

  // From the checkout ---------------------------------------------------------------

  connected(connection: Connection): void {
    this.lender = this.checkout?.shard;
    this.connection = connection;
    this.send(connection);
  }

  refused(error: Error): void {
    if (this.state === 'ended') return;
    const { key: pool, origin } = this.request.pool;
    this.failWith(isFinchError(error) ? annotateError(error, { pool, origin }) : error);
  }

  // From the wire -------------------------------------------------------------------

  onBodyWait(waiting: boolean): void {
    this.deadlines.pauseForBody(waiting);
    if (!waiting && this.connection !== undefined) this.deadlines.startReceive();
  }

  onSent(): void {
    this.span?.sent();
  }

  onProgress(): void {
    this.deadlines.heard();
  }

  onInformational(status: number, headers: Fields): void {
    this.deadlines.heard();
    this.sink.interim(status, headers);
  }

  onHeaders(status: number, headers: Fields): void {
    const { connection } = this;
    const isMisdirected = connection?.discovers === true && !connection.heard(status, headers);
    const isUnmet = status === 417 && this.expectsContinue && this.canSendAgain;
    if (isUnmet) this.expectsContinue = false;
    if (isUnmet || (isMisdirected && this.mayRetry)) {
      this.state = 'refused';
      return;
    }
    this.state = 'receiving';
    this.deadlines.heard();
    this.span?.answered(status, headers);
    this.sink.head(status, headers);
  }

  onData(bytes: Buffer, from: number, to: number): boolean {
    if (this.state === 'refused') return true;
    this.bytesReceived += to - from;
    if (this.sink.data(bytes, from, to)) {
      this.deadlines.heard();
      return true;
    }
    // While the reader pauses, it is not the server that is slow.
    this.deadlines.pauseForReader(true);
    return false;
  }

  onEnd(trailers: Fields): void {
    if (this.state === 'refused') {
      this.deadlines.stopReceive();
      this.checkin();
      this.span?.asks();
      this.checkoutAgain(false);
      return;
    }
    this.span?.received(trailers);
    this.state = 'delivering';
    this.checkin();
    this.deadlines.stopReceive();
    if (this.sink.end(trailers)) this.over(undefined);
  }

  /** The server has switched protocols: what was a connection is a stream of the sink's. */
  onUpgrade(status: number, headers: Fields, stream: Duplex): void {
    const { connection, lender, sink } = this;
    this.onWire = undefined;
    this.connection = undefined;
    connection?.handedOver(stream, () => lender?.checkin(connection));
    this.span?.answered(status, headers);
    this.over(undefined);
    if (sink.switching === undefined) stream.destroy();
    else sink.switching.switched(status, headers, stream);
  }

  onError(given: Error): void {
    const { connection } = this;
    const error = this.located(given);
    this.deadlines.stopReceive();
    connection?.requestFailed(error);
    this.checkin();
    const retry = this.retryAfter(error);
    const isAllowed = retry !== 'http1' || connection?.owner.requireHttp1() === true;
    if (retry === 'never' || !isAllowed) {
      this.failWith(this.cancelled ?? error);
      return;
    }
    this.span?.retries(error);
    // Idle connections that end together are not all known to have ended yet.
    this.checkoutAgain(retry === 'fresh');
  }

  // From the deadlines and the caller -------------------------------------------------

  receiveTimedOut(limit: number): void {
    this.cancel(new ReceiveTimeoutError({ ...this.facts(), waited: limit, limit }));
  }

  requestTimedOut(limit: number): void {
    this.cancel(
      new RequestTimeoutError({
        ...this.facts(),
        phase: this.phase,
        ...(this.connection === undefined ? this.checkout?.shard?.figures : undefined),
        waited: this.deadlines.elapsed ?? limit,
        limit,
      }),
    );
  }

  aborted(reason: unknown): void {
    this.cancel(this.cancellation(reason));
  }

  callerDown(): void {
    this.cancel(this.cancellation('the calling process ended'));
  }

  // From the body -------------------------------------------------------------------

  /** The source of the body failed, whether it was being read or not. */
  sourceFailed(cause: unknown): void {
    const requestSent = this.connection !== undefined;
    const phase = requestSent ? 'send' : this.phase;
    this.cancel(new RequestBodyError({ ...this.facts(), phase, requestSent, cause }));
  }

  bodyUnusable(problem: UnusableSource): Error {
    const phase = this.connection === undefined ? this.phase : 'send';
    return new RequestBodyError({ ...this.facts(), phase, requestSent: false, ...problem });
  }

  // ---------------------------------------------------------------------------------

  /** Takes on what holds for all of the request; false when it has failed by that. */
  private prepare(caller: Pid | undefined): boolean {
    if (this.instance.options.captureStacks) this.callSite = new CallSite();
    if (requestsWatched()) {
      this.span = new RequestSpan(this.instance.name, this.request);
      this.request = this.span.request;
    }
    if (caller !== undefined) this.deadlines.measure();
    try {
      this.body?.begin();
    } catch (error) {
      this.failWith(error as Error);
      return false;
    }
    if (!this.deadlines.start()) {
      this.failWith(this.cancellation(this.options.signal?.reason));
      return false;
    }
    // Tells at once when code of a dead process makes the request.
    if (caller !== undefined) this.watch(caller);
    return !this.ended;
  }

  private watch(caller: Pid): void {
    this.caller ??= new Caller(this);
    this.caller.watch(caller);
  }

  private send(connection: Connection): void {
    const { wire } = connection;
    const { request } = this;
    const attempt = ++this.attempts;
    this.state = 'sending';
    this.span?.sends(connection);
    this.deadlines.sends();
    let onWire: WireExchange | undefined;
    try {
      if (wire === undefined) {
        throw new ConnectionClosedError({ ...this.facts(), requestSent: false });
      }
      onWire = wire.send(
        {
          method: request.method,
          target: request.target,
          headers: request.headers,
          body: this.body === undefined ? openBody(request.body) : this.body.open(),
          trailers:
            request.trailers === undefined ? undefined : () => makeTrailers(request, this.inCaller),
          expectContinue: this.expectsContinue ? expectContinueTimeout : undefined,
          upgrade: this.sink.switching?.protocol,
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
    if (this.ended || attempt !== this.attempts || this.connection !== connection) return;
    this.onWire = onWire;
    if (this.cancelled !== undefined) onWire.abort(this.cancelled);
  }

  private checkoutAgain(fresh: boolean): void {
    this.state = 'waiting';
    this.body?.attemptOver();
    this.checkout?.beginAgain(fresh);
  }

  /** Gives the connection back, reusable or not. */
  private checkin(): void {
    const { connection } = this;
    this.onWire = undefined;
    if (connection === undefined) return;
    this.connection = undefined;
    this.lender?.checkin(connection);
  }

  /** Whether there is another attempt, which is begun at once. */
  private retryAfter(error: Error): Retry {
    if (this.cancelled !== undefined || !this.mayRetry) return 'never';
    if (this.state !== 'sending' && this.state !== 'refused') return 'never';
    const retry = retryAfter(error, this.request);
    // A connection that the server had left was no attempt at the server.
    if (retry === 'fresh') this.attempts--;
    return retry;
  }

  private get mayRetry(): boolean {
    return this.options.retry && this.attempts < maxAttempts && this.canSendAgain;
  }

  /** Whether the body is there, from its beginning, and the connection not a certain one. */
  private get canSendAgain(): boolean {
    if (this.checkout === undefined) return false;
    return this.body?.sendable ?? isReplayable(this.request.body);
  }

  private failWith(given: Error): void {
    const { sink } = this;
    const error = this.callSite === undefined ? given : this.callSite.addTo(given);
    this.over(sink.failureOf === undefined ? { error } : sink.failureOf(error));
    sink.fail(error);
  }

  /** Nothing of it is left behind; `failure` is what listeners are told. */
  private over(failure: { readonly error: unknown } | undefined): void {
    this.state = 'ended';
    this.deadlines.stop();
    this.caller?.unwatch();
    this.body?.close();
    this.span?.over(failure, this.bytesReceived);
    this.span = undefined;
  }

  /** In the terms of this package, with what the wire does not know: the pool, and that it had the request. */
  private located(given: Error): Error {
    const { pool, origin, bytesReceived } = this.facts();
    const error = fromMint(given, { pool, origin });
    if (!isFinchError(error)) return error;
    const requestSent = error instanceof ConnectionClosedError ? true : undefined;
    return annotateError(error, { pool, origin, bytesReceived, requestSent });
  }

  private get phase(): RequestPhase {
    return this.connection === undefined ? (this.checkout?.phase ?? 'queue') : 'receive';
  }

  private facts(): { pool: string; origin: string; bytesReceived: number } {
    const { key: pool, origin } = this.request.pool;
    return { pool, origin, bytesReceived: this.bytesReceived };
  }
}

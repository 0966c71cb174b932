/**
 * `finch.stream` and `finch.streamWhile`: a response that is folded, part by
 * part, into an accumulator by a function of the caller's.
 *
 * One call at a time, body function and response function included: whatever
 * comes while a call's promise is pending waits, and the reading pauses.
 */
import type { Fields } from '@linnet/mint';
import { InvalidRequestError, withAcc } from '../../errors/index.ts';
import type { Instance } from '../../instance/instance.ts';
import type { ResolvedRequestOptions } from '../../options/index.ts';
import { StepBody, type Request } from '../../request/index.ts';
import { callerContext, isThenable } from '../caller-context.ts';
import { Exchange } from '../exchange.ts';
import { Fifo } from '../fifo.ts';
import { copyBytes, type Sink } from '../sink.ts';
import {
  dataPart,
  headersPart,
  informationalPart,
  statusPart,
  trailersPart,
  type ResponsePart,
} from './response-part.ts';
import { SteppedBody, type StepBodyUser } from './step-body.ts';

/** What the function of `streamWhile` returns: go on, or stop here, with this accumulator. */
export type StreamStep<Acc> = { readonly cont: Acc } | { readonly halt: Acc };

/** The function of `streamWhile`. */
export type StreamFunction<Acc> = (
  part: ResponsePart,
  acc: Acc,
) => StreamStep<Acc> | PromiseLike<StreamStep<Acc>>;

/** What came of a stream. */
export interface StreamOutcome<Acc> {
  resolve(acc: Acc): void;
  reject(error: unknown): void;
}

export class Fold<Acc> implements Sink, StepBodyUser {
  /** The request whose response is folded. */
  readonly exchange: Exchange;
  private readonly callback: StreamFunction<Acc>;
  private readonly outcome: StreamOutcome<Acc>;
  private readonly inCaller = callerContext();
  private acc: Acc;
  /** A function of the caller's is running, or its promise is pending. */
  private calling = false;
  /** What came meanwhile. */
  private readonly waiting = new Fifo<ResponsePart>();
  private paused = false;
  /** The whole response has come. */
  private ended = false;
  private halted = false;
  private thrown: { readonly value: unknown } | undefined = undefined;
  private readonly body: SteppedBody | undefined;

  constructor(
    instance: Instance,
    request: Request,
    acc: Acc,
    callback: StreamFunction<Acc>,
    options: ResolvedRequestOptions,
    outcome: StreamOutcome<Acc>,
  ) {
    this.acc = acc;
    this.callback = callback;
    this.outcome = outcome;
    const { body } = request;
    this.body = body instanceof StepBody ? new SteppedBody(body, this) : undefined;
    this.exchange = new Exchange(instance, request, options, this, this.body);
  }

  // From the exchange ---------------------------------------------------------------

  interim(status: number, headers: Fields): void {
    this.accept(informationalPart(status, headers));
  }

  head(status: number, headers: Fields): void {
    this.accept(statusPart(status));
    this.accept(headersPart(headers));
  }

  data(bytes: Buffer, from: number, to: number): boolean {
    this.accept(dataPart(copyBytes(bytes, from, to)));
    this.paused = this.calling;
    return !this.paused;
  }

  /** The caller's function may still be running: only when it is done, the exchange is over. */
  end(trailers: Fields): boolean {
    this.ended = true;
    const part = trailersPart(trailers);
    if (part !== undefined) this.accept(part);
    this.endIfDone();
    return false;
  }

  fail(error: Error): void {
    const { outcome, acc, thrown } = this;
    this.waiting.clear();
    if (this.halted) outcome.resolve(acc);
    else if (thrown !== undefined) outcome.reject(thrown.value);
    else outcome.reject(withAcc(error, acc));
  }

  /** To halt is no failure. */
  failureOf(error: Error): { readonly error: unknown } | undefined {
    if (this.halted) return undefined;
    return { error: this.thrown === undefined ? error : this.thrown.value };
  }

  // From the request's body -----------------------------------------------------------

  /** Whether a body function has to wait for a call of the other function. */
  get busy(): boolean {
    return this.calling;
  }

  get done(): boolean {
    return this.exchange.ended || this.halted || this.thrown !== undefined;
  }

  async callBody(body: StepBody): Promise<unknown> {
    this.calling = true;
    try {
      return await this.inCaller(body.next, this.acc);
    } finally {
      this.calling = false;
    }
  }

  /** The body function returned: its accumulator is the next call's. */
  advance(acc: unknown): void {
    this.acc = acc as Acc;
    this.goOn();
  }

  haltBody(acc: unknown): void {
    this.acc = acc as Acc;
    this.halted = true;
    this.giveUp();
  }

  failBody(error: unknown): void {
    this.throwOn(error);
  }

  // ---------------------------------------------------------------------------------

  private accept(part: ResponsePart): void {
    if (this.done) return;
    if (this.calling) this.waiting.push(part);
    else this.call(part);
  }

  private call(part: ResponsePart): void {
    this.calling = true;
    try {
      const step = this.inCaller(this.callback, part, this.acc);
      if (isThenable(step)) {
        step.then(
          (given) => this.resolved(given),
          (error: unknown) => this.rejected(error),
        );
        return;
      }
      this.calling = false;
      this.apply(step);
    } catch (error) {
      this.calling = false;
      this.throwOn(error);
    }
  }

  private resolved(step: StreamStep<Acc>): void {
    this.calling = false;
    if (this.done) return;
    this.apply(step);
    this.goOn();
  }

  private rejected(error: unknown): void {
    this.calling = false;
    this.throwOn(error);
  }

  private apply(step: StreamStep<Acc>): void {
    if (isStep(step) && 'cont' in step) {
      this.acc = step.cont;
    } else if (isStep(step)) {
      this.acc = step.halt;
      this.halted = true;
      this.waiting.clear();
      // Later: if this was the last part of the response, the connection can be kept.
      queueMicrotask(() => this.giveUp());
    } else {
      this.throwOn(badStep(step));
    }
  }

  /** A call is over: the next one, or more of the response, or the end. */
  private goOn(): void {
    while (!this.calling && !this.done && this.waiting.length > 0) {
      this.call(this.waiting.shift() as ResponsePart);
    }
    if (this.calling || this.done) return;
    this.body?.wake();
    if (this.paused && !this.ended) {
      this.paused = false;
      this.exchange.resume();
    }
    this.endIfDone();
  }

  private endIfDone(): void {
    const { exchange, thrown } = this;
    if (!this.ended || this.calling || exchange.ended || thrown !== undefined) return;
    exchange.finish();
    this.outcome.resolve(this.acc);
  }

  private throwOn(error: unknown): void {
    if (this.done) return;
    this.thrown = { value: error };
    this.giveUp();
  }

  /** Ends the exchange; `fail` tells the caller how it ended. */
  private giveUp(): void {
    this.exchange.discard('given up by the caller');
  }
}

function isStep(step: unknown): step is StreamStep<unknown> {
  return typeof step === 'object' && step !== null && ('cont' in step || 'halt' in step);
}

function badStep(value: unknown): InvalidRequestError {
  return new InvalidRequestError({
    option: 'callback',
    value,
    problem: 'The function given to streamWhile returned something else than a step',
    allowed: '{ cont: acc } or { halt: acc }',
  });
}

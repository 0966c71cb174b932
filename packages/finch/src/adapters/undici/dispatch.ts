/** One dispatch: an exchange of ours whose response goes to a handler of undici's. */
import type { Duplex } from 'node:stream';
import type { Fields } from '@linnet/mint';
import { callerContext, type CallerContext } from '../../exchange/caller-context.ts';
import { Exchange } from '../../exchange/exchange.ts';
import { copyBytes, type Sink, type Switching } from '../../exchange/sink.ts';
import type { Instance } from '../../instance/instance.ts';
import type { ResolvedRequestOptions } from '../../options/index.ts';
import type { Request } from '../../request/index.ts';
import { Controller, type Dispatched } from './controller.ts';
import { asUndici } from '../adapter-error.ts';
import type { Silences } from './dispatch-options.ts';
import { parsedFields } from './fields.ts';
import type { ResponseHandler } from './handler.ts';

/** Who is told that a dispatch is over. */
export interface DispatchUser {
  /** The reason phrases by status. */
  readonly phrases: Readonly<Record<number, string | undefined>>;
  dispatched(dispatch: Dispatch): void;
}

export class Dispatch implements Sink, Dispatched, Switching {
  readonly protocol: string | undefined;
  readonly switching: Switching | undefined;
  private readonly handler: ResponseHandler;
  private readonly user: DispatchUser;
  private readonly silences: Silences;
  private readonly controller: Controller;
  /** Undici's low-level handlers run in the context of whichever request was there first; these do not. */
  private readonly inCaller: CallerContext;
  private exchange: Exchange | undefined = undefined;
  private headCame = false;
  /** What came in the same read as that during which the handler paused. */
  private held: Buffer | undefined = undefined;
  private over = false;

  constructor(
    handler: ResponseHandler,
    silences: Silences,
    protocol: string | undefined,
    switches: boolean,
    user: DispatchUser,
  ) {
    this.handler = handler;
    this.silences = silences;
    this.protocol = protocol;
    this.switching = switches ? this : undefined;
    this.user = user;
    this.controller = new Controller(this);
    this.inCaller = callerContext();
  }

  /** Sends it. The handler may give it up at once. */
  start(instance: Instance, request: Request, options: ResolvedRequestOptions): void {
    const { handler, controller } = this;
    const receiveTimeout = this.silences.headers;
    const limits =
      options.receiveTimeout === receiveTimeout ? options : { ...options, receiveTimeout };
    this.exchange = new Exchange(instance, request, limits, this);
    try {
      handler.onRequestStart?.(controller, {});
    } catch (error) {
      controller.abort(error as Error);
    }
    if (!this.over) this.exchange.start();
  }

  /** The handler, or the dispatcher, gives it up: this is what the handler is told. */
  abort(reason: Error | undefined): void {
    if (this.over) return;
    const { exchange } = this;
    if (exchange === undefined) this.fail(reason ?? new Error('The dispatch was aborted'));
    else if (reason === undefined) exchange.discard('the dispatch was aborted');
    else exchange.cancel(reason);
  }

  resume(): void {
    if (this.over) return;
    const { held, controller } = this;
    this.held = undefined;
    if (held !== undefined) this.inCaller(tellData, this, held);
    if (!controller.paused) this.exchange?.resume();
  }

  // From the exchange -----------------------------------------------------------------

  interim(status: number, headers: Fields): void {
    // The server answers an expectation of the exchange's own by 100.
    if (status !== 100) this.inCaller(tellHead, this, status, headers);
  }

  head(status: number, headers: Fields): void {
    this.headCame = true;
    this.exchange?.limitSilence(this.silences.body);
    this.inCaller(tellHead, this, status, headers);
  }

  data(bytes: Buffer, from: number, to: number): boolean {
    const { controller } = this;
    const piece = copyBytes(bytes, from, to);
    if (controller.paused) this.held = piece;
    else this.inCaller(tellData, this, piece);
    return !controller.paused;
  }

  end(trailers: Fields): boolean {
    this.finish();
    this.inCaller(tellEnd, this, trailers);
    return true;
  }

  fail(error: Error): void {
    if (this.over) return;
    this.finish();
    const told = asUndici(error, this.headCame);
    // Fetch takes a response on in a later turn, and would miss a failure in that of its head.
    const isEarly = this.headCame && !this.controller.aborted;
    if (isEarly) setImmediate(this.inCaller, tellError, this, told);
    else this.inCaller(tellError, this, told);
  }

  switched(status: number, headers: Fields, stream: Duplex): void {
    this.finish();
    this.inCaller(tellUpgrade, this, status, headers, stream);
  }

  // To the handler, in the caller's context ---------------------------------------------

  /** @internal */
  tellHead(status: number, headers: Fields): void {
    const { handler, controller, user } = this;
    controller.rawHeaders = headers.list.slice();
    handler.onResponseStarted?.();
    // A client ignores the phrase that a server says in place of this one (RFC 9112, 4).
    const phrase = user.phrases[status] ?? '';
    handler.onResponseStart?.(controller, status, parsedFields(headers), phrase);
  }

  /** @internal */
  tellData(chunk: Buffer): void {
    this.handler.onResponseData?.(this.controller, chunk);
  }

  /** @internal */
  tellEnd(trailers: Fields): void {
    const { handler, controller } = this;
    controller.rawTrailers = trailers.list.slice();
    try {
      handler.onResponseEnd?.(controller, parsedFields(trailers));
    } catch (error) {
      this.tellError(error as Error);
    }
  }

  /** @internal */
  tellError(error: Error): void {
    try {
      this.handler.onResponseError?.(this.controller, error);
    } catch (thrown) {
      reportLater(thrown);
    }
  }

  /** @internal */
  tellUpgrade(status: number, headers: Fields, stream: Duplex): void {
    const { handler, controller } = this;
    controller.rawHeaders = headers.list.slice();
    try {
      handler.onRequestUpgrade?.(controller, status, parsedFields(headers), stream);
    } catch (error) {
      stream.destroy();
      this.tellError(error as Error);
    }
  }

  private finish(): void {
    this.over = true;
    // What keeps the controller, as fetch does for a while, keeps no exchange.
    this.exchange = this.held = undefined;
    this.user.dispatched(this);
  }
}

function tellHead(dispatch: Dispatch, status: number, headers: Fields): void {
  dispatch.tellHead(status, headers);
}

function tellData(dispatch: Dispatch, chunk: Buffer): void {
  dispatch.tellData(chunk);
}

function tellEnd(dispatch: Dispatch, trailers: Fields): void {
  dispatch.tellEnd(trailers);
}

function tellError(dispatch: Dispatch, error: Error): void {
  dispatch.tellError(error);
}

function tellUpgrade(dispatch: Dispatch, status: number, headers: Fields, stream: Duplex): void {
  dispatch.tellUpgrade(status, headers, stream);
}

/** What a handler of an error throws has no other place to go. */
function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

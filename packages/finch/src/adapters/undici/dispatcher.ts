/**
 * `finch.dispatcher()`: what undici calls a `Dispatcher`, over the pools of an instance. It has that
 * interface by its methods; undici itself is not loaded, since its entry point replaces the
 * dispatcher of the whole process.
 */
import { EventEmitter } from 'node:events';
import { InvalidRequestError } from '../../errors/index.ts';
import type { InstanceRef } from '../../instance/instance-ref.ts';
import type { BuildOptions, ResolvedRequestOptions } from '../../options/index.ts';
import { readRequestOptions } from '../../options/index.ts';
import { discardUnsent } from '../../request/source.ts';
import { composeDispatch, type DispatchFunction, type Interceptor } from './compose.ts';
import { Controller } from './controller.ts';
import { Dispatch, type DispatchUser } from './dispatch.ts';
import { dispatcherSchema, type DispatcherOptions } from './dispatcher-options.ts';
import {
  protocolOf,
  requestOf,
  silencesOf,
  type DispatchOptions,
  type Silences,
} from './dispatch-options.ts';
import type { DispatchHandler, ResponseHandler } from './handler.ts';
import { responseHandler } from './legacy-handler.ts';
import { RecentHeaders } from './recent-headers.ts';

/** Called when a dispatcher is closed. */
type Closed = () => void;

/**
 * A dispatcher over the pools of an instance, from `finch.dispatcher`. Give it to `fetch` as the
 * option `dispatcher`, to the functions of undici, or to `setGlobalDispatcher`.
 *
 * Closing or destroying it does not touch the instance. It emits no events: see
 * `subscribeTelemetry`.
 *
 * @example
 * const dispatcher = finch.dispatcher();
 * const response = await fetch('https://api.example.com/users', { dispatcher });
 */
export class FinchDispatcher extends EventEmitter implements DispatchUser, AsyncDisposable {
  readonly #ref: InstanceRef;
  readonly #options: DispatcherOptions;
  readonly #build: BuildOptions;
  readonly #request: ResolvedRequestOptions;
  readonly #silences: Silences;
  readonly #recent = new RecentHeaders();
  readonly #dispatch: DispatchFunction | undefined;
  /** @internal Not imported: an import reads all exports of node:http, and some of those load undici. */
  readonly phrases = process.getBuiltinModule('node:http').STATUS_CODES;
  /** Shared with what was composed of it: they close together. */
  readonly #life: Life;

  /** @internal */
  constructor(
    ref: InstanceRef,
    options: DispatcherOptions = {},
    composed?: { readonly dispatch: DispatchFunction; readonly life: Life },
  ) {
    super();
    const { headersTimeout, bodyTimeout, poolTag, unixSocket, ...request } =
      dispatcherSchema.parse(options);
    this.#ref = ref;
    this.#options = options;
    this.#build = { poolTag, ...(unixSocket === undefined ? undefined : { unixSocket }) };
    this.#request = { ...readRequestOptions(request), receiveTimeout: headersTimeout };
    this.#silences = { headers: headersTimeout, body: bodyTimeout };
    this.#dispatch = composed?.dispatch;
    this.#life = composed?.life ?? new Life();
  }

  /** Whether it was closed or destroyed. */
  get closed(): boolean {
    return this.#life.closed;
  }

  /** Whether it was destroyed. */
  get destroyed(): boolean {
    return this.#life.destroyed;
  }

  /**
   * Sends a request; its response goes to the handler, in either shape that undici has had. Always
   * true: what waits for a connection waits in the queue of its pool, within `poolTimeout`.
   *
   * @throws InvalidRequestError without a handler; anything else goes to the handler.
   */
  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean {
    const modern = responseHandler(handler);
    const composed = this.#dispatch;
    return composed === undefined ? this.#send(options, modern) : composed(options, modern);
  }

  /**
   * A dispatcher whose requests go through these interceptors first, the last one outermost: those
   * of `undici.interceptors`, or functions of your own. It is closed together with this one.
   *
   * @throws InvalidRequestError for what is no interceptor.
   *
   * @example
   * const { interceptors } = await import('undici');
   * const dispatcher = finch.dispatcher().compose(interceptors.redirect(), interceptors.retry());
   */
  compose(...interceptors: readonly (Interceptor | readonly Interceptor[])[]): FinchDispatcher {
    const inner: DispatchFunction = (options, handler) => this.dispatch(options, handler);
    const dispatch = composeDispatch(inner, interceptors.flat());
    return new FinchDispatcher(this.#ref, this.#options, { dispatch, life: this.#life });
  }

  /** Takes no further request, and resolves when those under way are over. */
  close(): Promise<void>;
  close(callback: Closed): void;
  close(callback?: Closed): Promise<void> | void {
    return promiseOrCallback(this.#life.close(), callback);
  }

  /** Takes no further request, and gives those under way up, with this error. */
  destroy(error?: Error | null): Promise<void>;
  destroy(callback: Closed): void;
  destroy(error: Error | null, callback: Closed): void;
  destroy(given?: Error | null | Closed, callback?: Closed): Promise<void> | void {
    const error = typeof given === 'function' ? undefined : given;
    const done = typeof given === 'function' ? given : callback;
    return promiseOrCallback(this.#life.destroy(error ?? closedError()), done);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal A dispatch is over. */
  dispatched(dispatch: Dispatch): void {
    this.#life.remove(dispatch);
  }

  // Functions of undici's own, which take a dispatcher ------------------------------------

  /** Not here: use `request` of undici with the option `dispatcher`. */
  request(): never {
    throw notHere('request');
  }

  /** Not here: use `stream` of undici with the option `dispatcher`. */
  stream(): never {
    throw notHere('stream');
  }

  /** Not here: use `pipeline` of undici with the option `dispatcher`. */
  pipeline(): never {
    throw notHere('pipeline');
  }

  /** Not here: use `connect` of undici with the option `dispatcher`. */
  connect(): never {
    throw notHere('connect');
  }

  /** Not here: use `upgrade` of undici with the option `dispatcher`. */
  upgrade(): never {
    throw notHere('upgrade');
  }

  /** As of any EventEmitter; in the type that undici's functions want. */
  override listeners(event: string | symbol): ((...args: unknown[]) => void)[] {
    return super.listeners(event) as ((...args: unknown[]) => void)[];
  }

  /** As of any EventEmitter; in the type that undici's functions want. */
  override rawListeners(event: string | symbol): ((...args: unknown[]) => void)[] {
    return super.rawListeners(event) as ((...args: unknown[]) => void)[];
  }

  #send(options: DispatchOptions, handler: ResponseHandler): boolean {
    try {
      if (this.#life.closed) throw closedError();
      const request = requestOf(options, this.#build, this.#recent);
      const protocol = protocolOf(options);
      const silences = silencesOf(options, this.#silences);
      const switches = protocol !== undefined || request.method === 'CONNECT';
      const dispatch = new Dispatch(handler, silences, protocol, switches, this);
      const instance = this.#ref.running();
      this.#life.add(dispatch);
      dispatch.start(instance, request, this.#request);
      return true;
    } catch (error) {
      discardUnsent(options?.body);
      if (handler.onResponseError === undefined) throw error;
      handler.onResponseError(new Controller({ abort() {}, resume() {} }), error as Error);
      return false;
    }
  }
}

/** What a dispatcher and those that are composed of it have in common: the dispatches under way. */
class Life {
  closed = false;
  destroyed = false;
  private readonly dispatches = new Set<Dispatch>();
  private readonly quiet = Promise.withResolvers<void>();

  add(dispatch: Dispatch): void {
    this.dispatches.add(dispatch);
  }

  remove(dispatch: Dispatch): void {
    this.dispatches.delete(dispatch);
    this.quietIfSo();
  }

  close(): Promise<void> {
    this.closed = true;
    this.quietIfSo();
    return this.quiet.promise;
  }

  destroy(error: Error): Promise<void> {
    this.destroyed = true;
    const closed = this.close();
    for (const dispatch of this.dispatches) dispatch.abort(error);
    return closed;
  }

  private quietIfSo(): void {
    if (this.closed && this.dispatches.size === 0) this.quiet.resolve();
  }
}

function promiseOrCallback(
  promise: Promise<void>,
  callback: Closed | undefined,
): Promise<void> | void {
  if (callback === undefined) return promise;
  void callBack(promise, callback);
}

async function callBack(promise: Promise<void>, callback: Closed): Promise<void> {
  await promise;
  callback();
}

function closedError(): InvalidRequestError {
  return new InvalidRequestError({
    option: 'dispatcher',
    value: undefined,
    problem: 'The dispatcher was closed',
    allowed: 'a dispatcher that is open; finch.dispatcher() makes another one',
  });
}

function notHere(name: string): InvalidRequestError {
  return new InvalidRequestError({
    option: name,
    value: undefined,
    problem: `The dispatcher has no method ${name} of its own`,
    allowed: `${name}(url, { dispatcher }) of undici`,
  });
}

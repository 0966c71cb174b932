/**
 * The client: options and steps that calls share, and the calls.
 *
 * A façade, and therefore one file: each method is a line or two, and hands over to a folder below.
 */
import type { ChildSpec, ChildSpecOverrides, SupervisorHandle } from '@linnet/otp';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Adapter } from './adapter/adapter.ts';
import type { Caller } from './caller.ts';
import { Call } from './message/call.ts';
import type { RequestInput } from './message/request.ts';
import type { ReqResponse } from './message/response.ts';
import { ReqOptionsError } from './errors/index.ts';
import { treeChildSpec, type TreeOptions } from './tree.ts';
import {
  mergeOptions,
  parseOptions,
  resolveOptions,
  type GivenOptions,
  type ReqOptions,
  type ResolvedOptions,
} from './options/index.ts';
import { defaultSteps } from './pipeline/default-steps.ts';
import { run } from './pipeline/run.ts';
import type { ErrorStep, Pipeline, RequestStep, ResponseStep } from './pipeline/step.ts';
import type { StepList, StepsByName } from './pipeline/step-list.ts';
import { eventsOf, type EventSettings } from './events/event-stream.ts';
import type { ServerEvent } from './events/server-event.ts';
import { RetryBudget } from './retry/budget.ts';
import { jsonLinesOf, linesOf } from './streams/lines.ts';
import { pages, type PageSettings } from './streams/paginate.ts';
import { eventSchema, pageSchema, webSocketSchema } from './stream-options.ts';
import { openWebSocket } from './websocket/open.ts';
import type { WebSocketSettings } from './websocket/settings.ts';
import type { ReqWebSocket } from './websocket/web-socket.ts';

/** The options of a call by `req.request`: those of `Req.new`, and the method. */
export interface CallOptions extends ReqOptions {
  /** In any case; `GET` by default, `POST` with a body. */
  readonly method?: string;
}

/** The options of a call whose body is read as it comes. */
export type StreamOptions = Omit<ReqOptions, 'decode' | 'into' | 'raw'>;

/**
 * What the body of a response is, by the options of its call: what a schema of `decode` gives, text, bytes,
 * the pieces of `into: 'stream'`, nothing after another `into`; else `unknown`, since the server decides.
 */
export type BodyOf<O> = O extends { readonly into: 'stream' }
  ? AsyncIterable<Uint8Array>
  : O extends { readonly into: {} } | { readonly raw: boolean }
    ? unknown
    : O extends { readonly decode: 'text' }
      ? string
      : O extends { readonly decode: 'bytes' }
        ? Uint8Array
        : O extends { readonly httpErrors: 'return' }
          ? unknown
          : O extends { readonly decode: infer D extends StandardSchemaV1 }
            ? StandardSchemaV1.InferOutput<D>
            : unknown;

/** What changes the steps of a client; each function gets a list and returns another one. */
export interface StepEdits {
  /** Of the steps before a request. */
  readonly request?: (steps: StepList<RequestStep>) => StepList<RequestStep>;
  /** Of those after a response. */
  readonly response?: (steps: StepList<ResponseStep>) => StepList<ResponseStep>;
  /** Of those after an error. */
  readonly error?: (steps: StepList<ErrorStep>) => StepList<ErrorStep>;
}

/**
 * An HTTP client with options and steps of its own. It never changes: `merge` and the functions for
 * steps return another client. Cheap to make; stores that options make (`cookies: true`, `cache: true`, the
 * retry budget) are shared with those made from it.
 *
 * Mirrors `Req` of Elixir.
 *
 * @example
 * const api = Req.new({ finch: 'MyFinch', baseUrl: 'https://api.example.com', auth: { bearer: 'token' } });
 * const { status, body } = await api.get('/users/:id', { pathParams: { id: 1 } });
 */
export class Req {
  readonly #given: GivenOptions;
  readonly #resolved: ResolvedOptions;
  readonly #steps: Pipeline;
  readonly #budget: RetryBudget | undefined;
  readonly #caller: Caller = {
    call: (input, adapter) => {
      const { url, options } = input;
      this.#budget?.deposit();
      const steps = adapter === undefined ? this.#steps : { ...this.#steps, adapter };
      return run(steps, input, new Call(url, options, this.#budget));
    },
  };

  private constructor(given: GivenOptions, steps: Pipeline, budget: RetryBudget | undefined) {
    this.#given = given;
    this.#resolved = Object.freeze(resolveOptions(given));
    this.#steps = steps;
    this.#budget = budget;
  }

  /**
   * The processes that clients need, as a child of a supervisor: a Finch instance `'<name>.Finch'`, which
   * clients without the option `finch` use, and the circuit breakers and rate limits. `name` is `'Req'` by
   * default, `finch` has the options of the instance, or is `false`.
   *
   * @throws ReqOptionsError, and OptionsError of Finch.
   *
   * @example
   * await Supervisor.startLink([Req.childSpec({ finch: { pools: { default: { size: 20 } } } })], {
   *   strategy: 'one_for_one',
   * });
   * const { body } = await Req.get('https://api.example.com/users');
   */
  static childSpec(options?: TreeOptions & ChildSpecOverrides): ChildSpec<SupervisorHandle> {
    return treeChildSpec(options);
  }

  /**
   * Sends a GET by a client with these options alone: `Req.new(options).get(url)`, for a call by the way. A
   * client that is kept costs less, and shares its stores.
   *
   * Mirrors `Req.get/2`.
   *
   * @example
   * const { body } = await Req.get('https://api.example.com/users', { finch: 'MyFinch' });
   */
  static get<const O extends ReqOptions>(
    url: string | URL,
    options?: O,
  ): Promise<ReqResponse<BodyOf<O>>> {
    return Req.request(url, { ...options, method: 'GET' }) as Promise<ReqResponse<BodyOf<O>>>;
  }

  /**
   * Sends a POST in the same way.
   *
   * @example
   * await Req.post('https://api.example.com/users', { finch: 'MyFinch', json: { name: 'Ada' } });
   */
  static post<const O extends ReqOptions>(
    url: string | URL,
    options?: O,
  ): Promise<ReqResponse<BodyOf<O>>> {
    return Req.request(url, { ...options, method: 'POST' }) as Promise<ReqResponse<BodyOf<O>>>;
  }

  /**
   * Sends a request in the same way.
   *
   * @example
   * await Req.request('https://api.example.com/users/1', { finch: 'MyFinch', method: 'DELETE' });
   */
  static request<const O extends CallOptions>(
    url: string | URL,
    options?: O,
  ): Promise<ReqResponse<BodyOf<O>>> {
    return Req.new().request(url, options);
  }

  /**
   * Makes a client. Without `finch` it sends by the instance that `Req.childSpec` starts.
   *
   * Mirrors `Req.new/1`.
   *
   * @throws ReqOptionsError
   *
   * @example
   * const req = Req.new({ finch: 'MyFinch', headers: { accept: 'application/json' }, maxRetries: 1 });
   */
  static new(options?: ReqOptions): Req {
    const given = parseOptions(options);
    return new Req(given, defaultSteps, budgetOf(given));
  }

  /**
   * The same client with other options: `headers`, `params` and `pathParams` are merged by their names, each
   * other option replaces that of this client.
   *
   * Mirrors `Req.merge/2`.
   *
   * @throws ReqOptionsError
   *
   * @example
   * const admin = req.merge({ auth: { basic: 'admin:secret' }, headers: { 'x-role': 'admin' } });
   */
  merge(options: ReqOptions): Req {
    const given = parseOptions(options);
    const budget = given.retryBudget === undefined ? this.#budget : budgetOf(given);
    return new Req(mergeOptions(this.#given, given), this.#steps, budget);
  }

  // Calls --------------------------------------------------------------------------

  /**
   * Sends a request and resolves with its response, whatever its status, unless `httpErrors`, `expect` or
   * a schema says otherwise.
   *
   * Rejects with the errors of Finch, and with ReqTimeoutError, ReqCancelledError, StatusError, RedirectError,
   * DecodeError, DecompressError, ChecksumError, AuthError, NotRunningError, CircuitOpenError,
   * RateLimitError or ReqOptionsError.
   *
   * Mirrors `Req.request/2`.
   *
   * @example
   * const { status } = await req.request('https://api.example.com/users', { method: 'OPTIONS' });
   */
  request<const O extends CallOptions>(
    url: string | URL,
    options?: O,
  ): Promise<ReqResponse<BodyOf<O>>> {
    return this.#call(undefined, url, options) as Promise<ReqResponse<BodyOf<O>>>;
  }

  /**
   * Sends a GET; see `req.request`. The other methods likewise.
   *
   * @example
   * const { body } = await req.get('https://api.example.com/users', { params: { page: 2 } });
   */
  get<const O extends ReqOptions>(url: string | URL, options?: O): Promise<ReqResponse<BodyOf<O>>> {
    return this.#call('GET', url, options) as Promise<ReqResponse<BodyOf<O>>>;
  }

  /**
   * Sends a HEAD: the response has headers and no body.
   *
   * @example
   * const { headers } = await req.head('https://api.example.com/export');
   */
  head<const O extends ReqOptions>(
    url: string | URL,
    options?: O,
  ): Promise<ReqResponse<BodyOf<O>>> {
    return this.#call('HEAD', url, options) as Promise<ReqResponse<BodyOf<O>>>;
  }

  /**
   * Sends a POST.
   *
   * @example
   * await req.post('https://api.example.com/users', { json: { name: 'Ada' } });
   */
  post<const O extends ReqOptions>(
    url: string | URL,
    options?: O,
  ): Promise<ReqResponse<BodyOf<O>>> {
    return this.#call('POST', url, options) as Promise<ReqResponse<BodyOf<O>>>;
  }

  /**
   * Sends a PUT.
   *
   * @example
   * await req.put('https://api.example.com/users/1', { json: { name: 'Ada' } });
   */
  put<const O extends ReqOptions>(url: string | URL, options?: O): Promise<ReqResponse<BodyOf<O>>> {
    return this.#call('PUT', url, options) as Promise<ReqResponse<BodyOf<O>>>;
  }

  /**
   * Sends a PATCH.
   *
   * @example
   * await req.patch('https://api.example.com/users/1', { json: { name: 'Ada' } });
   */
  patch<const O extends ReqOptions>(
    url: string | URL,
    options?: O,
  ): Promise<ReqResponse<BodyOf<O>>> {
    return this.#call('PATCH', url, options) as Promise<ReqResponse<BodyOf<O>>>;
  }

  /**
   * Sends a DELETE.
   *
   * @example
   * await req.delete('https://api.example.com/users/1');
   */
  delete<const O extends ReqOptions>(
    url: string | URL,
    options?: O,
  ): Promise<ReqResponse<BodyOf<O>>> {
    return this.#call('DELETE', url, options) as Promise<ReqResponse<BodyOf<O>>>;
  }

  // Streams of several responses, or of parts of one ----------------------------------

  /**
   * The lines of a response, as they come; a status other than 2xx is a StatusError, unless `httpErrors`
   * says otherwise. Leaving the loop gives up the rest.
   *
   * @example
   * for await (const line of req.lines('https://api.example.com/log')) console.log(line);
   */
  async *lines(
    url: string | URL,
    options?: StreamOptions,
  ): AsyncGenerator<string, void, undefined> {
    yield* linesOf(await this.#stream(url, options));
  }

  /**
   * The values of a response of JSON lines (ndjson), as they come, checked and typed by the schema of `decode`.
   *
   * Rejects with DecodeError at a line that is no JSON, or not what the schema allows.
   *
   * @example
   * for await (const user of req.jsonLines('https://api.example.com/users')) console.log(user);
   */
  async *jsonLines<S extends StandardSchemaV1 = StandardSchemaV1<unknown>>(
    url: string | URL,
    options?: StreamOptions & { readonly decode?: S },
  ): AsyncGenerator<StandardSchemaV1.InferOutput<S>, void, undefined> {
    const { decode, ...rest } = options ?? {};
    const response = await this.#stream(url, rest);
    yield* jsonLinesOf(response, decode) as AsyncGenerator<StandardSchemaV1.InferOutput<S>>;
  }

  /**
   * The pages of a list: a response for each, the next one found by the `Link` header with `rel="next"` or by
   * `nextPage`, and asked for when this one was used. Credentials do not go to another origin.
   *
   * @throws ReqOptionsError
   *
   * @example
   * for await (const { body } of req.paginate('https://api.example.com/users', { maxPages: 10 })) {
   *   console.log(body);
   * }
   */
  paginate<const O extends ReqOptions & PageSettings>(
    url: string | URL,
    options?: O,
  ): AsyncGenerator<ReqResponse<BodyOf<O>>, void, undefined> {
    const { nextPage, maxPages, ...rest } = options ?? ({} as ReqOptions & PageSettings);
    const input = this.#input('GET', url, rest);
    const settings = pageSchema.parse({ nextPage, maxPages });
    return pages(this.#caller, input, settings) as AsyncGenerator<
      ReqResponse<BodyOf<O>>,
      void,
      undefined
    >;
  }

  /**
   * The events of a server (server-sent events), as `EventSource` reads them: when the connection ends, it is
   * opened again with `last-event-id`, after the wait that the server asked for. Ends with status 204, or when
   * the loop is left. Sends a GET, or what `method` says.
   *
   * The stream of a POST is not opened again unless `reconnect: true` says so: its end is the end of the loop,
   * and a connection that is lost is an error.
   *
   * `receiveTimeout` is 60,000 ms unless it is given: a longer silence opens the connection again.
   *
   * Rejects with EventStreamError when the response is no stream of events.
   *
   * @throws ReqOptionsError
   *
   * @example
   * for await (const { type, data } of req.events('https://api.example.com/prices')) {
   *   console.log(type, JSON.parse(data));
   * }
   */
  events(
    url: string | URL,
    options: CallOptions & EventSettings = {},
  ): AsyncGenerator<ServerEvent, void, undefined> {
    const { lastEventId, reconnect, reconnectDelay, maxReconnectDelay, ...rest } = options;
    const given = { lastEventId, reconnect, reconnectDelay, maxReconnectDelay };
    return eventsOf(this.#caller, this.#input(undefined, url, rest), eventSchema.parse(given));
  }

  /**
   * Opens a WebSocket over a connection of a pool: over HTTP/2 or HTTP/3 where the server has it there (RFC
   * 8441, RFC 9220), else over an upgrade of HTTP/1.1 (RFC 6455). The steps of the client apply: base URL,
   * credentials, cookies, redirects, retries. `signal` ends it at any time, and so does a server that answers no
   * ping within `pingInterval`, 30,000 ms.
   *
   * The pool is that of the server with the tag `'websocket'`, unless `poolTag` names another, so that
   * WebSockets, which stay, take no place of requests. It has the options of the key `'#websocket'` in `pools`
   * of the Finch instance, if there is one.
   *
   * Rejects with WebSocketError, ReqCancelledError, ReqTimeoutError, AuthError or ReqOptionsError.
   *
   * @example
   * await using socket = await req.webSocket('wss://api.example.com/chat', { subprotocols: ['chat'] });
   * await socket.send('hello');
   * for await (const message of socket) console.log(message);
   */
  async webSocket(
    url: string | URL,
    options: ReqOptions & WebSocketSettings = {},
  ): Promise<ReqWebSocket> {
    const { subprotocols, perMessageDeflate, maxPayload, pingInterval, ...rest } = options;
    const given = { subprotocols, perMessageDeflate, maxPayload, pingInterval };
    const settings = webSocketSchema.parse(given);
    return openWebSocket(this.#caller, this.#input('GET', url, rest), settings);
  }

  // Steps --------------------------------------------------------------------------

  /**
   * The same client with further request steps, which run last.
   *
   * Mirrors `Req.Request.append_request_steps/2`.
   *
   * @throws ReqOptionsError for a name that a step has already.
   *
   * @example
   * const traced = req.appendRequestSteps({
   *   trace: (request) => {
   *     request.headers.set('x-request-id', crypto.randomUUID());
   *   },
   * });
   */
  appendRequestSteps(steps: StepsByName<RequestStep>): Req {
    return this.editSteps({ request: (list) => list.append(steps) });
  }

  /**
   * The same client with further request steps, which run first.
   *
   * @example
   * const cached = req.prependRequestSteps({
   *   stub: ({ url }) => (url === '/health' ? new ReqResponse({ body: 'up' }) : undefined),
   * });
   */
  prependRequestSteps(steps: StepsByName<RequestStep>): Req {
    return this.editSteps({ request: (list) => list.prepend(steps) });
  }

  /**
   * The same client with further response steps, which run last: they see the decoded body.
   *
   * @example
   * const unwrapped = req.appendResponseSteps({
   *   data: (_request, response) => {
   *     const { body } = response;
   *     if (typeof body === 'object' && body !== null && 'data' in body) response.body = body.data;
   *   },
   * });
   */
  appendResponseSteps(steps: StepsByName<ResponseStep>): Req {
    return this.editSteps({ response: (list) => list.append(steps) });
  }

  /**
   * The same client with further response steps, which run first: they see each response, redirects and
   * those that are retried included, its body as it came.
   *
   * @example
   * const logged = req.prependResponseSteps({
   *   log: ({ method, url }, { status }) => console.log(method, url, status),
   * });
   */
  prependResponseSteps(steps: StepsByName<ResponseStep>): Req {
    return this.editSteps({ response: (list) => list.prepend(steps) });
  }

  /**
   * The same client with further error steps, which run last: when an error was not retried.
   *
   * @example
   * const tolerant = req.appendErrorSteps({
   *   fallback: () => new ReqResponse({ status: 503, body: 'unavailable' }),
   * });
   */
  appendErrorSteps(steps: StepsByName<ErrorStep>): Req {
    return this.editSteps({ error: (list) => list.append(steps) });
  }

  /**
   * The same client with further error steps, which run first: they see each error.
   *
   * @example
   * const counted = req.prependErrorSteps({ count: (_request, error) => console.warn(error.message) });
   */
  prependErrorSteps(steps: StepsByName<ErrorStep>): Req {
    return this.editSteps({ error: (list) => list.prepend(steps) });
  }

  /**
   * The same client with steps inserted, replaced or removed by their names. `stepNames` has the names.
   *
   * @throws ReqOptionsError for a step that is not there.
   *
   * @example
   * const plain = req.editSteps({
   *   request: (steps) => steps.insertAfter('auth', { sign: (request) => void request.headers.set('x-sign', '1') }),
   *   response: (steps) => steps.remove('decodeBody'),
   * });
   */
  editSteps(edits: StepEdits): Req {
    const { request, response, error } = checkedEdits(edits);
    const steps: Pipeline = {
      ...this.#steps,
      ...(request === undefined ? undefined : { request: request(this.#steps.request) }),
      ...(response === undefined ? undefined : { response: response(this.#steps.response) }),
      ...(error === undefined ? undefined : { error: error(this.#steps.error) }),
    };
    return new Req(this.#given, steps, this.#budget);
  }

  /**
   * The same client with something else that sends, such as a function of a test.
   *
   * Mirrors the option `adapter` of Elixir's Req.
   *
   * @throws ReqOptionsError
   *
   * @example
   * const stub = req.withAdapter(({ url }) => new ReqResponse({ body: `you asked for ${url}` }));
   */
  withAdapter(adapter: Adapter): Req {
    if (typeof adapter !== 'function') {
      throw new ReqOptionsError({ option: 'adapter', value: adapter, allowed: 'a function' });
    }
    return new Req(this.#given, { ...this.#steps, adapter }, this.#budget);
  }

  /** The names of the steps, in the order in which they run. */
  get stepNames(): {
    readonly request: readonly string[];
    readonly response: readonly string[];
    readonly error: readonly string[];
  } {
    const { request, response, error } = this.#steps;
    return { request: request.names, response: response.names, error: error.names };
  }

  // ----------------------------------------------------------------------------------

  #call(
    method: string | undefined,
    url: string | URL,
    options: CallOptions | undefined,
  ): Promise<ReqResponse> {
    try {
      return this.#caller.call(this.#input(method, url, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #input(
    method: string | undefined,
    url: string | URL,
    options: CallOptions | undefined,
  ): RequestInput {
    const resolved = this.#optionsOf(options);
    return {
      method: method ?? methodOf(options, resolved),
      url: textOf(url),
      options: resolved,
    };
  }

  #stream(
    url: string | URL,
    options: StreamOptions | undefined,
  ): Promise<ReqResponse<AsyncIterable<Uint8Array>>> {
    const given = { httpErrors: 'raise', ...options, into: 'stream' } as const;
    return this.get(url, given) as Promise<ReqResponse<AsyncIterable<Uint8Array>>>;
  }

  #optionsOf(options: CallOptions | undefined): ResolvedOptions {
    if (options === undefined) return this.#resolved;
    const { method: _, ...rest } = options;
    return mergeOptions(this.#resolved, parseOptions(rest));
  }
}

/** The text of a URL; one of another realm is an object with `href`, as well. */
function textOf(url: unknown): string {
  if (typeof url === 'string') return url;
  const href = (url as { readonly href?: unknown } | null | undefined)?.href;
  if (typeof href === 'string') return href;
  throw new ReqOptionsError({ option: 'url', value: url, allowed: 'a string or a URL' });
}

const edited = new Set(['request', 'response', 'error']);

function checkedEdits(edits: StepEdits): StepEdits {
  for (const [name, edit] of Object.entries(edits)) {
    if (edited.has(name) && (edit === undefined || typeof edit === 'function')) continue;
    const allowed = 'request, response and error, each a function of the list of steps';
    throw new ReqOptionsError({ option: `steps.${name}`, value: edit, allowed });
  }
  return edits;
}

function methodOf(options: CallOptions | undefined, resolved: ResolvedOptions): string {
  const method: unknown = options?.method;
  if (method === undefined) {
    const { body, json, form, formMultipart } = resolved;
    return [body, json, form, formMultipart].every((each) => each === undefined) ? 'GET' : 'POST';
  }
  if (typeof method === 'string' && method !== '') return method.toUpperCase();
  throw new ReqOptionsError({ option: 'method', value: method, allowed: 'the name of a method' });
}

function budgetOf({ retryBudget }: GivenOptions): RetryBudget | undefined {
  const settings = retryBudget ?? resolveOptions({}).retryBudget;
  return settings === false ? undefined : new RetryBudget(settings);
}

/** A server for tests: it answers by a script, fails on demand, and remembers what came. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { checkKeys, checkOriginReply } from './check-reply.ts';
import { OriginServer, type FakeOriginOptions } from './origin-server.ts';
import { ReceivedRequest } from './received-request.ts';
import { partsOf, type FakeReply } from './reply.ts';
import { Script } from './script.ts';
import { collect, sendFault, sendReply, type Fault } from './send-reply.ts';

/** A reply, or a fault in its place; `truncate` cuts the reply that it comes with. */
export interface OriginReply extends FakeReply {
  readonly fault?: Fault;
}

/** A reply, or what makes one of a request. */
export type OriginAnswer =
  | OriginReply
  | ((request: ReceivedRequest) => OriginReply | Promise<OriginReply>);

/**
 * A real server on a free port of the loopback interface, for tests of what makes requests. Works with any
 * test runner, and with any HTTP client.
 *
 * @example
 * await using origin = await FakeOrigin.start();
 * origin.on('GET /users/1', { json: { name: 'Ada' } });
 * origin.on('POST /users', { fault: 'reset' }, { status: 201 }); // the first one fails, the others do not
 *
 * const response = await finch.get(`${origin.url}/users/1`);
 * response.json(); // { name: 'Ada' }
 * origin.requests[0]?.headers['user-agent'];
 */
export class FakeOrigin implements AsyncDisposable {
  /** `http://127.0.0.1:40001`; with TLS `https://localhost:40001`. */
  readonly url: string;
  /** With TLS the certificate of the authority to trust, for `connOpts.tls.ca`. */
  readonly ca: string | undefined;
  /** What came, in the order in which it was complete. */
  readonly requests: ReceivedRequest[] = [];
  /** How many ms it waits before each answer. */
  latency: number;
  readonly #server: OriginServer;
  readonly #script: Script<OriginAnswer>;
  readonly #waiters = new Set<PromiseWithResolvers<void>>();
  #stopped = false;

  private constructor(server: OriginServer, script: Script<OriginAnswer>, latency: number) {
    this.#server = server;
    this.#script = script;
    this.url = server.url;
    this.ca = server.ca;
    this.latency = latency;
  }

  /**
   * Starts one. Until `on` says otherwise it answers 501.
   *
   * @example
   * await using origin = await FakeOrigin.start({ tls: true, protocol: 'http2' });
   */
  static async start(options: FakeOriginOptions = {}): Promise<FakeOrigin> {
    checkKeys('FakeOrigin.start', options, ['protocol', 'tls', 'latency']);
    const script = new Script<OriginAnswer>('GET /users');
    const started = Promise.withResolvers<FakeOrigin>();
    const server = await OriginServer.listen((request, response) => {
      // A client that leaves in the middle of its request or of the answer is no fault of the test's.
      started.promise
        .then((origin) => origin.serve(request, response))
        .catch(() => response.destroy());
    }, options);
    started.resolve(new FakeOrigin(server, script, options.latency ?? 0));
    return started.promise;
  }

  /** How many connections are open at this moment. */
  get connections(): number {
    return this.#server.connections;
  }

  /**
   * Says what `'GET /path'` is answered with: each reply once, the last one from then on. The query does
   * not count; `*` stands for any method, and at the end of a path for any rest. What was said of the same
   * target before is forgotten.
   *
   * @throws TypeError for a target that is no method and path, or has a query; for a reply that is none.
   *
   * @example
   * origin.on('GET /flaky', { status: 503 }, { status: 503 }, { body: 'at last' });
   * origin.on('GET /users/*', ({ path }) => ({ json: { id: path.split('/').at(-1) } }));
   */
  on(target: string, ...answers: readonly OriginAnswer[]): this {
    if (/^\S+ [^/*\s]/.test(target)) {
      throw new TypeError(`The path of ${JSON.stringify(target)} does not begin with a slash`);
    }
    for (const answer of answers) if (typeof answer !== 'function') checkOriginReply(answer);
    this.#script.set(target, answers);
    return this;
  }

  /**
   * Waits until so many requests have come, those of before included, and resolves with the last of them.
   * Rejects when the origin is stopped before.
   *
   * @example
   * const first = await origin.received(1);
   */
  async received(count: number): Promise<ReceivedRequest> {
    while (this.requests.length < count) {
      const next = Promise.withResolvers<void>();
      this.#waiters.add(next);
      if (this.#stopped) this.#giveUp();
      await next.promise;
    }
    return this.requests[count - 1] as ReceivedRequest;
  }

  /**
   * Forgets what came and what was said.
   *
   * @example
   * origin.reset();
   */
  reset(): void {
    this.requests.length = 0;
    this.#script.clear();
  }

  /**
   * Resets all connections, as when the process of a server dies. It takes new ones.
   *
   * @example
   * origin.dropConnections();
   */
  dropConnections(): void {
    this.#server.dropConnections();
  }

  /**
   * Stops listening, and ends all connections.
   *
   * @example
   * await origin.stop();
   */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#giveUp();
    return this.#server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = new ReceivedRequest({
      method: request.method ?? '',
      target: request.url ?? '/',
      headers: headersOf(request),
      body: await collect(request as AsyncIterable<Uint8Array>),
      httpVersion: request.httpVersion,
      connection: this.#server.numberOf(request.socket.remotePort),
    });
    this.requests.push(received);
    for (const waiter of this.#waiters) waiter.resolve();
    this.#waiters.clear();
    if (this.latency > 0) await wait(this.latency);
    const { fault, ...reply } = await this.#answerTo(received);
    const parts = await partsOf(reply).catch((error: unknown) =>
      partsOf(problem(received, 'is none', error)),
    );
    if (fault === undefined) {
      await sendReply(response, parts);
      return;
    }
    const { remotePort } = request.socket;
    await sendFault(fault, request, response, parts, () => this.#server.drop(remotePort));
  }

  /** Nothing will come that is waited for. */
  #giveUp(): void {
    const error = new Error(`The origin was stopped after ${this.requests.length} requests`);
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }

  async #answerTo(request: ReceivedRequest): Promise<OriginReply> {
    const { method, path } = request;
    const answer = this.#script.next(method, path);
    if (answer === undefined) {
      const known = this.#script.targets;
      const others = known.length === 0 ? '' : `, but to ${known.join(', ')}`;
      return { status: 501, body: `FakeOrigin has no reply to ${method} ${path}${others}` };
    }
    if (typeof answer !== 'function') return answer;
    let reply: OriginReply;
    try {
      reply = await answer(request);
    } catch (error) {
      return problem(request, 'threw', error);
    }
    try {
      checkOriginReply(reply);
      return reply;
    } catch (error) {
      return problem(request, 'is none', error);
    }
  }
}

/** What is answered where there can be no reply. */
function problem({ method, path }: ReceivedRequest, what: string, error: unknown): FakeReply {
  const separator = what === 'threw' ? '' : ':';
  return {
    status: 500,
    body: `The reply to ${method} ${path} ${what}${separator} ${String(error)}`,
  };
}

/** Without the pseudo-headers of HTTP/2, but for the host. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    if (!name.startsWith(':')) headers[name] = text;
    else if (name === ':authority') headers['host'] ??= text;
  }
  return headers;
}

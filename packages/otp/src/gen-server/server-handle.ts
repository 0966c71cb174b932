/** The client side of a GenServer. */
import { Call, request } from '../process/messages/call.ts';
import { CallError, type CallSite } from '../process/messages/call-error.ts';
import { pidOfHandle } from '../process/messages/pid-of-handle.ts';
import { currentContext, currentProcess } from '../process/context.ts';
import { BadArgumentError, timeoutOf } from '../process/errors.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { isProcess } from '../process/local-process.ts';
import { distribution } from '../process/node.ts';
import type { Pid } from '../process/pid.ts';
import { resolveRef, type ServerRef } from '../process/names/server-ref.ts';
import { refusePromise } from '../process/values/thenable.ts';
import { FunctionClauseError } from './errors.ts';
import { Cast, isRequest, type Request } from './messages.ts';
import { SystemMessage } from './system.ts';
import type { ArgsOf, ReplyOf } from './types.ts';

/** Options of a call. */
export interface CallOptions {
  /**
   * Milliseconds to wait for the answer, 5000 by default. 0 waits for what is answered within this turn
   * of the event loop, or the next one.
   */
  readonly timeout?: number | 'infinity';
}

const callSite: CallSite = { module: 'GenServer', function: 'call' };
const stopSite: CallSite = { module: 'GenServer', function: 'stop' };
const defaultTimeout = 5000;

function checkRequest(value: unknown): asserts value is Request {
  if (isRequest(value)) return;
  throw new BadArgumentError('request', value, 'the name of a clause, or [clause, ...arguments]');
}

/**
 * Sends a request to a server and waits for its answer, 5000 ms at most: `GenServer.call`. For a
 * server that is known by name or pid only; the `call` of a handle is typed.
 *
 * The request is the name of a clause, or `[clause, ...arguments]`.
 *
 * Source: `gen_server:call/2,3`.
 * @throws {CallError} when the server is not alive, ends first, or does not answer in time.
 * @example
 * const sum = await GenServer.call<number>('counter', ['add', 2], { timeout: 100 });
 */
export function callServer<T = unknown>(
  server: ServerRef,
  message: Request,
  options?: CallOptions,
): Promise<T> {
  checkRequest(message);
  return request(callSite, server, message, timeoutOf(options, defaultTimeout));
}

/**
 * Sends a request without an answer: `GenServer.cast`. It never fails, whether or not the server is
 * alive.
 *
 * Source: `gen_server:cast/2`.
 * @throws {BadArgumentError} for what is not a request.
 * @example
 * GenServer.cast('counter', 'reset');
 */
export function castServer(server: ServerRef, message: Request): void {
  checkRequest(message);
  // What a process does after its death has no effect on others.
  if (currentProcess()?.dead === true) return;
  const target = resolveRef(server);
  if (isProcess(target)) {
    target.deliver(new Cast(message, target.carriesContext ? currentContext() : undefined));
  } else if (target !== undefined) distribution()?.send(target, new Cast(message));
}

/** `GenServer.reply(from, value)`. */
export function replyTo(from: unknown, value: unknown): void {
  if (!Call.isCall(from)) throw new BadArgumentError('from', from, 'the from of a handleCall');
  refusePromise('value', value);
  // What a process does after its death has no effect on others.
  if (currentProcess()?.dead === true) return;
  from.reply(value);
}

/**
 * Stops a server, a supervisor or a machine and waits for its end: `GenServer.stop`. The reason is
 * `'normal'` by default, the time `'infinity'`.
 *
 * Source: `gen_server:stop/1,3`.
 * @throws {CallError} when it is not alive, ends with another reason, or not in time.
 * @example
 * await GenServer.stop('counter');
 */
export async function stopServer(
  server: ServerRef,
  reason: ExitReason = 'normal',
  timeout: number | 'infinity' = 'infinity',
): Promise<void> {
  const message = new SystemMessage({ operation: 'terminate', reason });
  const target = resolveRef(server);
  try {
    await request(stopSite, server, message, timeout);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const { why } = error;
    // Of a process of another node, any reason but these is the one with which it ended.
    const alive = isProcess(target) && !target.dead;
    const ended = target !== undefined && why !== 'calling_self' && !alive;
    if (ended && Object.is(why, reason)) return;
    throw new CallError(why, stopSite, [server, reason, timeout]);
  }
}

/** A running server, typed by its definition. */
export interface ServerHandle<Calls, Casts> extends AsyncDisposable {
  /** The process. For a handle made by name: the process that has the name now. */
  readonly pid: Pid;
  // Of several signatures the compiler shows what is wrong with the last one: that of most calls.
  /** The same as below with options: `call(['add', 2], { timeout: 100 })`. */
  call<K extends keyof Calls & string>(
    request: readonly [clause: K, ...args: ArgsOf<Calls[K]>],
    options?: CallOptions,
  ): Promise<ReplyOf<Calls[K]>>;
  /**
   * Sends a request and waits for the answer, 5000 ms at most.
   * @throws {CallError} when the server is not alive, ends first, or does not answer in time.
   */
  call<K extends keyof Calls & string>(
    clause: K,
    ...args: ArgsOf<Calls[K]>
  ): Promise<ReplyOf<Calls[K]>>;
  /** Sends a request without an answer. */
  cast<K extends keyof Casts & string>(clause: K, ...args: ArgsOf<Casts[K]>): void;
  /**
   * Stops the server and waits for its end.
   * @throws {CallError} when it is not alive, ends with another reason, or not in time.
   */
  stop(reason?: ExitReason, timeout?: number | 'infinity'): Promise<void>;
}

/** The clauses of a definition. */
export interface KnownClauses {
  readonly label: string;
  readonly calls: ReadonlyMap<string, unknown>;
  readonly casts: ReadonlyMap<string, unknown>;
}

/** A handle of any server: `ServerHandle` gives it the types of one. */
export class AnyServerHandle implements ServerHandle<never, never> {
  readonly #server: ServerRef;
  /** The clauses that there are, if requests are checked. */
  readonly #known: KnownClauses | undefined;

  constructor(server: ServerRef, known?: KnownClauses) {
    this.#server = server;
    this.#known = known;
  }

  get pid(): Pid {
    return pidOfHandle(this.#server, callSite);
  }

  call(...args: readonly unknown[]): Promise<never> {
    const missing = this.#missing('handleCall', this.#known?.calls, args[0]);
    if (missing !== undefined) return Promise.reject(missing);
    if (Array.isArray(args[0])) {
      return callServer(this.#server, args[0] as unknown as Request, args[1] as CallOptions);
    }
    const message = args.length === 1 ? args[0] : args;
    checkRequest(message);
    return request(callSite, this.#server, message, defaultTimeout);
  }

  cast(...args: readonly unknown[]): void {
    const missing = this.#missing('handleCast', this.#known?.casts, args[0]);
    if (missing !== undefined) throw missing;
    castServer(this.#server, (args.length === 1 ? args[0] : args) as Request);
  }

  stop(reason?: ExitReason, timeout?: number | 'infinity'): Promise<void> {
    return stopServer(this.#server, reason, timeout);
  }

  /** The error of a clause that there is not, if they are checked. */
  #missing(
    callback: string,
    clauses: ReadonlyMap<string, unknown> | undefined,
    request: unknown,
  ): FunctionClauseError | undefined {
    if (clauses === undefined) return undefined;
    const clause: unknown = Array.isArray(request) ? request[0] : request;
    if (typeof clause !== 'string' || clauses.has(clause)) return undefined;
    const { label } = this.#known as KnownClauses;
    return new FunctionClauseError(label, callback, clause, clauses.keys(), true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (resolveRef(this.#server) !== undefined) await this.stop();
  }
}

/** Generic servers. */
import type { From } from '../process/messages/call.ts';
import { idOf, splitOverrides } from '../process/start/child-options.ts';
import {
  ignore,
  type ChildSpec,
  type ChildSpecOverrides,
  type Ignore,
} from '../process/start/child-spec.ts';
import { BadArgumentError } from '../process/errors.ts';
import { isError } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { isRefusedPromise, isThenable, type NotPromise } from '../process/values/thenable.ts';
import { whereis, type NameOption, type ServerRef } from '../process/names/server-ref.ts';
import { start, type InitOutcome } from '../process/start/start.ts';
import { currentProcess } from '../process/context.ts';
import type { ProcessOptions } from '../process/spawn.ts';
import { adopt, isInstance, NoReply, Ok, Reply, StartFailure, Stop } from './results.ts';
import {
  AnyServerHandle,
  callServer,
  castServer,
  replyTo,
  stopServer,
  type ServerHandle,
} from './server-handle.ts';
import { isNext, ServerLoop, type Callbacks } from './server-loop.ts';
import type {
  CallClauses,
  Clauses,
  GenServerCallbacks,
  Given,
  IgnoredBy,
  StateOf,
} from './types.ts';

/** Options of the start of a server. */
export interface GenServerOptions extends ProcessOptions {
  /** Registers the server before `init` runs. */
  readonly name?: NameOption;
  /** Milliseconds for `init`, `'infinity'` by default; then the process is killed. */
  readonly timeout?: number | 'infinity';
}

/** A GenServer definition: starts servers and makes child specifications of them. */
export interface GenServerModule<Arg, Calls, Casts, Ignored extends Ignore = never> {
  readonly name: string;
  /**
   * Starts a server linked to the current process (from plain code: a root) and waits for its
   * `init`.
   * @throws {StartError} with `reason` `['already_started', pid]`, the reason of `init`, or `'timeout'`.
   */
  startLink(...args: StartArgs<Arg>): Promise<ServerHandle<Calls, Casts> | Ignored>;
  /** The same without a link. */
  start(...args: StartArgs<Arg>): Promise<ServerHandle<Calls, Casts> | Ignored>;
  /** A child specification; its id is the name of the process or of the module. */
  childSpec(...args: ChildSpecArgs<Arg>): ChildSpec<ServerHandle<Calls, Casts> | Ignored>;
  /** A typed handle of a server that was started elsewhere, by pid or name. */
  at(server: ServerRef): ServerHandle<Calls, Casts>;
}

type StartArgs<Arg> = undefined extends Arg
  ? [arg?: Arg, options?: GenServerOptions]
  : [arg: Arg, options?: GenServerOptions];

type ChildSpecArgs<Arg> = undefined extends Arg
  ? [arg?: Arg, options?: GenServerOptions & ChildSpecOverrides]
  : [arg: Arg, options?: GenServerOptions & ChildSpecOverrides];

/**
 * Defines a server: a process with a state, whose callbacks handle one message at a time.
 *
 * Source: `gen_server`, Elixir's `GenServer`.
 * @example
 * const Counter = GenServer.define({
 *   init: (start: number) => start,
 *   handleCall: {
 *     value: (n) => reply(n, n),
 *     add: (n, by: number) => reply(n + by, n + by),
 *   },
 *   handleCast: { reset: () => noreply(0) },
 * });
 * const counter = await Counter.startLink(1, { name: 'counter' });
 * await counter.call('add', 2); // 3
 */
function define<
  Arg,
  R,
  Calls extends CallClauses<StateOf<R>>,
  Casts extends Clauses<StateOf<R>>,
  Continues extends Clauses<StateOf<R>>,
>(
  callbacks: GenServerCallbacks<Arg, R, Calls, Casts, Continues>,
): GenServerModule<Arg, Given<Calls>, Given<Casts>, IgnoredBy<R>> {
  const compiled = compile(callbacks as unknown as Record<string, unknown>);
  const run = (linked: boolean, arg: Arg, options: GenServerOptions | undefined) =>
    startServer(compiled, arg, options, linked) as Promise<
      ServerHandle<Given<Calls>, Given<Casts>> | IgnoredBy<R>
    >;
  const module: GenServerModule<Arg, Given<Calls>, Given<Casts>, IgnoredBy<R>> = {
    name: compiled.label,
    startLink: (...args) => run(true, args[0] as Arg, args[1]),
    start: (...args) => run(false, args[0] as Arg, args[1]),
    childSpec: (...args) => {
      const [overrides, options] = splitOverrides(args[1] ?? {});
      return {
        id: idOf(options.name) ?? (callbacks.name === undefined ? module : callbacks.name),
        start: () => run(true, args[0] as Arg, options),
        ...overrides,
      };
    },
    at: (server) => new AnyServerHandle(server, checksOf(compiled)),
  };
  return Object.freeze(module);
}

async function startServer(
  callbacks: Callbacks,
  arg: unknown,
  options: GenServerOptions | undefined,
  linked: boolean,
): Promise<AnyServerHandle | Ignore> {
  const parent = linked ? currentProcess()?.pid : undefined;
  const started = await start(
    callbacks.label,
    (process) => initialise(process, parent, callbacks, arg),
    options,
    linked,
  );
  return started === 'ignore' ? ignore : new AnyServerHandle(started, checksOf(callbacks));
}

/** What handles check, if they do. */
function checksOf(callbacks: Callbacks): Callbacks | undefined {
  return callbacks.checkCalls ? callbacks : undefined;
}

function initialise(
  process: Process,
  parent: Pid | undefined,
  callbacks: Callbacks,
  arg: unknown,
): InitOutcome | Promise<InitOutcome> {
  process.carriesContext = callbacks.carriesContext;
  const finish = (given: unknown): InitOutcome => {
    const result = adopt(given);
    if (result === ignore) return { type: 'ignore' };
    if (isInstance(result, Stop)) return { type: 'stop', reason: result.reason };
    if (isInstance(result, StartFailure)) return { type: 'error', reason: result.reason };
    if (isInstance(result, Reply) || isInstance(result, NoReply)) {
      return { type: 'stop', reason: ['bad_return_value', result] };
    }
    const started = isInstance(result, Ok) ? result : new Ok(result, undefined);
    const { next } = started;
    if (isRefusedPromise(started.state))
      return { type: 'stop', reason: ['bad_return_value', result] };
    const behaviour = new ServerLoop(process, parent, callbacks, started.state);
    if (next === undefined) return { type: 'ok', behaviour };
    if (!isNext(next)) return { type: 'stop', reason: ['bad_return_value', result] };
    return { type: 'ok', behaviour, begin: () => behaviour.begin(next) };
  };
  let result: unknown;
  try {
    result = callbacks.init(arg);
  } catch (error) {
    return finishThrown(error, finish);
  }
  if (!isThenable(result)) return finish(result);
  return Promise.resolve(result).then(finish, (error: unknown) => finishThrown(error, finish));
}

/** A thrown value that is neither an Error nor an exit counts as returned, as in OTP. */
function finishThrown(error: unknown, finish: (result: unknown) => InitOutcome): InitOutcome {
  const thrown = adopt(error);
  const isResult =
    isInstance(thrown, Ok) || isInstance(thrown, Stop) || isInstance(thrown, StartFailure);
  if (error === ignore || isResult) return finish(error);
  if (isError(error)) throw error;
  return { type: 'stop', reason: ['bad_return_value', error] };
}

function compile(callbacks: Record<string, unknown>): Callbacks {
  if (typeof callbacks !== 'object' || callbacks === null) {
    throw new BadArgumentError('callbacks', callbacks, 'an object with init, handleCall, …');
  }
  const { name, init, handleCall, handleCast, handleContinue } = callbacks;
  const { handleInfo, terminate, formatStatus, context, checkCalls } = callbacks;
  for (const key of Object.keys(callbacks)) {
    if (!knownCallbacks.has(key)) {
      throw new BadArgumentError('callbacks', key, `made of ${[...knownCallbacks].join(', ')}`);
    }
  }
  for (const [key, value] of Object.entries({ init, handleInfo, terminate, formatStatus })) {
    if (value === undefined && key !== 'init') continue;
    if (typeof value !== 'function') throw new BadArgumentError(key, value, 'a function');
  }
  if (context !== undefined && context !== 'caller') {
    throw new BadArgumentError('context', context, "'caller', or left out");
  }
  if (checkCalls !== undefined && typeof checkCalls !== 'boolean') {
    throw new BadArgumentError('checkCalls', checkCalls, 'a boolean');
  }
  return {
    checkCalls: checkCalls === true,
    carriesContext: context === 'caller',
    label: typeof name === 'string' && name !== '' ? name : 'GenServer',
    init: init as Callbacks['init'],
    calls: clauses('handleCall', handleCall),
    casts: clauses('handleCast', handleCast),
    continues: clauses('handleContinue', handleContinue),
    handleInfo: handleInfo as Callbacks['handleInfo'],
    terminate: terminate as Callbacks['terminate'],
    formatStatus: formatStatus as Callbacks['formatStatus'],
  };
}

const knownCallbacks = new Set([
  'name',
  'init',
  'handleCall',
  'handleCast',
  'handleContinue',
  'handleInfo',
  'terminate',
  'formatStatus',
  'context',
  'checkCalls',
]);

function clauses(kind: string, value: unknown): Callbacks['calls'] {
  if (value === undefined) return new Map();
  if (typeof value !== 'object' || value === null) {
    throw new BadArgumentError(kind, value, 'an object of functions by clause name');
  }
  for (const [name, handler] of Object.entries(value)) {
    if (typeof handler !== 'function') {
      throw new BadArgumentError(`${kind}.${name}`, handler, 'a function');
    }
  }
  return new Map(Object.entries(value)) as Callbacks['calls'];
}

/**
 * The `from` of the call that the current process is handling, for an answer given later.
 * Use it to answer later: return `noreply`, keep it, and hand it to `GenServer.reply`, from any process.
 *
 * Source: the argument `From` of `handle_call/3`.
 * @throws {BadArgumentError} outside a `handleCall` clause.
 * @example
 * const Oracle = GenServer.define({
 *   init: () => 0,
 *   handleCall: {
 *     ask: (n) => {
 *       const from = GenServer.from();
 *       void load().then((answer) => GenServer.reply(from, answer));
 *       return noreply(n + 1);
 *     },
 *   },
 * });
 */
function from(): From {
  const behaviour = currentProcess()?.behaviour;
  if (behaviour instanceof ServerLoop && behaviour.call !== undefined) return behaviour.call;
  throw new BadArgumentError('GenServer.from()', undefined, 'called inside a handleCall clause');
}

/**
 * Servers and what can be done to any of them, by pid or name.
 *
 * `call` rejects with a CallError; `cast` never fails; `reply` answers a call whose clause
 * returned `noreply`; `stop` waits for the end.
 */
export const GenServer: {
  readonly define: typeof define;
  readonly call: typeof callServer;
  readonly cast: typeof castServer;
  /**
   * Answers a call whose clause returned `noreply`, from any process. Nothing happens when the caller
   * does not wait any more.
   *
   * Source: `gen_server:reply/2`.
   * @throws {BadArgumentError} for what is not the `from` of a call, and for a promise.
   * @example
   * GenServer.define({
   *   init: () => [] as From[],
   *   handleCall: { ready: (waiting) => noreply([...waiting, GenServer.from()]) },
   *   handleCast: {
   *     open: (waiting) => {
   *       for (const from of waiting) GenServer.reply(from, 'open');
   *       return noreply([]);
   *     },
   *   },
   * });
   */
  readonly reply: <V>(from: From, value: NotPromise<V>) => void;
  readonly from: typeof from;
  readonly stop: typeof stopServer;
  readonly whereis: typeof whereis;
} = Object.freeze({
  define,
  call: callServer,
  cast: castServer,
  reply: replyTo,
  from,
  stop: stopServer,
  whereis,
});

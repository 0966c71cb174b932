/** The types by which a definition's callbacks type its calls. */
import type { Ignore } from '../process/start/child-spec.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { From } from '../process/messages/call.ts';
import type { FormatStatus } from './status.ts';
import type { NoReply, Ok, Reply, StartFailure, Stop } from './results.ts';

/** What `init` may give instead of a state. */
export type InitControl = Ignore | Stop<never> | StartFailure;

/** The state type behind the result of an `init`. */
export type StateOf<R> =
  Awaited<R> extends infer T
    ? T extends Ok<infer S>
      ? S
      : T extends InitControl
        ? never
        : T
    : never;

/** `Ignore` if an `init` can give it. */
export type IgnoredBy<R> = Extract<Awaited<R>, Ignore>;

type Async<T> = T | Promise<T>;

/** `this` in the callbacks of a GenServer. */
export interface ServerContext {
  /** The caller of the call being handled, for an answer that is given later. */
  readonly from: From;
}

/** The `handleCall` clauses: by name, from state and arguments to a result. */
export type CallClauses<S> = Readonly<
  Record<
    string,
    (
      this: ServerContext,
      state: S,
      ...args: never[]
    ) => Async<Reply<unknown, S> | NoReply<S> | Stop<S, unknown>>
  >
>;

/** The `handleCast` and `handleContinue` clauses. */
export type Clauses<S> = Readonly<
  Record<string, (this: ServerContext, state: S, ...args: never[]) => Async<NoReply<S> | Stop<S>>>
>;

/**
 * The clauses that were given. Left out, they are inferred as any clauses at all; a default of the
 * type parameter would say `none` but takes the types of the handlers' parameters away.
 */
export type Given<C> = string extends keyof C ? Record<never, never> : C;

/** The arguments of a clause, without the state. */
export type ArgsOf<Clause> = Clause extends (
  state: never,
  ...args: infer Args extends readonly unknown[]
) => unknown
  ? Args
  : never;

/** What a call of a clause is answered with; unknown for clauses that answer later. */
export type ReplyOf<Clause> = Clause extends (...args: never[]) => infer R
  ? ReplyOfResult<Awaited<R>>
  : never;

type ReplyOfResult<R> = [Extract<R, Reply<unknown, unknown> | Stop<unknown, unknown>>] extends [
  never,
]
  ? unknown
  : R extends Reply<infer V, unknown>
    ? V
    : R extends Stop<unknown, infer V>
      ? V
      : never;

/** The callbacks of a GenServer. */
export interface GenServerCallbacks<
  Arg,
  R,
  Calls extends CallClauses<StateOf<R>>,
  Casts extends Clauses<StateOf<R>>,
  Continues extends Clauses<StateOf<R>>,
> {
  /** What crash reports and `introspect` call it. */
  readonly name?: string;
  /**
   * `'caller'`: clauses of `call` and `cast` run in the async context of their caller, with what
   * `AsyncLocalStorage` has there: the trace, the request id, the tenant. Use it for a server that makes
   * requests for its callers; it costs some 100 ns a call. By default they run in the context of the server,
   * which is that of no caller; `init`, `handleInfo`, `handleContinue` and `terminate` always do. A call to
   * another node brings no context.
   *
   * Source: the sequential trace token of Erlang (`seq_trace`), which messages carry.
   */
  readonly context?: 'caller';
  /**
   * Whether handles of this definition refuse a clause that it does not have: `call` rejects and `cast`
   * throws with FunctionClauseError, and nothing is sent. Default false: the server is sent whatever it is
   * asked, and ends at a clause that it does not have, as in OTP. `GenServer.call` by name or pid knows no
   * definition, and checks nothing.
   */
  readonly checkCalls?: boolean;
  /**
   * Runs in the new process before `startLink` resolves. Gives the first state, or `ok(state,
   * next)`, `ignore`, `stop(reason)`, `startFailure(reason)`.
   */
  readonly init: (arg: Arg) => R;
  /** Clauses of `call`. */
  readonly handleCall?: Calls;
  /** Clauses of `cast`. */
  readonly handleCast?: Casts;
  /** Clauses of `{ continue: … }`, run before any message. */
  readonly handleContinue?: Continues;
  /** Every other message, `'timeout'` included. Without it they are logged and dropped. */
  readonly handleInfo?: (
    this: ServerContext,
    state: StateOf<R>,
    message: unknown,
  ) => Async<NoReply<StateOf<R>> | Stop<StateOf<R>>>;
  /**
   * Runs when the server stops, fails, or (only if it traps exits) is shut down by its parent.
   * Its result is ignored.
   */
  readonly terminate?: (this: ServerContext, reason: ExitReason, state: StateOf<R>) => unknown;
  /**
   * What others see of the server: `getState`, `replaceState`, traces, `processInfo` and crash reports
   * show what it makes of state, message and reason. Use it to keep secrets out of them. What it
   * leaves out is shown as it is; where it throws, nothing is.
   *
   * Source: `gen_server:format_status/1`.
   * @example
   * GenServer.define({
   *   init: (password: string) => ({ password, calls: 0 }),
   *   formatStatus: ({ state }) => ({ state: { ...state, password: '***' } }),
   * });
   */
  readonly formatStatus?: FormatStatus<StateOf<R>>;
}

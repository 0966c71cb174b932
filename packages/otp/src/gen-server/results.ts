/** What the callbacks of a GenServer return. */
import { brand, brandKey, foreignKind, type Brand } from '../process/values/brand.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { NotPromise } from '../process/values/thenable.ts';

/**
 * What a server does before its next message: send itself `'timeout'` after so many ms without
 * one, run a `handleContinue` clause, or nothing in particular (`'hibernate'` is a hint).
 */
export type Next = number | 'infinity' | 'hibernate' | { readonly continue: ContinueRequest };

/** A `handleContinue` clause and its arguments. */
export type ContinueRequest = string | readonly [clause: string, ...args: unknown[]];

const brands = {
  ok: brand('ok'),
  reply: brand('reply'),
  noreply: brand('noreply'),
  stop: brand('stop'),
  start_failure: brand('start_failure'),
};

/** The result of `init` that starts the server: {@link ok}. */
export class Ok<S> {
  readonly state: S;
  readonly next: Next | undefined;
  constructor(state: S, next: Next | undefined) {
    this.state = state;
    this.next = next;
  }
  /** @internal */
  get [brandKey](): Brand {
    return brands.ok;
  }
}

/** A call that is answered: {@link reply}. */
export class Reply<V, S> {
  readonly value: V;
  readonly state: S;
  readonly next: Next | undefined;
  constructor(value: V, state: S, next: Next | undefined) {
    this.value = value;
    this.state = state;
    this.next = next;
  }
  /** @internal */
  get [brandKey](): Brand {
    return brands.reply;
  }
}

/** The server goes on without answering: {@link noreply}. */
export class NoReply<S> {
  // Of the type only: a Reply has all other members, but answers a call.
  declare protected readonly answersNoCall: true;
  readonly state: S;
  readonly next: Next | undefined;
  constructor(state: S, next: Next | undefined) {
    this.state = state;
    this.next = next;
  }
  /** @internal */
  get [brandKey](): Brand {
    return brands.noreply;
  }
}

const nothing = Symbol('no reply');

/** The server stops: {@link stop}. */
export class Stop<S, V = never> {
  readonly reason: ExitReason;
  readonly state: S;
  readonly #value: V | typeof nothing;
  constructor(reason: ExitReason, state: S, value: V | typeof nothing) {
    this.reason = reason;
    this.state = state;
    this.#value = value;
  }
  /** @internal */
  get [brandKey](): Brand {
    return brands.stop;
  }
  /** Whether it answers the call. */
  get hasReply(): boolean {
    return this.#value !== nothing;
  }
  /** The answer of the call; see {@link hasReply}. */
  get value(): V {
    return this.#value as V;
  }
}

/** The result of `init` that fails without a crash: {@link startFailure}. */
export class StartFailure {
  readonly reason: ExitReason;
  constructor(reason: ExitReason) {
    this.reason = reason;
  }
  /** @internal */
  get [brandKey](): Brand {
    return brands.start_failure;
  }
}

/** `instanceof` that is false, and does not throw, for a revoked proxy. */
export function isInstance<T>(
  value: unknown,
  type: abstract new (...args: never[]) => T,
): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

// The same for the results of every message. V8 has the class of an `instanceof` in line only where it
// is always the same one: a shared function costs casts a quarter of their rate.

export function isReply(value: unknown): value is Reply<unknown, unknown> {
  try {
    return value instanceof Reply;
  } catch {
    return false;
  }
}

export function isNoReply(value: unknown): value is NoReply<unknown> {
  try {
    return value instanceof NoReply;
  } catch {
    return false;
  }
}

export function isStop(value: unknown): value is Stop<unknown, unknown> {
  try {
    return value instanceof Stop;
  } catch {
    return false;
  }
}

/** A result that another copy of the package has made, as one of this copy; any other value as it is. */
export function adopt(value: unknown): unknown {
  const kind = foreignKind(value);
  if (kind === undefined) return value;
  const { state, value: answer, reason, next, hasReply } = value as ForeignResult;
  switch (kind) {
    case 'ok':
      return new Ok(state, next);
    case 'reply':
      return new Reply(answer, state, next);
    case 'noreply':
      return new NoReply(state, next);
    case 'stop':
      return new Stop(reason, state, hasReply === true ? answer : nothing);
    case 'start_failure':
      return new StartFailure(reason);
    default:
      return value;
  }
}

/** The members of results; each kind has some of them. */
interface ForeignResult {
  readonly state?: unknown;
  readonly value?: unknown;
  readonly reason?: unknown;
  readonly next?: Next;
  readonly hasReply?: boolean;
}

/**
 * From `init`: the state, and what comes next. Returning the bare state is the same as `ok(state)`.
 * @example
 * GenServer.define({
 *   init: (size: number) => ok(size, { continue: 'warmUp' }),
 *   handleContinue: { warmUp: (size) => noreply(size) },
 * });
 */
export function ok<S>(state: S, next?: Next): Ok<S> {
  return new Ok(state, next);
}

/**
 * From `handleCall`: answers with `value` and goes on with `state`. Both are values: a promise ends the
 * server with `['bad_return_value', result]`, so await it before, in a clause that is async.
 *
 * Source: `{reply, Reply, NewState}` of `gen_server`.
 * @example
 * GenServer.define({
 *   init: (start: number) => start,
 *   handleCall: { add: (n, by: number) => reply(n + by, n + by) },
 * });
 */
export function reply<V, S>(value: NotPromise<V>, state: S, next?: Next): Reply<V, S>;
export function reply(value: unknown, state: unknown, next?: Next): Reply<unknown, unknown> {
  return new Reply(value, state, next);
}

/**
 * From any `handle…`: goes on with `state`. From `handleCall`: the answer comes later.
 *
 * Source: `{noreply, NewState}` of `gen_server`.
 * @example
 * GenServer.define({
 *   init: (start: number) => start,
 *   handleCast: { reset: () => noreply(0) },
 * });
 */
export function noreply<S>(state: S, next?: Next): NoReply<S> {
  return new NoReply(state, next);
}

/**
 * Ends the server with `reason`, after its `terminate`. From `handleCall`, a third argument is
 * the answer of the call, sent after `terminate` has run; without it the caller's call fails
 * with the reason. From `init`: the start fails with `reason`, and the state is left out.
 *
 * Source: `{stop, Reason, Reply, NewState}` of `gen_server`.
 * @example
 * GenServer.define({
 *   init: (start: number) => start,
 *   handleCall: { close: (n) => stop('normal', n, 'closed') },
 * });
 */
export function stop(reason: ExitReason): Stop<never>;
export function stop<S>(reason: ExitReason, state: S): Stop<S>;
export function stop<S, V>(reason: ExitReason, state: S, value: NotPromise<V>): Stop<S, V>;
export function stop(...args: [ExitReason, unknown?, unknown?]): Stop<unknown, unknown> {
  return new Stop(args[0], args[1], args.length === 3 ? args[2] : nothing);
}

/**
 * From `init`: the start fails with `reason`, and no crash is reported. OTP's `{error, Reason}`.
 * @example
 * GenServer.define({
 *   init: (port: number) => (port < 1024 ? startFailure('eacces') : port),
 * });
 */
export function startFailure(reason: ExitReason): StartFailure {
  return new StartFailure(reason);
}

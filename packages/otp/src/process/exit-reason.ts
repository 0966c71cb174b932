/** Exit reasons: their classes, how user code raises them, and how they read. */
import { inspect, types } from 'node:util';
import { boundedCopy } from './values/bounded-copy.ts';
import { brand, brandKey, foreignKind, type Brand } from './values/brand.ts';

/**
 * Why a process ended: `'normal'`, `'shutdown'`, `{ shutdown: term }`, `'killed'`, `'noproc'`,
 * `'noconnection'`, the Error that it threw, an OTP error tuple as an array
 * (`['failed_to_start_child', id, reason]`), or any other value.
 *
 * Source: Erlang reference manual, Errors and Error Handling, Exit Reasons.
 */
export type ExitReason = unknown;

/** `{ shutdown: term }`, OTP's `{shutdown, Term}`: an orderly end that carries a cause. */
export interface Shutdown {
  readonly shutdown: unknown;
}

function isShutdownTuple(reason: ExitReason): reason is Shutdown {
  return (
    typeof reason === 'object' &&
    reason !== null &&
    Object.getPrototypeOf(reason) === Object.prototype &&
    Object.hasOwn(reason, 'shutdown') &&
    Object.keys(reason).length === 1
  );
}

/**
 * True for `'normal'`, `'shutdown'` and `{ shutdown: term }`: ends that are not failures.
 * @example
 * isSoftReason({ shutdown: 'maintenance' }); // true
 * isSoftReason('killed'); // false
 */
export function isSoftReason(reason: ExitReason): boolean {
  if (reason === 'normal' || reason === 'shutdown') return true;
  try {
    return isShutdownTuple(reason);
  } catch {
    return false; // a revoked proxy or a throwing trap is no shutdown
  }
}

const exitErrorBrand = brand('exit_error');

/**
 * Thrown by `exit(reason)` and by calls that fail: left uncaught, it ends the process with
 * `reason` itself, as an uncaught exit does in Erlang.
 */
export class ExitError extends Error {
  readonly code: string = 'ERR_EXIT';
  readonly #reason: ExitReason;

  constructor(reason: ExitReason, message?: string, options?: ErrorOptions) {
    super(message ?? `exit: ${formatReason(reason)}`, options);
    this.#reason = reason;
  }

  /** The name of the class. */
  override get name(): string {
    return this.constructor.name;
  }

  /** The reason with which the process ends if this is not caught. */
  get reason(): ExitReason {
    return this.#reason;
  }

  /** @internal */
  get [brandKey](): Brand {
    return exitErrorBrand;
  }

  // A private name is looked up without running a proxy's traps, so any thrown value is safe here.
  /** Whether a value is one; never throws, whatever it is. */
  static isExitError(value: unknown): value is ExitError {
    if (typeof value !== 'object' || value === null) return false;
    if (#reason in value) return true;
    const kind = foreignKind(value);
    return kind === 'exit_error' || kind === 'start_error';
  }
}

/** The exit reason that an uncaught thrown value stands for. */
export function reasonOfThrown(thrown: unknown): ExitReason {
  return ExitError.isExitError(thrown) ? thrown.reason : thrown;
}

/** Whether a value is an Error, also one of another realm; never throws, whatever it is. */
export function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    return false; // a revoked proxy or a trap that throws
  }
}

/** Levels of a reason that are put in words: one that contains itself has no end. */
const deepest = 16;

/**
 * An exit reason in words a reader of logs understands; never throws.
 *
 * `['failed_to_start_child', 'db', Error('refused')]` reads
 * `child "db" failed to start: Error: refused`.
 * @example
 * console.error(formatReason(['already_started', pid])); // already started: #PID<0.42.0>
 */
export function formatReason(reason: ExitReason): string {
  return safely(reason, 0);
}

function safely(reason: ExitReason, depth: number): string {
  if (depth > deepest) return '…';
  try {
    return format(reason, depth);
  } catch {
    return 'an unprintable value';
  }
}

const atoms: Record<string, string> = {
  noproc: 'no process: the process is not alive or there is no process with that name (noproc)',
  noconnection: 'no connection to the node of the process (noconnection)',
  killed: 'killed',
  timeout: 'time out',
  calling_self: 'the process attempted to call itself (calling_self)',
};

type Words = (args: readonly unknown[], depth: number) => string;

const badReturn: Words = ([value]) => `bad return value: ${print(value)}`;

const tuples: Record<string, Words> = {
  failed_to_start_child: ([id, why], depth) =>
    `child ${print(id)} failed to start: ${safely(why, depth)}`,
  nodedown: ([node]) => `there is no connection to the node ${print(node)} (nodedown)`,
  already_started: ([pid]) => `already started: ${print(pid)}`,
  bad_return_value: badReturn,
  bad_return: badReturn,
  start_spec: ([why], depth) => `invalid child specification: ${safely(why, depth)}`,
  supervisor_data: ([why], depth) => `invalid supervisor flags: ${safely(why, depth)}`,
};

function format(reason: ExitReason, depth: number): string {
  if (typeof reason === 'string') return atoms[reason] ?? reason;
  if (isError(reason)) {
    return ExitError.isExitError(reason)
      ? safely(reason.reason, depth + 1)
      : `${reason.name}: ${reason.message}`;
  }
  if (Array.isArray(reason)) return formatTuple(reason, depth);
  if (isShutdownTuple(reason)) return `shutdown: ${safely(reason.shutdown, depth + 1)}`;
  return print(reason);
}

function formatTuple(tuple: readonly unknown[], depth: number): string {
  const [tag, ...rest] = tuple;
  const known = typeof tag === 'string' ? tuples[tag] : undefined;
  if (known !== undefined) return known(rest, depth + 1);
  return `{${tuple.map((part) => safely(part, depth + 1)).join(', ')}}`;
}

function print(value: unknown): string {
  try {
    return inspect(boundedCopy(value), { depth: 4, breakLength: Number.POSITIVE_INFINITY });
  } catch {
    return 'an unprintable value';
  }
}

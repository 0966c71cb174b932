/** Exit reasons: their classes, how user code raises them, and how they read. */
import { inspect } from 'node:util';

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

export function isShutdownTuple(reason: ExitReason): reason is Shutdown {
  return (
    typeof reason === 'object' &&
    reason !== null &&
    Object.getPrototypeOf(reason) === Object.prototype &&
    Object.hasOwn(reason, 'shutdown') &&
    Object.keys(reason).length === 1
  );
}

/** True for `'normal'`, `'shutdown'` and `{ shutdown: term }`: ends that are not failures. */
export function isSoftReason(reason: ExitReason): boolean {
  if (reason === 'normal' || reason === 'shutdown') return true;
  try {
    return isShutdownTuple(reason);
  } catch {
    return false; // a revoked proxy or a throwing trap is no shutdown
  }
}

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

  override get name(): string {
    return this.constructor.name;
  }

  /** The reason with which the process ends if nobody catches this. */
  get reason(): ExitReason {
    return this.#reason;
  }

  // A private name is looked up without running a proxy's traps, so any thrown value is safe here.
  static isExitError(value: unknown): value is ExitError {
    return typeof value === 'object' && value !== null && #reason in value;
  }
}

/** The exit reason that an uncaught thrown value stands for. */
export function reasonOfThrown(thrown: unknown): ExitReason {
  return ExitError.isExitError(thrown) ? thrown.reason : thrown;
}

/**
 * An exit reason in words a reader of logs understands; never throws.
 *
 * `['failed_to_start_child', 'db', Error('refused')]` reads
 * `child "db" failed to start: Error: refused`.
 */
export function formatReason(reason: ExitReason): string {
  try {
    return format(reason);
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

const tuples: Record<string, (args: readonly unknown[]) => string> = {
  failed_to_start_child: ([id, why]) =>
    `child ${inspect(id)} failed to start: ${formatReason(why)}`,
  already_started: ([pid]) => `already started: ${String(pid)}`,
  bad_return_value: ([value]) => `bad return value: ${inspect(value, { depth: 2 })}`,
  bad_return: ([value]) => `bad return value: ${inspect(value, { depth: 2 })}`,
  start_spec: ([why]) => `invalid child specification: ${formatReason(why)}`,
  supervisor_data: ([why]) => `invalid supervisor flags: ${formatReason(why)}`,
};

function format(reason: ExitReason): string {
  if (typeof reason === 'string') return atoms[reason] ?? reason;
  if (reason instanceof Error) {
    return ExitError.isExitError(reason)
      ? format(reason.reason)
      : `${reason.name}: ${reason.message}`;
  }
  if (Array.isArray(reason)) {
    const [tag, ...rest] = reason as unknown[];
    const known = typeof tag === 'string' ? tuples[tag] : undefined;
    return known === undefined
      ? `{${reason.map((part) => formatReason(part)).join(', ')}}`
      : known(rest);
  }
  if (isShutdownTuple(reason)) return `shutdown: ${formatReason(reason.shutdown)}`;
  return inspect(reason, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
}

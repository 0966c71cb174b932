/** Errors of misuse. Failures of processes are exit reasons, see exit-reason.ts. */
import { inspect } from 'node:util';
import { foreignKind } from './values/brand.ts';

/** A function that needs a current process was called outside any process. */
export class NoProcessError extends Error {
  readonly code = 'ERR_NO_PROCESS';
  override readonly name = 'NoProcessError';

  constructor(operation: string) {
    super(
      `${operation} needs a current process: call it inside spawn(), a GenServer or Machine callback, or a Task`,
    );
  }
}

/** An argument is not what the function takes; Erlang's `badarg`. */
export class BadArgumentError extends TypeError {
  readonly code = 'ERR_BADARG';
  override readonly name = 'BadArgumentError';
  /** The name of the argument or option. */
  readonly argument: string;
  /** What was given. */
  readonly value: unknown;

  constructor(argument: string, value: unknown, allowed: string) {
    super(`${argument} must be ${allowed}, got ${describe(value)}`);
    this.argument = argument;
    this.value = value;
  }
}

function describe(value: unknown): string {
  const kind = foreignKind(value);
  if (kind !== undefined) {
    return `a ${kind} of another copy of @linnet/otp: two copies know nothing of each other's processes, so install one (npm ls @linnet/otp)`;
  }
  try {
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
    if (typeof value === 'object' && value !== null) {
      return Array.isArray(value)
        ? `an array of ${value.length}`
        : `an object ${inspect(value, { depth: 0 })}`;
    }
    return String(value);
  } catch {
    return 'an unprintable value';
  }
}

/** `receive` found no matching message within its timeout. */
export class ReceiveTimeoutError extends Error {
  readonly code = 'ERR_RECEIVE_TIMEOUT';
  override readonly name = 'ReceiveTimeoutError';
  /** The timeout in ms. */
  readonly timeout: number;

  constructor(timeout: number) {
    super(`no matching message within ${timeout} ms`);
    this.timeout = timeout;
  }
}

/** The timeout of some options, or the default where it is left out; null is not left out. */
export function timeoutOf<T>(
  options: { readonly timeout?: T } | undefined,
  otherwise: NoInfer<T>,
): T {
  const timeout = options?.timeout;
  return timeout === undefined ? otherwise : timeout;
}

const maxTimeout = Number.MAX_SAFE_INTEGER;

/** Throws unless `value` is a duration: an integer of ms >= 0, or `'infinity'` (undefined). */
export function checkTimeout(name: string, value: number | 'infinity' | undefined): void {
  if (value === undefined || value === 'infinity') return;
  if (typeof value === 'number' && value >= 0 && value <= maxTimeout) return;
  throw new BadArgumentError(name, value, "a number of milliseconds >= 0 or 'infinity'");
}

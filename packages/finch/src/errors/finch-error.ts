/**
 * The base of every error that this package throws or rejects with, and the
 * brand by which `instanceof` still works when two copies of the package are
 * loaded.
 */

/** Survives two copies of the package: both look it up in the global symbol registry. */
const brand: unique symbol = Symbol.for('@linnet/finch/error') as never;

/** What every error of this package may be given: the error underneath it. */
export interface FinchErrorOptions {
  /** The error underneath, as `Error.cause`. */
  readonly cause?: unknown;
}

/**
 * The base class of the package's errors.
 *
 * Use it to tell this package's failures from anything else in one `catch`;
 * use `code` or the concrete class to tell them apart. `instanceof` works
 * across two copies of the package, by brand and code.
 *
 * @example
 * try {
 *   await finch.request('https://api.example.com/users');
 * } catch (error) {
 *   if (error instanceof PoolTimeoutError) console.error(error.code, error.queued);
 *   else throw error;
 * }
 */
export abstract class FinchError extends Error {
  /** The stable code of the class, also found on each of its instances. */
  static readonly code: string = 'ERR_FINCH';

  /** The stable code, `ERR_FINCH_…`: it never changes, messages may. */
  readonly code: string;

  /**
   * Of `finch.stream` and `finch.streamWhile`: the accumulator as the last call
   * of the caller's function left it. Not enumerable: logs do not show it.
   *
   * Mirrors the third element of Finch's `{:error, exception, acc}`.
   */
  declare readonly acc?: unknown;

  constructor(message: string, details: object) {
    const { cause } = details as FinchErrorOptions;
    super(message, cause === undefined ? undefined : { cause });
    this.code = new.target.code;
    assignDetails(this, details);
  }

  /**
   * Lets `error instanceof PoolTimeoutError` hold for an error that another
   * copy of this package made: such an error carries the brand and the code.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    if (!isFinchError(value)) return false;
    // A subclass outside this package inherits `code`; only its own instances count.
    return this === FinchError || (Object.hasOwn(this, 'code') && value.code === this.code);
  }

  /**
   * The error as plain data for a structured log: name, code, message, the
   * typed fields, and name, code and message of the cause.
   */
  toJSON(): Record<string, unknown> {
    const json: Record<string, unknown> = { name: this.name, code: this.code };
    json['message'] = this.message;
    for (const [key, value] of Object.entries(this)) json[key] = value;
    if (this.cause !== undefined) json['cause'] = causeAsJson(this.cause);
    return json;
  }
}

Object.defineProperty(FinchError.prototype, brand, { value: true });

/**
 * Tells whether a value is an error of this package, whichever copy of the
 * package made it.
 *
 * @example
 * if (isFinchError(error) && error.code === 'ERR_FINCH_QUEUE_FULL') return shedLoad();
 */
export function isFinchError(value: unknown): value is FinchError {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * Gives a class's errors their name, on the prototype: so it is in the first
 * line of the stack, which the engine writes before a constructor's body runs,
 * and survives a minifier.
 *
 * @internal
 */
export function nameErrors(errorClass: { readonly prototype: FinchError }, name: string): void {
  Object.defineProperty(errorClass.prototype, 'name', {
    value: name,
    writable: true,
    configurable: true,
  });
}

/**
 * Adds fields that the layer which made the error did not know, such as the
 * pool of an error that comes from the wire. Fields that are there already stay.
 *
 * @internal
 */
export function annotateError<E extends FinchError>(
  error: E,
  details: Readonly<Record<string, unknown>>,
): E {
  for (const [key, value] of Object.entries(details)) {
    if (value !== undefined && !(key in error)) {
      Object.defineProperty(error, key, { value, enumerable: true, configurable: true });
    }
  }
  return error;
}

/**
 * Gives an error an accumulator. One error may be the failure of several
 * streams (a pool that could not be started): each but the first gets a copy.
 *
 * @internal
 */
export function withAcc(error: Error, acc: unknown): Error {
  if (!isFinchError(error)) return error;
  const descriptor = { value: acc, configurable: true };
  if (!Object.hasOwn(error, 'acc')) return Object.defineProperty(error, 'acc', descriptor);
  const prototype = Object.getPrototypeOf(error) as object;
  const { acc: _, stack: __, ...fields } = Object.getOwnPropertyDescriptors(error);
  // The engine may keep the stack behind an accessor, which knows real errors only.
  const stack = { value: error.stack, writable: true, configurable: true };
  return Object.create(prototype, { ...fields, stack, acc: descriptor }) as Error;
}

/** Copies the given fields only: an error does not print `reused: undefined`. */
function assignDetails(error: FinchError, details: object): void {
  for (const [key, value] of Object.entries(details)) {
    if (key !== 'cause' && value !== undefined) {
      Object.defineProperty(error, key, { value, enumerable: true, configurable: true });
    }
  }
}

function causeAsJson(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const code = (cause as { code?: unknown }).code;
  return {
    name: cause.name,
    message: cause.message,
    ...(code === undefined ? {} : { code }),
  };
}

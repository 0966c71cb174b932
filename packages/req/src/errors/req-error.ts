/**
 * The base of every error that this package throws or rejects with. Failures of the connection and
 * of pools are errors of @linnet/finch, and pass through as they are.
 */

/** Survives two copies of the package: both look it up in the global symbol registry. */
const brand: unique symbol = Symbol.for('@linnet/req/error') as never;

/** What every error of this package may be given: the error underneath it. */
export interface ReqErrorOptions {
  /** The error underneath, as `Error.cause`. */
  readonly cause?: unknown;
}

/**
 * The base class of the package's errors.
 *
 * Use it to tell this package's failures from anything else in one `catch`; use `code` or the class
 * to tell them apart.
 *
 * @example
 * try {
 *   await req.get('/users', { httpErrors: 'raise' });
 * } catch (error) {
 *   if (error instanceof StatusError) console.error(error.status, error.response.body);
 *   else throw error;
 * }
 */
export abstract class ReqError extends Error {
  /** The stable code of the class, also found on each of its instances. */
  static readonly code: string = 'ERR_REQ';

  /** The stable code, `ERR_REQ_…`: it never changes, messages may. */
  readonly code: string;

  constructor(message: string, details: object) {
    const { cause } = details as ReqErrorOptions;
    super(message, cause === undefined ? undefined : { cause });
    this.code = new.target.code;
    for (const [key, value] of Object.entries(details)) {
      if (key !== 'cause' && value !== undefined) {
        Object.defineProperty(this, key, { value, enumerable: true, configurable: true });
      }
    }
  }

  /** Lets `error instanceof StatusError` hold for an error of another copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    if (!isReqError(value)) return false;
    return this === ReqError || (Object.hasOwn(this, 'code') && value.code === this.code);
  }

  /** The error as plain data for a structured log: name, code, message and the typed fields. */
  toJSON(): Record<string, unknown> {
    const json: Record<string, unknown> = { name: this.name, code: this.code };
    json['message'] = this.message;
    for (const [key, value] of Object.entries(this)) json[key] = value;
    if (this.cause instanceof Error) {
      const { name, message } = this.cause;
      json['cause'] = { name, message };
    }
    return json;
  }
}

Object.defineProperty(ReqError.prototype, brand, { value: true });

/**
 * Tells whether a value is an error of this package, whichever copy of the package made it.
 *
 * @example
 * if (isReqError(error) && error.code === 'ERR_REQ_CIRCUIT_OPEN') shedLoad();
 */
export function isReqError(value: unknown): value is ReqError {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * Gives a class's errors their name, on the prototype: so it is in the first line of the stack, and
 * survives a minifier.
 *
 * @internal
 */
export function nameErrors(errorClass: { readonly prototype: ReqError }, name: string): void {
  Object.defineProperty(errorClass.prototype, 'name', {
    value: name,
    writable: true,
    configurable: true,
  });
}

/** A cause as the end of a sentence: `: unexpected end of file`. */
export function because(cause: unknown): string {
  return cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '';
}

/** A URL as messages show it: without its query, where secrets may lie. */
export function shownUrl(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/\/\/[^/?#@]*@/g, '//[hidden]@');
}

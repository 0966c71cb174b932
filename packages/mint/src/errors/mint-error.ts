/**
 * The base of every error of this package, and the brand by which `instanceof`
 * holds when two copies of the package are loaded.
 */

/** Survives two copies of the package: both look it up in the global symbol registry. */
const brand: unique symbol = Symbol.for('@linnet/mint/error') as never;

/**
 * The base class of the package's errors. Tell them apart by `code` or by class.
 *
 * @example
 * const isOurs = (error: unknown) => error instanceof MintError && error.code === 'ERR_MINT_TLS';
 */
export abstract class MintError extends Error {
  /** The stable code of the class, also found on each of its instances. */
  static readonly code: string = 'ERR_MINT';

  /** The stable code, `ERR_MINT_…`: it never changes, messages may. */
  readonly code: string;

  constructor(message: string, fields: object) {
    const { cause } = fields as { readonly cause?: unknown };
    super(message, cause === undefined ? undefined : { cause });
    this.code = new.target.code;
    // An error does not print `reused: undefined`.
    for (const [key, value] of Object.entries(fields)) {
      if (key !== 'cause' && value !== undefined) {
        Object.defineProperty(this, key, { value, enumerable: true, configurable: true });
      }
    }
  }

  /** Holds for an error that another copy of this package made: it carries the brand and the code. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    if (!isMintError(value)) return false;
    // A subclass outside this package inherits `code`; only its own instances count.
    return this === MintError || (Object.hasOwn(this, 'code') && value.code === this.code);
  }
}

Object.defineProperty(MintError.prototype, brand, { value: true });

/**
 * Tells whether a value is an error of this package, whichever copy of it made it.
 *
 * @example
 * if (isMintError(error)) console.error(error.code, error.message);
 */
export function isMintError(value: unknown): value is MintError {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * Gives a class's errors their name, on the prototype: so it is in the first line
 * of the stack, and survives a minifier.
 */
export function nameErrors(errorClass: { readonly prototype: MintError }, name: string): void {
  Object.defineProperty(errorClass.prototype, 'name', {
    value: name,
    writable: true,
    configurable: true,
  });
}

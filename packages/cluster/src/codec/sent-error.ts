/** Errors on their way: exit reasons, causes, values. */

/** The parts of an error that travel. */
export interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: unknown;
  readonly hasCause: boolean;
  /** Its own fields, such as `code`. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const classes: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

const ownParts: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause', '__proto__']);

/** What goes in the place of an error. */
export class SentError {
  readonly parts: ErrorParts;

  /** `prepare` makes a field ready to be sent; one that cannot be is left out. */
  constructor(error: Error, prepare: (value: unknown, name: string) => unknown) {
    const fields: Record<string, unknown> = {};
    const attempt = (value: unknown, name: string): unknown => {
      try {
        return prepare(value, name);
      } catch {
        return undefined; // an error is not to get lost because of a field of it
      }
    };
    for (const key of Object.keys(error)) {
      if (ownParts.has(key)) continue;
      const value = attempt((error as unknown as Record<string, unknown>)[key], key);
      if (value !== undefined) fields[key] = value;
    }
    const hasCause = 'cause' in error;
    this.parts = {
      name: String(error.name),
      message: String(error.message),
      stack: typeof error.stack === 'string' ? error.stack : undefined,
      cause: hasCause ? attempt(error.cause, 'cause') : undefined,
      hasCause,
      fields,
    };
  }
}

/** The error of which these are the parts: of its own class if that is one of the language, else an Error. */
export function receivedError(parts: unknown): Error {
  const { name, message, stack, cause, hasCause, fields } = (parts ?? {}) as Partial<ErrorParts>;
  const known =
    typeof name === 'string' && Object.hasOwn(classes, name) ? classes[name] : undefined;
  const error = new (known ?? Error)(String(message), hasCause === true ? { cause } : undefined);
  const define = (key: string, value: unknown, enumerable: boolean): void => {
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
  };
  define('stack', typeof stack === 'string' ? stack : `${String(name)}: ${String(message)}`, false);
  if (known === undefined && typeof name === 'string') define('name', name, false);
  if (typeof fields === 'object' && fields !== null) {
    for (const [key, value] of Object.entries(fields)) {
      if (!ownParts.has(key)) define(key, value, true);
    }
  }
  return error;
}

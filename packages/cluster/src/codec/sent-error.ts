/** Errors on their way: exit reasons, causes, values. */
import { types } from 'node:util';

/** The parts of an error that travel. */
interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: unknown;
  readonly hasCause: boolean;
  /** Its own fields, such as `code`; of an AggregateError its `errors`, too. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What goes in the place of an error. */
export class SentError {
  readonly parts: ErrorParts;

  constructor(parts: ErrorParts) {
    this.parts = parts;
  }
}

/** Errors in errors at most: the rest is left out. */
const mostNested = 100;

/** A copy of a value with `SentError` in the place of its errors; circles and shared parts stay. */
export function withSentErrors(value: unknown, check: (part: unknown) => void): unknown {
  return new Copy(check).of(value);
}

class Copy {
  readonly #check: (part: unknown) => void;
  /** An error that is being copied is undefined. */
  readonly #copies = new Map<object, unknown>();
  #nested = 0;

  constructor(check: (part: unknown) => void) {
    this.#check = check;
  }

  of(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (this.#copies.has(value)) return this.#copies.get(value);
    if (Array.isArray(value)) {
      const copy: unknown[] = this.#remember(value, []);
      for (const item of value) copy.push(this.of(item));
      return copy;
    }
    if (value instanceof Map) {
      const copy = this.#remember(value, new Map<unknown, unknown>());
      for (const [key, item] of value) copy.set(this.of(key), this.of(item));
      return copy;
    }
    if (value instanceof Set) {
      const copy = this.#remember(value, new Set());
      for (const item of value) copy.add(this.of(item));
      return copy;
    }
    if (types.isNativeError(value) || value instanceof Error) return this.#errorOf(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    const copy: Record<string, unknown> = this.#remember(value, {});
    for (const [key, item] of Object.entries(value)) copy[key] = this.of(item);
    return copy;
  }

  #remember<T>(value: object, copy: T): T {
    this.#copies.set(value, copy);
    return copy;
  }

  #errorOf(error: Error): SentError | undefined {
    // In an error that is its own cause, it is left out: msgpackr has no circles through extensions.
    this.#copies.set(error, undefined);
    if (this.#nested > mostNested) return undefined;
    const fields: Record<string, unknown> = {};
    const keys = Object.keys(error);
    if ('errors' in error && !keys.includes('errors')) keys.push('errors');
    for (const key of keys) {
      if (ownParts.has(key)) continue;
      const field = this.#partOf((error as unknown as Record<string, unknown>)[key]);
      if (field !== undefined) fields[key] = field;
    }
    const hasCause = 'cause' in error;
    const sent = new SentError({
      name: String(error.name),
      message: String(error.message),
      stack: typeof error.stack === 'string' ? error.stack : undefined,
      cause: hasCause ? this.#partOf(error.cause) : undefined,
      hasCause,
      fields,
    });
    return this.#remember(error, sent);
  }

  /** An error is not to get lost because of a part of it: what cannot be sent is left out. */
  #partOf(value: unknown): unknown {
    this.#nested++;
    try {
      this.#check(value);
      return this.of(value);
    } catch {
      return undefined;
    } finally {
      this.#nested--;
    }
  }
}

const ownParts: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause', '__proto__']);

const classes: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

function newError(name: unknown, message: string, options: ErrorOptions | undefined): Error {
  if (name === 'AggregateError') return new AggregateError([], message, options);
  const known =
    typeof name === 'string' && Object.hasOwn(classes, name) ? classes[name] : undefined;
  return new (known ?? Error)(message, options);
}

/** The error of which these are the parts: of its own class if that is one of the language, else an Error. */
export function receivedError(parts: unknown): Error {
  const { name, message, stack, cause, hasCause, fields } = (parts ?? {}) as Partial<ErrorParts>;
  const error = newError(name, String(message), hasCause === true ? { cause } : undefined);
  const define = (key: string, value: unknown, enumerable: boolean): void => {
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
  };
  define('stack', typeof stack === 'string' ? stack : `${String(name)}: ${String(message)}`, false);
  if (typeof name === 'string' && name !== error.name) define('name', name, false);
  if (typeof fields === 'object' && fields !== null) {
    for (const [key, value] of Object.entries(fields)) {
      if (!ownParts.has(key)) define(key, value, key !== 'errors');
    }
  }
  return error;
}

/**
 * Values as logs show them: no deeper and no longer than it helps a reader, and without secrets. A
 * state may have megabytes, and the last message a password; what was read of them is never changed.
 */
import { types } from 'node:util';
import { brandKey } from './brand.ts';

/** How much of a value is shown. */
export interface LogBounds {
  /** Levels of objects within each other. Default: 4. */
  readonly depth?: number;
  /** Entries of an object, array, map or set. Default: 20. */
  readonly entries?: number;
  /** Characters of a string. Default: 1000. */
  readonly length?: number;
  /**
   * Keys whose values are not shown, beside those that are known to be secrets (`authorization`,
   * `cookie`, `password`, `token`, `apiKey`, …). Case, `-` and `_` do not matter. Default: none.
   */
  readonly redact?: readonly string[];
}

/** How many values are shown at all, and characters of all strings together. */
const mostValues = 500;
const mostCharacters = 20_000;

/** What stands for a secret. */
const hidden = '[redacted]';

/** Without `-` and `_`, in lower case. */
const secretKeys: ReadonlySet<string> = new Set([
  'accesskey',
  'accesstoken',
  'apikey',
  'auth',
  'authorization',
  'bearer',
  'clientsecret',
  'cookie',
  'cookies',
  'credential',
  'credentials',
  'idtoken',
  'jwt',
  'passphrase',
  'passwd',
  'password',
  'privatekey',
  'proxyauthorization',
  'refreshtoken',
  'secret',
  'secretkey',
  'secrets',
  'session',
  'sessionid',
  'setcookie',
  'token',
  'xapikey',
  'xauthtoken',
  'xcsrftoken',
]);

const plain = (key: string): string => key.replaceAll(/[-_]/g, '').toLowerCase();

/** A credential, whatever its key: `Bearer …`, `Basic …`. */
const credential = /^(?:bearer|basic)\s+\S/i;

/** A copy of a value within bounds; never throws, whatever it is. */
export function boundedCopy(value: unknown, bounds: LogBounds = {}): unknown {
  return new BoundedCopy(bounds).of(value);
}

class BoundedCopy {
  private readonly depth: number;
  private readonly entries: number;
  private readonly length: number;
  private readonly redact: ReadonlySet<string>;
  private valuesLeft = mostValues;
  private charactersLeft = mostCharacters;
  /** The objects around the one that is copied. */
  private readonly around: object[] = [];

  constructor({ depth = 4, entries = 20, length = 1000, redact = [] }: LogBounds) {
    this.depth = depth;
    this.entries = entries;
    this.length = length;
    this.redact = new Set(redact.map(plain));
  }

  of(value: unknown): unknown {
    if (this.valuesLeft-- <= 0) return '…';
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'bigint':
        return `${value}n`;
      case 'symbol':
        return String(value);
      case 'function':
        return this.safely(() => `[function ${value.name}]`);
      case 'object':
        return value === null ? null : this.safely(() => this.object(value));
      default:
        return value;
    }
  }

  private text(text: string): string {
    if (credential.test(text)) return hidden;
    const shown = Math.min(this.length, this.charactersLeft);
    const more = text.length - shown;
    this.charactersLeft -= Math.min(text.length, shown);
    return more > 0 ? `${text.slice(0, shown)}… ${more} more characters` : text;
  }

  private safely(copy: () => unknown): unknown {
    try {
      return copy();
    } catch {
      return 'an unprintable value'; // a revoked proxy, or a getter that throws
    }
  }

  private object(value: object): unknown {
    if (types.isProxy(value)) return '[proxy]';
    if (isPid(value)) return value;
    if (this.around.includes(value)) return '[circular]';
    if (types.isNativeError(value) || value instanceof Error) return this.error(value);
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
      return `[${nameOf(value)} of ${value.byteLength} bytes]`;
    }
    if (types.isDate(value)) return new Date(value);
    if (types.isRegExp(value) || value instanceof URL) return this.text(String(value));
    if (this.around.length >= this.depth) return `[${nameOf(value)}]`;
    this.around.push(value);
    try {
      return this.inner(value);
    } finally {
      this.around.pop();
    }
  }

  private inner(value: object): unknown {
    if (Array.isArray(value)) return this.list(value, value.length);
    if (types.isSet(value)) return this.list(value, value.size);
    if (types.isMap(value)) return this.record({}, value, value.size);
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === 'function') return this.of(toJSON.call(value, ''));
    const keys = Object.keys(value);
    const name = nameOf(value);
    if (keys.length === 0 && name !== 'Object') return `[${name}]`;
    return this.record(shell(name), fieldsOf(value, keys), keys.length);
  }

  /** A flat list of headers has names and values in turn: what follows a secret name is a secret. */
  private list(values: Iterable<unknown>, size: number): unknown[] {
    const copy: unknown[] = [];
    let before: unknown;
    for (const value of values) {
      if (copy.length === this.entries) {
        copy.push(`… ${size - copy.length} more`);
        break;
      }
      const isSecret =
        typeof before === 'string' && typeof value === 'string' && this.hides(before);
      copy.push(isSecret ? hidden : this.of(value));
      before = value;
    }
    return copy;
  }

  private record(
    copy: Record<string, unknown>,
    fields: Iterable<readonly [unknown, unknown]>,
    size: number,
  ): unknown {
    let count = 0;
    for (const [key, value] of fields) {
      if (count === this.entries) {
        copy['…'] = `${size - count} more`;
        break;
      }
      count++;
      const name = typeof key === 'string' ? key : String(this.of(key));
      setField(copy, name, this.hides(name) ? hidden : this.of(value));
    }
    return copy;
  }

  private hides(key: string): boolean {
    const name = plain(key);
    return secretKeys.has(name) || this.redact.has(name);
  }

  /** Of the same class, with name, message, stack, cause and fields of the original. */
  private error(error: Error & { readonly errors?: unknown }): unknown {
    if (this.around.length >= this.depth) return `[${String(error.name)}]`;
    this.around.push(error);
    try {
      const copy = Object.create(Object.getPrototypeOf(error) as object) as object;
      for (const key of ['name', 'message', 'stack', 'cause', 'errors'] as const) {
        const own = Object.getOwnPropertyDescriptor(error, key);
        if (own === undefined && (key === 'name' || error[key] === undefined)) continue;
        setField(copy, key, this.of(error[key]), false);
      }
      const keys = Object.keys(error).filter((key) => !Object.hasOwn(copy, key));
      this.record(copy as Record<string, unknown>, fieldsOf(error, keys), keys.length);
      return copy;
    } finally {
      this.around.pop();
    }
  }
}

/** Sets a field whatever its name is, `__proto__` included. */
function setField(target: object, key: string, value: unknown, enumerable = true): void {
  Object.defineProperty(target, key, { value, enumerable, configurable: true, writable: true });
}

function* fieldsOf(value: object, keys: readonly string[]): Generator<[string, unknown]> {
  for (const key of keys) {
    const field = Object.getOwnPropertyDescriptor(value, key);
    // What a getter computes is not asked for.
    yield [key, field === undefined || 'value' in field ? field?.value : '[getter]'];
  }
}

function isPid(value: object): boolean {
  return (value as { readonly [brandKey]?: { readonly kind?: unknown } })[brandKey]?.kind === 'pid';
}

function nameOf(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown };
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'Object';
}

/** An empty object that is printed with the name of a class. */
function shell(name: string): Record<string, unknown> {
  if (name === 'Object') return {};
  const Shell = { [name]: class {} }[name] as new () => Record<string, unknown>;
  return new Shell();
}

/** The kinds of options that a schema is made of. */
import {
  invalid,
  type Field,
  type Fields,
  type InputOf,
  type OutputOf,
  type Schema,
} from './field.ts';

/**
 * A span of time: an integer from 0 to 2147483647 in ms (what a timer of Node
 * can hold), or `'infinity'`.
 */
export type Duration = number | 'infinity';

/** A cap: an integer, or `'infinity'` for none. */
export type Limit = number | 'infinity';

/** What describes every option. */
export interface Description {
  /** What the option does, as a sentence of the documentation. */
  readonly doc: string;
  /** The unit of its number. */
  readonly unit?: string;
  /** The default in words, when it is not a plain value. */
  readonly defaultText?: string;
  /** Whether no message may show the value. */
  readonly secret?: boolean;
}

/** The greatest delay that Node's timers hold; a greater one would fire at once. */
const longestDelay = 2_147_483_647;

/**
 * An option with its own check.
 *
 * @example
 * const port = custom<number>({
 *   doc: 'The port to listen on.',
 *   type: 'integer',
 *   allowed: 'a port above 1023',
 *   parse: (value) => (isInteger(value, 1024, 65_535) ? value : invalid),
 * });
 */
export function custom<Input, Output = Input, const D extends Output | undefined = undefined>(
  spec: Description & {
    readonly type: string;
    readonly allowed: string;
    readonly default?: D;
    readonly entries?: Field<unknown, unknown>['entries'];
    readonly parse: (value: unknown, path: string) => Output | typeof invalid;
  },
): Field<Input, Output | D, false> {
  return {
    type: spec.type,
    allowed: spec.allowed,
    doc: spec.doc,
    unit: spec.unit,
    secret: spec.secret,
    required: false,
    fallback: spec.default as D,
    fallbackText: spec.defaultText,
    entries: spec.entries,
    parse: spec.parse,
  };
}

/**
 * The same option, which must be given.
 *
 * @example
 * const name = required(string({ doc: 'The name of the pool.' }));
 */
export function required<Input, Output>(
  field: Field<Input, Output>,
): Field<Input, Exclude<Output, undefined>, true> {
  return { ...field, required: true } as unknown as Field<Input, Exclude<Output, undefined>, true>;
}

/**
 * An integer within bounds.
 *
 * @example
 * const size = integer({ min: 1, default: 50, unit: 'connections', doc: 'The cap on open connections.' });
 */
export function integer<const D extends number | undefined = undefined>(
  spec: Description & { readonly min: number; readonly max?: number; readonly default?: D },
): Field<number, number | D, false> {
  const { min, max = Number.MAX_SAFE_INTEGER } = spec;
  return custom<number, number, D>({
    ...spec,
    type: 'integer',
    allowed: `an integer ${range(min, spec.max)}`,
    parse: (value) => (isInteger(value, min, max) ? value : invalid),
  });
}

/**
 * An integer, or `'infinity'` for no limit.
 *
 * @example
 * const maxQueue = limit({ min: 0, default: 'infinity', doc: 'How many callers may wait.' });
 */
export function limit<const D extends Limit | undefined = undefined>(
  spec: Description & { readonly min: number; readonly default?: D },
): Field<Limit, Limit | D, false> {
  const { min } = spec;
  return custom<Limit, Limit, D>({
    ...spec,
    type: "integer or 'infinity'",
    allowed: `an integer ${range(min)} or 'infinity'`,
    parse: (value) => (value === 'infinity' || isInteger(value, min) ? value : invalid),
  });
}

/**
 * A span of time in ms from `min` (0 by default), or `'infinity'`.
 *
 * @example
 * const timeout = duration({ default: 5000, doc: 'How long to wait.' });
 */
export function duration<const D extends Duration | undefined = undefined>(
  spec: Description & { readonly min?: number; readonly default?: D },
): Field<Duration, Duration | D, false> {
  const { min = 0 } = spec;
  return custom<Duration, Duration, D>({
    unit: 'ms',
    ...spec,
    type: "integer or 'infinity'",
    allowed: `an integer ${range(min, longestDelay)} (ms) or 'infinity'`,
    parse: (value) =>
      value === 'infinity' || isInteger(value, min, longestDelay) ? value : invalid,
  });
}

/**
 * A span of time in ms that must end.
 *
 * @example
 * const shutdown = finiteDuration({ default: 5000, doc: 'How long it may take to end.' });
 */
export function finiteDuration<const D extends number | undefined = undefined>(
  spec: Description & { readonly min?: number; readonly default?: D },
): Field<number, number | D, false> {
  return integer<D>({ unit: 'ms', max: longestDelay, ...spec, min: spec.min ?? 0 });
}

/**
 * `true` or `false`.
 *
 * @example
 * const retry = boolean({ default: true, doc: 'Whether it is tried again.' });
 */
export function boolean<const D extends boolean | undefined = undefined>(
  spec: Description & { readonly default?: D },
): Field<boolean, boolean | D, false> {
  return custom<boolean, boolean, D>({
    ...spec,
    type: 'boolean',
    allowed: 'true or false',
    parse: (value) => (typeof value === 'boolean' ? value : invalid),
  });
}

/**
 * A string that is not empty and has no NUL; `allowed` and `accepts` narrow it.
 *
 * @example
 * const host = string({
 *   doc: 'The host to connect to.',
 *   allowed: 'a name without spaces',
 *   accepts: (value) => !value.includes(' '),
 * });
 */
export function string<const D extends string | undefined = undefined>(
  spec: Description & {
    readonly allowed?: string;
    readonly accepts?: (value: string) => boolean;
    readonly default?: D;
  },
): Field<string, string | D, false> {
  const { accepts } = spec;
  return custom<string, string, D>({
    ...spec,
    type: 'string',
    allowed: spec.allowed ?? 'a string that is not empty',
    parse: (value) =>
      typeof value === 'string' &&
      value !== '' &&
      !value.includes('\0') &&
      (accepts === undefined || accepts(value))
        ? value
        : invalid,
  });
}

/**
 * One of a few words, or `true` or `false`.
 *
 * @example
 * const whenFull = oneOf(['queue', 'fail'], { default: 'queue', doc: 'What a full pool does.' });
 */
export function oneOf<const V extends string | boolean, const D extends V | undefined = undefined>(
  values: readonly V[],
  spec: Description & { readonly default?: D },
): Field<V, V | D, false> {
  const words = values.map((value) => (typeof value === 'string' ? `'${value}'` : `${value}`));
  return custom<V, V, D>({
    ...spec,
    type: words.join(' | '),
    allowed: alternatives(words),
    parse: (value) => values.find((known) => known === value) ?? invalid,
  });
}

/**
 * A list of distinct words out of a few, at least one.
 *
 * @example
 * const protocols = someOf(['http1', 'http2'], { default: ['http2', 'http1'], doc: 'What is spoken.' });
 */
export function someOf<const V extends string>(
  values: readonly V[],
  spec: Description & { readonly default: readonly V[] },
): Field<readonly V[], readonly V[], false> {
  const words = values.map((value) => `'${value}'`);
  return custom<readonly V[], readonly V[], readonly V[]>({
    ...spec,
    default: Object.freeze([...spec.default]),
    type: `list of ${words.join(' | ')}`,
    allowed: `a list of at least one of ${words.join(', ')}, each at most once`,
    parse: (value) => {
      if (!Array.isArray(value) || value.length === 0) return invalid;
      const list = value as readonly unknown[];
      if (!list.every((item) => values.includes(item as V))) return invalid;
      return new Set(list).size === list.length ? Object.freeze([...(list as V[])]) : invalid;
    },
  });
}

/**
 * An object of options inside an object of options.
 *
 * @example
 * const defineSchema = schemaDefiner((problem) => new RangeError(optionMessage(problem)));
 * const tls = defineSchema('TLS options', { servername: string({ doc: 'The name to ask for.' }) });
 * const fields = { tls: nested(tls, { doc: 'How TLS is spoken.' }) };
 */
export function nested<F extends Fields>(
  schema: Schema<F>,
  spec: Description,
): Field<InputOf<F>, OutputOf<F>, false> {
  return {
    type: 'object',
    allowed: 'an object of options',
    doc: spec.doc,
    required: false,
    fallback: schema.defaults,
    inner: schema,
    parse: (value, path) => schema.parse(value, `${path}.`),
  };
}

/**
 * Whether a value is an integer within bounds.
 *
 * @example
 * isInteger(3, 1, 5); // true
 */
export function isInteger(
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

/**
 * Whether a value is an object, and no array.
 *
 * @example
 * isObject({ size: 1 }); // true
 * isObject([1]); // false
 */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether a value is a span of time in ms that a timer of Node can hold.
 *
 * @example
 * isDelay(1500); // true
 * isDelay(-1); // false
 */
export function isDelay(value: unknown): value is number {
  return isInteger(value, 0, longestDelay);
}

function range(min: number, max?: number): string {
  return max === undefined ? `>= ${min}` : `from ${min} to ${max}`;
}

/** `'a', 'b' or 'c'`. */
function alternatives(words: readonly string[]): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/** The kinds of options that a schema is made of. */
import { invalid, type Field } from './field.ts';

/** A span of time: an integer from 0 in ms, or `'infinity'`. */
export type Duration = number | 'infinity';

/** What describes every field. */
interface Description {
  readonly doc: string;
  readonly unit?: string;
  readonly defaultText?: string;
  readonly secret?: boolean;
}

/** The greatest delay that Node's timers hold. */
const longestDelay = 2_147_483_647;

/** An option with its own check. */
export function custom<Input, Output = Input, const D extends Output | undefined = undefined>(
  spec: Description & {
    readonly type: string;
    readonly allowed: string;
    readonly default?: D;
    readonly parse: (value: unknown, path: string) => Output | typeof invalid;
  },
): Field<Input, Output | D> {
  const { type, allowed, doc, unit, secret, parse, defaultText } = spec;
  const fallback = spec.default as D;
  return {
    type,
    allowed,
    doc,
    unit,
    secret,
    required: false,
    fallback,
    fallbackText: defaultText,
    parse,
  };
}

/** `true` or `false`. */
export function boolean<const D extends boolean | undefined = undefined>(
  spec: Description & { readonly default?: D },
): Field<boolean, boolean | D> {
  return custom<boolean, boolean, D>({
    ...spec,
    type: 'boolean',
    allowed: 'true or false',
    parse: (value) => (typeof value === 'boolean' ? value : invalid),
  });
}

/** An integer from `min` on. */
export function integer<const D extends number | undefined = undefined>(
  spec: Description & { readonly min: number; readonly default?: D },
): Field<number, number | D> {
  return custom<number, number, D>({
    ...spec,
    type: 'integer',
    allowed: `an integer >= ${spec.min}`,
    parse: (value) => (isInteger(value, spec.min) ? value : invalid),
  });
}

/** An integer from 1 on, or `'infinity'`. */
export function limit<const D extends number | 'infinity' | undefined = undefined>(
  spec: Description & { readonly default?: D },
): Field<number | 'infinity', number | 'infinity' | D> {
  return custom<number | 'infinity', number | 'infinity', D>({
    ...spec,
    type: "integer | 'infinity'",
    allowed: "an integer >= 1, or 'infinity'",
    parse: (value) => (value === 'infinity' || isInteger(value, 1) ? value : invalid),
  });
}

/** A span of time. */
export function duration<const D extends Duration | undefined = undefined>(
  spec: Description & { readonly default?: D },
): Field<Duration, Duration | D> {
  return custom<Duration, Duration, D>({
    ...spec,
    unit: 'ms',
    type: "integer | 'infinity'",
    allowed: `an integer from 0 to ${longestDelay} in ms, or 'infinity'`,
    parse: (value) => (value === 'infinity' || isDelay(value) ? value : invalid),
  });
}

/** A text that is not empty. */
export function text(
  spec: Description & { readonly allowed?: string },
): Field<string, string | undefined> {
  return custom<string>({
    ...spec,
    type: 'string',
    allowed: spec.allowed ?? 'a string that is not empty',
    parse: (value) => (typeof value === 'string' && value !== '' ? value : invalid),
  });
}

/** One of a few values. */
export function oneOf<const V extends string | boolean, const D extends V | undefined = undefined>(
  values: readonly V[],
  spec: Description & { readonly default?: D },
): Field<V, V | D> {
  const type = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)));
  return custom<V, V, D>({
    ...spec,
    type: type.join(' | '),
    allowed: type.join(' or '),
    parse: (value) => values.find((known) => known === value) ?? invalid,
  });
}

export function isInteger(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min;
}

export function isDelay(value: unknown): value is number {
  return isInteger(value, 0) && value <= longestDelay;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

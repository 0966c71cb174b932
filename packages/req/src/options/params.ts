/** Query and path parameters, and the fields of a form, as a caller gives them. */
import { custom, invalid, isObject } from '@linnet/otp/options';

/** One value; `null` and `undefined` leave the parameter out. */
export type ParamValue = string | number | bigint | boolean | null | undefined;

/** Parameters: an object or pairs; a list of values repeats the name. */
export type ParamsInput =
  | Iterable<readonly [name: string, value: ParamValue | readonly ParamValue[]]>
  | Readonly<Record<string, ParamValue | readonly ParamValue[]>>;

/** The same as plain pairs. */
export type Pairs = readonly [name: string, value: string][];

/** The pairs of what was given; undefined when it is something else. */
function pairsOf(value: unknown): Pairs | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries: Iterable<unknown> =
    Symbol.iterator in value ? (value as Iterable<unknown>) : Object.entries(value);
  const pairs: [string, string][] = [];
  for (const entry of entries) {
    if (!Array.isArray(entry) || entry.length !== 2) return undefined;
    const [name, given] = entry as [unknown, unknown];
    if (typeof name !== 'string') return undefined;
    for (const each of Array.isArray(given) ? (given as unknown[]) : [given]) {
      if (each === null || each === undefined) continue;
      if (!isPlain(each)) return undefined;
      pairs.push([name, String(each)]);
    }
  }
  return pairs;
}

function isPlain(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

/** Later pairs replace earlier ones of the same name. */
export function mergePairs(before: Pairs | undefined, after: Pairs): Pairs {
  if (before === undefined) return after;
  const names = new Set(after.map(([name]) => name));
  return [...before.filter(([name]) => !names.has(name)), ...after];
}

export const params = custom<ParamsInput, Pairs>({
  doc: 'Query parameters, added to the query of the URL. Merging replaces those of the same name.',
  type: 'object | pairs',
  allowed: 'an object or pairs of strings, numbers, booleans, or lists of them',
  parse: (value) => pairsOf(value) ?? invalid,
});

export const form = custom<ParamsInput, Pairs>({
  doc: 'The body as `application/x-www-form-urlencoded`.',
  type: 'object | pairs',
  allowed: 'an object or pairs of strings, numbers, booleans, or lists of them',
  parse: (value) => pairsOf(value) ?? invalid,
});

export const pathParams = custom<
  Readonly<Record<string, string | number | bigint | boolean>>,
  Readonly<Record<string, string>>
>({
  doc: 'Values for `:name` (or `{name}`) in the path, percent-encoded.',
  type: 'object',
  allowed: 'an object of strings, numbers or booleans',
  parse(value) {
    const pairs = isObject(value) ? pairsOf(value) : undefined;
    return pairs === undefined ? invalid : Object.fromEntries(pairs);
  },
});

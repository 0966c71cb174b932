/** Checks what a caller gives against the fields of a schema. */
import { ReqOptionsError } from '../errors/index.ts';
import { invalid, type Field, type Fields, type OutputOf } from './field.ts';
import { nearestName } from './suggest.ts';

/** A set of options, as they are checked. */
export interface Schema<F extends Fields> {
  /** What kind of options they are, for documentation. */
  readonly scope: string;
  /** What to say of names that other clients have. */
  readonly elsewhere: Readonly<Record<string, string>>;
  readonly fields: F;
  /** Every option at its default. */
  readonly defaults: OutputOf<F>;
  /**
   * The options that are given, checked; those that are absent or `undefined` are left out.
   *
   * @throws ReqOptionsError
   */
  parse(given: object | undefined, path?: string): Partial<OutputOf<F>>;
}

/** Makes a schema. `elsewhere` says what a name that is no option here is called instead. */
export function defineSchema<F extends Fields>(
  scope: string,
  fields: F,
  elsewhere: Readonly<Record<string, string>> = {},
): Schema<F> {
  const known = new Map<string, Field<unknown, unknown>>(Object.entries(fields));
  const defaults: Record<string, unknown> = {};
  for (const [name, { fallback }] of known) defaults[name] = fallback;
  return {
    scope,
    fields,
    elsewhere,
    defaults: Object.freeze(defaults) as OutputOf<F>,
    parse(given, path = '') {
      const output: Record<string, unknown> = {};
      if (given === undefined) return output as Partial<OutputOf<F>>;
      if (typeof given !== 'object' || given === null || Array.isArray(given)) {
        const option = path === '' ? 'options' : path.slice(0, -1);
        throw new ReqOptionsError({ option, value: given, allowed: 'an object of options' });
      }
      for (const [name, value] of Object.entries(given) as [string, unknown][]) {
        const field = known.get(name);
        if (field === undefined) throw unknown(name, path, value, [...known.keys()], elsewhere);
        if (value === undefined) continue;
        const parsed = field.parse(value, path + name);
        if (parsed === invalid) {
          const { allowed, secret } = field;
          throw new ReqOptionsError({ option: path + name, value, allowed, secret });
        }
        output[name] = parsed;
      }
      return output as Partial<OutputOf<F>>;
    },
  };
}

function unknown(
  name: string,
  path: string,
  value: unknown,
  names: readonly string[],
  elsewhere: Readonly<Record<string, string>>,
): ReqOptionsError {
  const other = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
  const meant = other ?? nearestName(names, name);
  return new ReqOptionsError({
    option: path + name,
    value,
    problem: 'unknown',
    suggestion: meant === undefined ? undefined : path + meant,
    allowed: names.join(', '),
    // A misspelt `auth` holds a secret as well.
    secret: true,
  });
}

/**
 * One schema for each object of options: it validates, supplies the defaults,
 * gives the TypeScript types and renders the documentation. Modelled on Elixir's
 * NimbleOptions.
 */
import { OptionsError } from '../errors/input-errors.ts';
import {
  invalid,
  type AnySchema,
  type Elsewhere,
  type Field,
  type Fields,
  type OutputOf,
} from './field.ts';
import { nearestOption } from './suggest.ts';

/** A set of options. */
export interface Schema<F extends Fields> {
  /** What the options are, for messages: `pool options`. */
  readonly scope: string;
  readonly fields: F;
  readonly elsewhere: Elsewhere;
  /** The resolved options when none are given: one frozen object, always the same. */
  readonly defaults: OutputOf<F>;
  /**
   * Validates and fills in defaults. The result is frozen, and parsing it again
   * returns it as it is: many pools share one object of options.
   *
   * @throws OptionsError for an unknown, missing or invalid option.
   */
  parse(input: unknown, path?: string): OutputOf<F>;
  /**
   * As `parse`, for options that are read once and not shared: the result is
   * not frozen, which saves most of the time. Without input it is `defaults`.
   */
  read(input: unknown): OutputOf<F>;
}

/** Marks what a schema made, and by which: it needs no second check. */
const parsedBy: unique symbol = Symbol('parsedBy');

/** Checks that reach over several fields. They throw an `OptionsError`. */
export type CrossCheck<F extends Fields> = (options: OutputOf<F>, path: string) => void;

/**
 * Makes a schema of fields.
 *
 * @example
 * const schema = defineSchema('pool options', {
 *   size: integer({ min: 1, default: 50, doc: 'The cap on open connections.' }),
 * });
 * schema.parse({ size: 2 }).size; // 2
 * schema.parse({ sise: 2 });      // OptionsError: Unknown option sise … Did you mean size?
 */
export function defineSchema<F extends Fields>(
  scope: string,
  fields: F,
  check?: CrossCheck<F>,
  elsewhere: Elsewhere = {},
): Schema<F> {
  const known = new Map<string, Field<unknown, unknown>>(Object.entries(fields));
  const required = [...known].filter(([, field]) => field.required).map(([name]) => name);
  const template: Record<string, unknown> = {};
  for (const [name, field] of known) template[name] = field.fallback;

  function finish(options: Record<string, unknown>): OutputOf<F> {
    // Not enumerable, so that a copy by spread is checked again.
    Object.defineProperty(options, parsedBy, { value: schema });
    return Object.freeze(options) as OutputOf<F>;
  }

  function resolve(input: unknown, path: string): Record<string, unknown> {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw notAnObject(schema, path, input);
    }
    const given = input as Readonly<Record<string, unknown>>;
    const output = { ...template };
    for (const name of Object.keys(given)) {
      const value = given[name];
      const field = known.get(name);
      if (field === undefined) throw unknownOption(schema, path + name, name, value);
      if (value === undefined) continue;
      const parsed = field.parse(value, path + name);
      if (parsed === invalid) throw invalidOption(scope, path + name, value, field);
      output[name] = parsed;
    }
    for (const name of required) {
      if (given[name] === undefined) throw missingOption(scope, path + name, known.get(name));
    }
    check?.(output as OutputOf<F>, path);
    return output;
  }

  function isParsed(input: unknown): input is OutputOf<F> {
    return (
      typeof input === 'object' &&
      input !== null &&
      (input as { [parsedBy]?: unknown })[parsedBy] === schema
    );
  }

  const schema: Schema<F> = {
    scope,
    fields,
    elsewhere,
    get defaults() {
      return defaults;
    },
    parse(input, path = '') {
      if (input === undefined && required.length === 0) return defaults;
      return isParsed(input) ? input : finish(resolve(input, path));
    },
    read(input) {
      if (input === undefined && required.length === 0) return defaults;
      return isParsed(input) ? input : (resolve(input, '') as OutputOf<F>);
    },
  };
  const defaults = finish({ ...template });
  return schema;
}

function notAnObject(schema: AnySchema, path: string, value: unknown): OptionsError {
  return new OptionsError({
    option: path === '' ? schema.scope : path.slice(0, -1),
    value,
    allowed: 'an object of options',
    secret: holdsSecrets(schema),
  });
}

function unknownOption(
  schema: AnySchema,
  option: string,
  name: string,
  value: unknown,
): OptionsError {
  const place = Object.hasOwn(schema.elsewhere, name) ? schema.elsewhere[name] : undefined;
  const meant = place === undefined ? nearestOption(schema, name) : undefined;
  return new OptionsError({
    option,
    value,
    scope: schema.scope,
    problem: 'unknown',
    suggestion: meant?.path,
    detail: place,
    allowed: Object.keys(schema.fields).join(', '),
    // The value of a misspelt `passphrase`, or of misplaced headers, may be a secret.
    secret: holdsSecrets(schema) || place !== undefined || meant?.field.secret === true,
  });
}

function holdsSecrets(schema: AnySchema): boolean {
  return Object.values(schema.fields).some((field) => field.secret === true);
}

function invalidOption(
  scope: string,
  option: string,
  value: unknown,
  { allowed, secret }: Field<unknown, unknown>,
): OptionsError {
  return new OptionsError({ option, value, scope, allowed, secret });
}

function missingOption(
  scope: string,
  option: string,
  field: Field<unknown, unknown> | undefined,
): OptionsError {
  return new OptionsError({
    option,
    value: undefined,
    scope,
    problem: 'missing',
    allowed: field?.allowed ?? 'any value',
  });
}

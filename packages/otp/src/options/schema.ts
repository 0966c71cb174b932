/**
 * One schema for each object of options: it validates, supplies the defaults,
 * gives the TypeScript types and renders the documentation. Modelled on Elixir's
 * NimbleOptions.
 */
import {
  invalid,
  type Elsewhere,
  type Field,
  type Fields,
  type OutputOf,
  type Schema,
} from './field.ts';
import { isObject } from './kinds.ts';
import type { OptionProblem } from './problem.ts';
import { nearestOf, nearestOption } from './suggest.ts';

/** Marks what a schema made, and by which: it needs no second check. */
const parsedBy: unique symbol = Symbol('parsedBy');

/** A check over several options. It throws its own error. */
export type CrossCheck<F extends Fields> = (options: OutputOf<F>, path: string) => void;

/** Makes schemas. `scope` is what the options are, for messages: `pool options`. */
export type DefineSchema = <F extends Fields>(
  scope: string,
  fields: F,
  check?: CrossCheck<F>,
  elsewhere?: Elsewhere,
) => Schema<F>;

/**
 * The function that makes schemas, whose errors `makeError` makes.
 *
 * @example
 * import { integer, optionMessage, schemaDefiner } from '@linnet/otp/options';
 *
 * const defineSchema = schemaDefiner((problem) => new RangeError(optionMessage(problem)));
 *
 * const schema = defineSchema('pool options', {
 *   size: integer({ min: 1, default: 50, doc: 'The cap on open connections.' }),
 * });
 * schema.parse({ size: 2 }).size; // 2
 * schema.parse({}).size; // 50
 * schema.parse({ sise: 2 }); // RangeError: Unknown option sise … Did you mean size?
 */
export function schemaDefiner(makeError: (problem: OptionProblem) => Error): DefineSchema {
  return (scope, fields, check, elsewhere = {}) =>
    new OptionsSchema(scope, fields, check, elsewhere, makeError);
}

class OptionsSchema<F extends Fields> implements Schema<F> {
  readonly scope: string;
  readonly fields: F;
  readonly elsewhere: Elsewhere;
  readonly defaults: OutputOf<F>;
  readonly #known: ReadonlyMap<string, Field<unknown, unknown>>;
  readonly #required: readonly string[];
  readonly #check: CrossCheck<F> | undefined;
  readonly #makeError: (problem: OptionProblem) => Error;

  constructor(
    scope: string,
    fields: F,
    check: CrossCheck<F> | undefined,
    elsewhere: Elsewhere,
    makeError: (problem: OptionProblem) => Error,
  ) {
    this.scope = scope;
    this.fields = fields;
    this.elsewhere = elsewhere;
    this.#known = new Map<string, Field<unknown, unknown>>(Object.entries(fields));
    this.#required = [...this.#known].filter(([, { required }]) => required).map(([name]) => name);
    this.#check = check;
    this.#makeError = makeError;
    this.defaults = this.#share(
      Object.fromEntries(Array.from(this.#known, ([name, { fallback }]) => [name, fallback])),
    );
  }

  parse(input: unknown, path = ''): OutputOf<F> {
    if (input === undefined && this.#required.length === 0) return this.defaults;
    return this.#isParsed(input) ? input : this.#share(this.#resolve(input, path));
  }

  read(input: unknown): OutputOf<F> {
    if (input === undefined && this.#required.length === 0) return this.defaults;
    return this.#isParsed(input) ? input : (this.#resolve(input, '') as OutputOf<F>);
  }

  given(input: unknown, path = ''): Partial<OutputOf<F>> {
    return this.#fill({}, input === undefined ? {} : input, path) as Partial<OutputOf<F>>;
  }

  #share(options: Record<string, unknown>): OutputOf<F> {
    // Not enumerable, so that a copy by spread is checked again.
    Object.defineProperty(options, parsedBy, { value: this });
    return Object.freeze(options) as OutputOf<F>;
  }

  #isParsed(input: unknown): input is OutputOf<F> {
    return (
      typeof input === 'object' &&
      input !== null &&
      (input as { [parsedBy]?: unknown })[parsedBy] === this
    );
  }

  #resolve(input: unknown, path: string): Record<string, unknown> {
    const output = this.#fill({ ...this.defaults }, input, path);
    for (const name of this.#required) {
      if ((input as Readonly<Record<string, unknown>>)[name] === undefined) {
        throw this.#missing(path, name);
      }
    }
    this.#check?.(output as OutputOf<F>, path);
    return output;
  }

  /** Puts what is given into `output`, checked. */
  #fill(output: Record<string, unknown>, input: unknown, path: string): Record<string, unknown> {
    if (!isObject(input)) throw this.#notAnObject(path, input);
    for (const name of Object.keys(input)) {
      const value = input[name];
      const field = this.#known.get(name);
      if (field === undefined) throw this.#unknown(path, name, value);
      if (value === undefined) continue;
      const parsed = field.parse(value, path + name);
      if (parsed === invalid) throw this.#invalid(path + name, value, field);
      output[name] = parsed;
    }
    return output;
  }

  #notAnObject(path: string, value: unknown): Error {
    return this.#makeError({
      option: path === '' ? this.scope : path.slice(0, -1),
      value,
      scope: path === '' ? this.scope : undefined,
      allowed: 'an object of options',
      secret: this.#holdsSecrets,
    });
  }

  #unknown(path: string, name: string, value: unknown): Error {
    const meant = Object.hasOwn(this.elsewhere, name) ? undefined : nearestOption(this, name);
    // The name itself belongs elsewhere, or the one that it is a slip of.
    const misplaced =
      meant === undefined ? nearestOf(name, Object.keys(this.elsewhere)) : undefined;
    const place = misplaced === undefined ? undefined : this.elsewhere[misplaced];
    const isName = place !== undefined && this.#known.has(place);
    const slip = misplaced === name ? undefined : misplaced;
    return this.#makeError({
      option: path + name,
      value,
      scope: this.scope,
      problem: 'unknown',
      suggestion: isName ? path + place : meant === undefined ? slip : path + meant.path,
      detail: isName ? undefined : place,
      allowed: [...this.#known.keys()].join(', '),
      // The value of a misspelt `passphrase`, or of misplaced headers, may be a secret.
      secret: this.#holdsSecrets || place !== undefined || meant?.field.secret === true,
    });
  }

  #invalid(option: string, value: unknown, field: Field<unknown, unknown>): Error {
    const { allowed, secret } = field;
    return this.#makeError({ option, value, scope: this.scope, allowed, secret });
  }

  #missing(path: string, name: string): Error {
    return this.#makeError({
      option: path + name,
      value: undefined,
      scope: this.scope,
      problem: 'missing',
      allowed: this.#known.get(name)?.allowed ?? 'any value',
    });
  }

  get #holdsSecrets(): boolean {
    return Object.values(this.fields).some(({ secret }) => secret === true);
  }
}

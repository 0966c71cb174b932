/** What an option is described by, and the types that follow from a set of descriptions. */

/** What a field's `parse` returns for a value that is not allowed. */
export const invalid: unique symbol = Symbol('invalid');

/** One option: its types, its default, its check and its documentation. */
export interface Field<Input, Output, Required extends boolean = boolean> {
  /** The type as documentation shows it: `integer`, `'queue' | 'fail'`. */
  readonly type: string;
  /** What is allowed, in words, for the error: `an integer >= 1`. */
  readonly allowed: string;
  /** The documentation: what the option does. */
  readonly doc: string;
  /** The unit of a number: `ms`, `bytes`, `connections`. */
  readonly unit?: string | undefined;
  /** Whether the option must be given. */
  readonly required: Required;
  /** Whether its value must appear in no message. */
  readonly secret?: boolean | undefined;
  /** The value when the option is absent or `undefined`. */
  readonly fallback: Output;
  /** The default in words, where `fallback` does not say it. */
  readonly fallbackText?: string | undefined;
  /** The fields inside, of a nested object. */
  readonly inner?: AnySchema | undefined;
  /** The options that its value holds by keys, one of which is `at`: where a misplaced one belongs. */
  readonly entries?: { readonly at: string; readonly schema: AnySchema } | undefined;
  /** The checked value, or `invalid`. `path` names the option in errors of nested fields. */
  parse(value: unknown, path: string): Output | typeof invalid;
  /** Carries the input's type; never set. */
  readonly '~input'?: Input;
}

/** Some fields, by option name. */
export type Fields = Readonly<Record<string, Field<unknown, unknown>>>;

/** What a caller may give: optional, except for required fields. */
export type InputOf<F extends Fields> = [RequiredKey<F>] extends [never]
  ? Given<F, keyof F>
  : Given<F, Exclude<keyof F, RequiredKey<F>>> & {
      readonly [K in RequiredKey<F>]: Exclude<F[K]['~input'], undefined>;
    };

type RequiredKey<F extends Fields> = {
  [K in keyof F]: F[K]['required'] extends true ? K : never;
}[keyof F];

type Given<F extends Fields, Keys extends keyof F> = {
  readonly [K in Keys]?: F[K]['~input'] | undefined;
};

/** What the code behind works with: every field there, defaults filled in. */
export type OutputOf<F extends Fields> = {
  readonly [K in keyof F]: F[K]['fallback'];
};

/** A set of options whose fields do not matter. */
export interface AnySchema {
  readonly scope: string;
  readonly fields: Fields;
  readonly elsewhere: Elsewhere;
}

/** Of a name that is no option here: the option that is meant by it, or a sentence that says where it belongs. */
export type Elsewhere = Readonly<Record<string, string>>;

/** A set of options. */
export interface Schema<F extends Fields> extends AnySchema {
  readonly fields: F;
  /** The resolved options when none are given: one frozen object, always the same. */
  readonly defaults: OutputOf<F>;
  /**
   * Validates and fills in defaults. The result is frozen, and parsing it again
   * returns it as it is: many owners may share one object of options.
   *
   * @throws the error of the schema, for an unknown, missing or invalid option.
   */
  parse(input: unknown, path?: string): OutputOf<F>;
  /**
   * As `parse`, for options that are read once and not shared: the result is
   * not frozen, which saves most of the time. Without input it is `defaults`.
   */
  read(input: unknown): OutputOf<F>;
  /**
   * Validates only: what is absent stays so, for options that are merged with others before they are
   * used. The check over several options is not made.
   */
  given(input: unknown, path?: string): Partial<OutputOf<F>>;
}

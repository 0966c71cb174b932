/** What an option is described by, and the types that follow from a set of descriptions. */

/** What a field's `parse` returns for a value that is not allowed. */
export const invalid: unique symbol = Symbol('invalid');

/** One option: its types, its default, its check and its documentation. */
export interface Field<Input, Output> {
  /** The type as documentation shows it. */
  readonly type: string;
  /** What is allowed, in words, for the error. */
  readonly allowed: string;
  /** What the option does. */
  readonly doc: string;
  /** The unit of a number: `ms`, `bytes`. */
  readonly unit?: string | undefined;
  readonly required: false;
  /** Whether its value must appear in no message. */
  readonly secret?: boolean | undefined;
  /** The value when the option is absent or `undefined`. */
  readonly fallback: Output;
  /** The default in words, where `fallback` does not say it. */
  readonly fallbackText?: string | undefined;
  /** The checked value, or `invalid`. `path` names the option in errors of what it holds. */
  parse(value: unknown, path: string): Output | typeof invalid;
  /** Carries the input's type; never set. */
  readonly '~input'?: Input;
}

/** Some fields, by option name. */
export type Fields = Readonly<Record<string, Field<unknown, unknown>>>;

/** What a caller may give. */
export type InputOf<F extends Fields> = {
  readonly [K in keyof F]?: F[K]['~input'];
};

/** What the code behind works with: every field there, defaults filled in. */
export type OutputOf<F extends Fields> = {
  readonly [K in keyof F]: F[K]['fallback'];
};

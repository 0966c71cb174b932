/**
 * `@linnet/otp/options`: one schema for each object of options. It checks what a caller gives, fills in
 * defaults, gives the TypeScript types, and renders the documentation. The packages of Linnet are made
 * with it; so can yours be.
 */
export { describeValue, hidden } from './describe-value.ts';
export {
  invalid,
  type AnySchema,
  type Elsewhere,
  type Field,
  type Fields,
  type InputOf,
  type OutputOf,
  type Schema,
} from './field.ts';
export {
  boolean,
  custom,
  duration,
  finiteDuration,
  integer,
  isDelay,
  isInteger,
  isObject,
  limit,
  nested,
  oneOf,
  required,
  someOf,
  string,
  type Description,
  type Duration,
  type Limit,
} from './kinds.ts';
export { renderOptions } from './markdown.ts';
export { optionMessage, type OptionProblem } from './problem.ts';
export { schemaDefiner, type CrossCheck, type DefineSchema } from './schema.ts';
export { nearestOf } from './suggest.ts';

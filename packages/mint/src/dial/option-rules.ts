/**
 * Options of a user, checked against a table of rules: an option that does not
 * exist, or a value that is not allowed, is an error that names both.
 */
import { OptionsError } from '../errors/index.ts';

/** What one option may be. */
export interface OptionRule {
  /** What is allowed, in words. */
  readonly allowed: string;
  readonly accepts: (value: unknown) => boolean;
}

/** A rule for each option of an interface. */
export type OptionRules<T> = { readonly [Key in keyof T]-?: OptionRule };

/**
 * Checks options; one that is undefined is as good as absent. `scope` is what
 * their names begin with in errors: `''`, `'tls.'`.
 *
 * @throws OptionsError for the first that does not exist or is not allowed.
 */
export function checkOptions<T extends object>(
  given: T,
  rules: OptionRules<T>,
  scope: string,
): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidOption(scope === '' ? 'options' : scope.slice(0, -1), given, 'an object');
  }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(rules, name)) {
      throw new OptionsError({
        option: scope + name,
        value,
        allowed: `one of ${Object.keys(rules).join(', ')}`,
        problem: `There is no option ${scope}${name}`,
      });
    }
    const { allowed, accepts } = rules[name as keyof T];
    if (value !== undefined && !accepts(value)) throw invalidOption(scope + name, value, allowed);
  }
}

/** An option has a value that is not allowed. The value is not shown: it may be a secret. */
export function invalidOption(
  option: string,
  value: unknown,
  allowed: string,
  why?: string,
): OptionsError {
  const because = why === undefined ? '' : `: ${why}`;
  const problem = `The value of the option ${option} is not allowed${because}`;
  return new OptionsError({ option, value, allowed, problem });
}

export const booleanRule: OptionRule = {
  allowed: 'true or false',
  accepts: (value) => typeof value === 'boolean',
};

export const textRule: OptionRule = {
  allowed: 'a string that is not empty',
  accepts: isText,
};

export function functionRule(like: string): OptionRule {
  return {
    allowed: `a function as ${like}`,
    accepts: (value) => typeof value === 'function',
  };
}

export function oneOfRule(...values: readonly unknown[]): OptionRule {
  return {
    allowed: values.map((value) => JSON.stringify(value)).join(' or '),
    accepts: (value) => values.includes(value),
  };
}

export function numberRule(allowed: string, accepts: (value: number) => boolean): OptionRule {
  return { allowed, accepts: (value) => typeof value === 'number' && accepts(value) };
}

/** Checked further where it is used. */
export function objectRule(allowed: string): OptionRule {
  return { allowed, accepts: (value) => typeof value === 'object' && value !== null };
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether it is a list, not empty, of what `isItem` accepts. */
export function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isItem(item));
}

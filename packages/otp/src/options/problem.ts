/** What is wrong with an option, and the sentence that says so. */
import { describeValue, hidden } from './describe-value.ts';

/** An option that is unknown, missing, or has a value that is not allowed. */
export interface OptionProblem {
  /** The option's path: `size`, `connOpts.tls.ca`. */
  readonly option: string;
  /** What was given. */
  readonly value: unknown;
  /** What is allowed, in words: `an integer >= 1`. */
  readonly allowed: string;
  /** What kind of options these are, for the message: `pool options`. */
  readonly scope?: string | undefined;
  /** What is wrong; `'invalid'` by default. */
  readonly problem?: 'invalid' | 'unknown' | 'missing' | undefined;
  /** What is wrong with the value, in more detail; or where an unknown option belongs. */
  readonly detail?: string | undefined;
  /** The known option that was probably meant. */
  readonly suggestion?: string | undefined;
  /** Whether the value is a secret that no message and no log may show. */
  readonly secret?: boolean | undefined;
}

/**
 * The message of an error: the option, the value unless it is a secret, and what is allowed.
 *
 * @example
 * import { optionMessage } from '@linnet/otp/options';
 *
 * optionMessage({ option: 'size', value: 0, allowed: 'an integer >= 1' });
 * // Invalid value of the option size: 0. Allowed: an integer >= 1.
 */
export function optionMessage({
  option,
  value,
  allowed,
  scope,
  problem = 'invalid',
  detail,
  suggestion,
  secret,
}: OptionProblem): string {
  const place = scope === undefined ? '' : ` in the ${scope}`;
  const given = secret === true ? hidden : describeValue(value);
  switch (problem) {
    case 'unknown': {
      const meant = suggestion === undefined ? '' : ` Did you mean ${suggestion}?`;
      const more = detail === undefined ? '' : ` ${detail}.`;
      return `Unknown option ${option}${place} (given: ${given}).${meant}${more} Allowed: ${allowed}.`;
    }
    case 'missing':
      return `The option ${option} is required${place} (given: ${given}). Allowed: ${allowed}.`;
    case 'invalid': {
      const more = detail === undefined ? '' : ` (${detail})`;
      if (option === scope) return `Invalid ${scope}: ${given}${more}. Allowed: ${allowed}.`;
      return `Invalid value of the option ${option}${place}: ${given}${more}. Allowed: ${allowed}.`;
    }
  }
}

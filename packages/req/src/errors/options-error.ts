/** Failures by the caller's own input, found before anything is sent. */
import { hidden, optionMessage, type OptionProblem } from '@linnet/otp/options';
import { nameErrors, ReqError, type ReqErrorOptions } from './req-error.ts';

/** What a {@link ReqOptionsError} says. */
interface Details extends ReqErrorOptions, OptionProblem {}

/**
 * An option is unknown, missing, or has a value that is not allowed. The message names the option,
 * the value and what is allowed. Values are kept, but not enumerable; those of credentials are not.
 */
export class ReqOptionsError extends ReqError {
  static override readonly code = 'ERR_REQ_OPTIONS';
  declare readonly code: 'ERR_REQ_OPTIONS';
  declare readonly option: string;
  declare readonly value: unknown;
  declare readonly allowed: string;
  declare readonly problem: 'invalid' | 'unknown' | 'missing';
  declare readonly suggestion?: string;

  constructor(options: Details) {
    const { value, secret, detail: _, ...fields } = options;
    const problem = options.problem ?? 'invalid';
    super(optionMessage(options), { ...fields, problem });
    Object.defineProperty(this, 'value', {
      value: secret === true ? hidden : value,
      configurable: true,
    });
  }

  static {
    nameErrors(this, 'ReqOptionsError');
  }
}

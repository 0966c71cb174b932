/** Failures by the caller's own input, found before anything is sent. */
import { describeValue } from './describe-value.ts';
import { nameErrors, ReqError, type ReqErrorOptions } from './req-error.ts';

/** What a {@link ReqOptionsError} says. */
interface Details extends ReqErrorOptions {
  /** The option's path: `retry`, `breaker.failures`. */
  readonly option: string;
  /** What was given. */
  readonly value: unknown;
  /** What is allowed, in words: `an integer >= 1`. */
  readonly allowed: string;
  /** What is wrong; `'invalid'` by default. */
  readonly problem?: 'invalid' | 'unknown' | 'missing' | undefined;
  /** What is wrong in more detail; or where an unknown option belongs. */
  readonly detail?: string | undefined;
  /** The known option that was probably meant. */
  readonly suggestion?: string | undefined;
  /** Whether no message and no log may show the value. */
  readonly secret?: boolean | undefined;
}

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
    super(messageOf(options, problem), { ...fields, problem });
    Object.defineProperty(this, 'value', {
      value: secret === true ? '[hidden]' : value,
      configurable: true,
    });
  }

  static {
    nameErrors(this, 'ReqOptionsError');
  }
}

function messageOf(options: Details, problem: ReqOptionsError['problem']): string {
  const { option, allowed, suggestion } = options;
  const given = options.secret === true ? '[hidden]' : describeValue(options.value);
  const detail = options.detail === undefined ? '' : ` ${options.detail}.`;
  switch (problem) {
    case 'unknown': {
      const meant = suggestion === undefined ? '' : ` Did you mean ${suggestion}?`;
      return `Unknown option ${option} (given: ${given}).${meant}${detail} Allowed: ${allowed}.`;
    }
    case 'missing':
      return `The option ${option} is required.${detail} Allowed: ${allowed}.`;
    case 'invalid':
      return `Invalid value of the option ${option}: ${given}.${detail} Allowed: ${allowed}.`;
  }
}

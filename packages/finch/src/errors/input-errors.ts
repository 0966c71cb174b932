/**
 * Failures by the caller's own input, found before a socket is opened.
 */
import { hidden, optionMessage, type OptionProblem } from '@linnet/otp/options';
import type { FinchErrorOptions } from './finch-error.ts';
import { FinchError, nameErrors } from './finch-error.ts';

/** What an {@link OptionsError} says. */
interface OptionsErrorOptions extends FinchErrorOptions, OptionProblem {}

/**
 * An option is unknown, missing, or has a value that is not allowed. The
 * message names the option, the value and what is allowed.
 *
 * A secret's value (TLS keys, passphrases) is neither printed nor kept: `value`
 * is `'[hidden]'`. Other values are kept, but not enumerable, so that a logger
 * which copies an error's fields prints the message's short form only.
 */
export class OptionsError extends FinchError {
  static override readonly code = 'ERR_FINCH_OPTIONS';
  declare readonly code: 'ERR_FINCH_OPTIONS';
  declare readonly option: string;
  declare readonly value: unknown;
  declare readonly allowed: string;
  declare readonly problem: 'invalid' | 'unknown' | 'missing';
  declare readonly scope?: string;
  declare readonly suggestion?: string;
  declare readonly detail?: string;

  constructor(options: OptionsErrorOptions) {
    const { value, secret, ...fields } = options;
    const problem = options.problem ?? 'invalid';
    super(optionMessage(options), { ...fields, problem });
    Object.defineProperty(this, 'value', {
      value: secret === true ? hidden : value,
      configurable: true,
    });
  }

  static {
    nameErrors(this, 'OptionsError');
  }
}

/** What an {@link InvalidRequestError} says. */
interface InvalidRequestErrorOptions extends FinchErrorOptions {
  /** The part of the request: `method`, `url`, `headers`, `body`, … */
  readonly option: string;
  /** What was given. */
  readonly value: unknown;
  /** What is allowed, in words. */
  readonly allowed: string;
  /** What is wrong, as the message's first sentence without its full stop. */
  readonly problem: string;
  /** Whether the value is a secret that no message and no log may show. */
  readonly secret?: boolean | undefined;
}

/**
 * A request cannot be built from what was given: method, URL, header, body, or
 * a contradiction between them. Nothing was sent.
 *
 * Credentials in a URL and the values of headers are not printed.
 */
export class InvalidRequestError extends FinchError {
  static override readonly code = 'ERR_FINCH_INVALID_REQUEST';
  declare readonly code: 'ERR_FINCH_INVALID_REQUEST';
  declare readonly option: string;
  declare readonly value: unknown;
  declare readonly allowed: string;

  constructor(options: InvalidRequestErrorOptions) {
    const { value, secret, problem, ...fields } = options;
    super(`${problem}. Allowed: ${options.allowed}.`, fields);
    Object.defineProperty(this, 'value', {
      value: secret === true ? hidden : value,
      configurable: true,
    });
  }

  static {
    nameErrors(this, 'InvalidRequestError');
  }
}

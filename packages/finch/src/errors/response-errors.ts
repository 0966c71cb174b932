/**
 * Failures to read what a response holds.
 */
import { because } from './details.ts';
import type { FinchErrorOptions } from './finch-error.ts';
import { FinchError, nameErrors } from './finch-error.ts';

/** What an {@link InvalidJsonError} says. */
interface InvalidJsonErrorOptions extends FinchErrorOptions {
  /** The first characters of the body. */
  readonly snippet: string;
  /** The length of the body in bytes. */
  readonly length: number;
  /** The response's status, when it is known. */
  readonly status?: number | undefined;
  /** The response's content type, when it is known. */
  readonly contentType?: string | undefined;
}

/**
 * The body of a response is not JSON. `cause` is the `SyntaxError`, `snippet`
 * the body's beginning: an HTML error page is often what one finds there.
 */
export class InvalidJsonError extends FinchError {
  static override readonly code = 'ERR_FINCH_INVALID_JSON';
  declare readonly code: 'ERR_FINCH_INVALID_JSON';
  declare readonly snippet: string;
  declare readonly length: number;
  declare readonly status?: number;
  declare readonly contentType?: string;

  constructor(options: InvalidJsonErrorOptions) {
    const status = options.status === undefined ? '' : ` with status ${options.status}`;
    const type =
      options.contentType === undefined ? '' : ` and content-type ${options.contentType}`;
    const body =
      options.length === 0
        ? 'it is empty'
        : `its ${options.length} bytes begin with ${JSON.stringify(options.snippet)}`;
    super(
      `The body of the response${status}${type} is not JSON: ${body}${because(options.cause)}. ` +
        'Look at the status and the content-type before json(), or read text().',
      options,
    );
  }

  static {
    nameErrors(this, 'InvalidJsonError');
  }
}

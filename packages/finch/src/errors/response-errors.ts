/**
 * Failures to read a response's body or headers.
 */
import { because, during, exchange, where } from './details.ts';
import type { ExchangeDetails, RequestPhase } from './details.ts';
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
  /** The content encoding of the body, such as `gzip`, if it has one. */
  readonly contentEncoding?: string | undefined;
}

/**
 * The body of a response is not JSON. `cause` is the `SyntaxError`, `snippet`
 * the body's beginning: often an HTML error page. With
 * `contentEncoding` (`gzip`, `br`, …) it is not the text but its encoded bytes.
 */
export class InvalidJsonError extends FinchError {
  static override readonly code = 'ERR_FINCH_INVALID_JSON';
  declare readonly code: 'ERR_FINCH_INVALID_JSON';
  declare readonly snippet: string;
  declare readonly length: number;
  declare readonly status?: number;
  declare readonly contentType?: string;
  declare readonly contentEncoding?: string;

  constructor(options: InvalidJsonErrorOptions) {
    const status = options.status === undefined ? '' : ` with status ${options.status}`;
    const type =
      options.contentType === undefined ? '' : ` and content-type ${options.contentType}`;
    super(`The body of the response${status}${type} is not JSON: ${whyNot(options)}`, options);
  }

  static {
    nameErrors(this, 'InvalidJsonError');
  }
}

/** What is wrong, and what to do. */
function whyNot({ contentEncoding, length, snippet, cause }: InvalidJsonErrorOptions): string {
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity' && length > 0) {
    return (
      `its ${length} bytes are encoded, content-encoding is ${contentEncoding}, and come as they were sent. ` +
      'Decode them with node:zlib, send the request without accept-encoding, or use finch.fetch or @linnet/req, which decode.'
    );
  }
  const body =
    length === 0 ? 'it is empty' : `its ${length} bytes begin with ${JSON.stringify(snippet)}`;
  return `${body}${because(cause)}. Look at the status and the content-type before json(), or read text().`;
}

/** What a {@link ResponseTooLargeError} says. */
interface ResponseTooLargeErrorOptions extends ExchangeDetails {
  /** The option of the pool that sets the limit. */
  readonly option: 'maxHeaderSize' | 'maxResponseSize';
  /** The limit, in bytes. */
  readonly limit: number;
  /** How many bytes had come when reading stopped. */
  readonly received: number;
}

/**
 * A response is larger than the pool allows: its body than `maxResponseSize`,
 * or the names and values of its header or trailer fields than `maxHeaderSize`.
 * The rest of it is not read; an HTTP/1 connection is closed.
 */
export class ResponseTooLargeError extends FinchError {
  static override readonly code = 'ERR_FINCH_RESPONSE_TOO_LARGE';
  declare readonly code: 'ERR_FINCH_RESPONSE_TOO_LARGE';
  declare readonly option: 'maxHeaderSize' | 'maxResponseSize';
  declare readonly limit: number;
  declare readonly received: number;
  declare readonly phase?: RequestPhase;
  declare readonly origin?: string;
  declare readonly pool?: string;
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(options: ResponseTooLargeErrorOptions) {
    const { option, limit, received } = options;
    const what = option === 'maxResponseSize' ? 'body' : 'header or trailer fields';
    super(
      `The response of ${where(options)} has more than ${limit} bytes of ${what}, ` +
        `${received} had come${during(options.phase)}${exchange(options)}. ` +
        `Raise ${option} in the options of the pool if such a response is to be expected.`,
      options,
    );
  }

  static {
    nameErrors(this, 'ResponseTooLargeError');
  }
}

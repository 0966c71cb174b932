/**
 * Failures of one request on a connection that carries several.
 */
import { because, during, exchange, sendAgain, where } from './details.ts';
import type { ExchangeDetails, RequestPhase } from './details.ts';
import { FinchError, nameErrors } from './finch-error.ts';

/** What a {@link StreamResetError} says. */
interface StreamResetErrorOptions extends ExchangeDetails {
  /** On HTTP/2: the error code's name in RFC 9113, 7, `'CANCEL'`; `'UNKNOWN_17'` for a code that has none. */
  readonly http2Code?: string | undefined;
  /** On HTTP/3: the error code's name in RFC 9114, 8.1, `'H3_INTERNAL_ERROR'`. */
  readonly http3Code?: string | undefined;
  /** What more is known, for the message. */
  readonly detail?: string | undefined;
}

/**
 * The server reset the stream of this one request; the connection and the other
 * requests on it go on. On HTTP/2 `http2Code` is the name of the error code in RFC
 * 9113: `'CANCEL'`, `'INTERNAL_ERROR'`, `'ENHANCE_YOUR_CALM'`, …; on HTTP/3
 * `http3Code` is that of RFC 9114: `'H3_REQUEST_CANCELLED'`, `'H3_INTERNAL_ERROR'`, …
 *
 * With `'REFUSED_STREAM'` and `'H3_REQUEST_REJECTED'` the server has not processed
 * the request (`requestSent` is `false`): it is retried when its body can be sent again.
 */
export class StreamResetError extends FinchError {
  static override readonly code = 'ERR_FINCH_STREAM_RESET';
  declare readonly code: 'ERR_FINCH_STREAM_RESET';
  declare readonly http2Code?: string;
  declare readonly http3Code?: string;
  declare readonly detail?: string;
  declare readonly phase?: RequestPhase;
  declare readonly origin?: string;
  declare readonly pool?: string;
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(options: StreamResetErrorOptions) {
    const detail = options.detail === undefined ? because(options.cause) : `: ${options.detail}`;
    super(
      `The request to ${where(options)} was reset${during(options.phase)} [${options.http2Code ?? options.http3Code}]${detail}${exchange(options)}. ${sendAgain(options)}`,
      options,
    );
  }

  static {
    nameErrors(this, 'StreamResetError');
  }
}

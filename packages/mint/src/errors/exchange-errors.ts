/**
 * Failures of one exchange: a response that breaks the protocol or a limit, a
 * stream that was reset, a request that cannot be written.
 */
import { because, factsOf, ofOrigin } from './details.ts';
import type { ExchangeFacts } from './details.ts';
import { MintError, nameErrors } from './mint-error.ts';

interface ProtocolErrorFields extends ExchangeFacts {
  /** A word for the breach: `invalid_status_line`, or an error code of HTTP/2 or HTTP/3. */
  readonly reason: string;
  /** The same in a sentence's part. */
  readonly detail?: string | undefined;
}

/** The server broke the protocol. On HTTP/1 and for a connection error of HTTP/2 or HTTP/3 the connection is closed. */
export class ProtocolError extends MintError {
  static override readonly code = 'ERR_MINT_PROTOCOL';
  declare readonly code: 'ERR_MINT_PROTOCOL';
  declare readonly origin?: string;
  declare readonly reason: string;
  declare readonly detail?: string;
  declare readonly phase?: ExchangeFacts['phase'];
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(fields: ProtocolErrorFields) {
    const { reason, detail } = fields;
    super(
      `The server${ofOrigin(fields.origin)} broke the protocol [${reason}]${detail === undefined ? '' : `: ${detail}`}${factsOf(fields)}`,
      fields,
    );
  }

  static {
    nameErrors(this, 'ProtocolError');
  }
}

interface StreamResetErrorFields extends ExchangeFacts {
  /** The error code's name, on HTTP/2: `REFUSED_STREAM`, `CANCEL`. */
  readonly http2Code?: string | undefined;
  /** The same on HTTP/3: `H3_REQUEST_REJECTED`, `H3_REQUEST_CANCELLED`. */
  readonly http3Code?: string | undefined;
  readonly detail?: string | undefined;
}

/** The server ended the stream of one request; the connection and its other streams go on. */
export class StreamResetError extends MintError {
  static override readonly code = 'ERR_MINT_STREAM_RESET';
  declare readonly code: 'ERR_MINT_STREAM_RESET';
  declare readonly origin?: string;
  declare readonly http2Code?: string;
  declare readonly http3Code?: string;
  declare readonly detail?: string;
  declare readonly phase?: ExchangeFacts['phase'];
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(fields: StreamResetErrorFields) {
    const { http2Code, http3Code = http2Code, detail } = fields;
    super(
      `The stream${ofOrigin(fields.origin)} was reset [${http3Code}]${detail === undefined ? '' : `: ${detail}`}${factsOf(fields)}`,
      fields,
    );
  }

  static {
    nameErrors(this, 'StreamResetError');
  }
}

interface ResponseTooLargeErrorFields extends ExchangeFacts {
  /** The option that sets the limit. */
  readonly option: 'maxHeaderSize' | 'maxResponseSize';
  /** The limit, in bytes. */
  readonly limit: number;
  /** How many bytes had come when the reading ended. */
  readonly received: number;
}

/** A response is larger than allowed: its body, or its header or trailer fields. */
export class ResponseTooLargeError extends MintError {
  static override readonly code = 'ERR_MINT_RESPONSE_TOO_LARGE';
  declare readonly code: 'ERR_MINT_RESPONSE_TOO_LARGE';
  declare readonly origin?: string;
  declare readonly option: 'maxHeaderSize' | 'maxResponseSize';
  declare readonly limit: number;
  declare readonly received: number;
  declare readonly phase?: ExchangeFacts['phase'];
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(fields: ResponseTooLargeErrorFields) {
    const { option, limit } = fields;
    const what = option === 'maxResponseSize' ? 'body' : 'header or trailer fields';
    super(
      `The response${ofOrigin(fields.origin)} has more than ${limit} bytes of ${what} [${option}]${factsOf(fields)}`,
      fields,
    );
  }

  static {
    nameErrors(this, 'ResponseTooLargeError');
  }
}

interface RequestBodyErrorFields extends ExchangeFacts {
  /** What threw: the body, or the function that makes the fields after it. */
  readonly part?: 'body' | 'trailers' | undefined;
  /** What was thrown. */
  readonly cause: unknown;
}

/** The source of the request's body, or the function of its trailers, threw. The exchange was given up. */
export class RequestBodyError extends MintError {
  static override readonly code = 'ERR_MINT_REQUEST_BODY';
  declare readonly code: 'ERR_MINT_REQUEST_BODY';
  declare readonly origin?: string;
  declare readonly part: 'body' | 'trailers';
  declare readonly phase?: ExchangeFacts['phase'];
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(fields: RequestBodyErrorFields) {
    const part = fields.part ?? 'body';
    super(`The request ${part} failed${because(fields.cause)}${factsOf(fields)}`, {
      ...fields,
      part,
    });
  }

  static {
    nameErrors(this, 'RequestBodyError');
  }
}

interface InvalidFields {
  /** The part of the request or the option: `method`, `headers`, `tls.ca`. */
  readonly option: string;
  /** What was given; never printed, as it may be a secret. */
  readonly value: unknown;
  /** What is allowed, in words. */
  readonly allowed: string;
  /** What is wrong, as a sentence without its full stop. */
  readonly problem: string;
  readonly cause?: unknown;
}

/** A request cannot be written: method, target, fields, body, or a contradiction between them. */
export class InvalidRequestError extends MintError {
  static override readonly code = 'ERR_MINT_INVALID_REQUEST';
  declare readonly code: 'ERR_MINT_INVALID_REQUEST';
  declare readonly option: string;
  declare readonly allowed: string;
  declare readonly problem: string;
  declare readonly value: unknown;

  constructor({ value, ...fields }: InvalidFields) {
    super(`${fields.problem}. Allowed: ${fields.allowed}.`, fields);
    Object.defineProperty(this, 'value', { value, configurable: true });
  }

  static {
    nameErrors(this, 'InvalidRequestError');
  }
}

/** An option has a value that is not allowed. */
export class OptionsError extends MintError {
  static override readonly code = 'ERR_MINT_OPTIONS';
  declare readonly code: 'ERR_MINT_OPTIONS';
  declare readonly option: string;
  declare readonly allowed: string;
  declare readonly problem: string;
  declare readonly value: unknown;

  constructor({ value, ...fields }: InvalidFields) {
    super(`${fields.problem}. Allowed: ${fields.allowed}.`, fields);
    Object.defineProperty(this, 'value', { value, configurable: true });
  }

  static {
    nameErrors(this, 'OptionsError');
  }
}

/**
 * Failures of a connection: opening it, securing it, losing it.
 */
import { because, errnoOf, factsOf, ofOrigin } from './details.ts';
import type { ExchangeFacts } from './details.ts';
import { MintError, nameErrors } from './mint-error.ts';

interface DialErrorFields {
  readonly origin: string;
  /** The proxy that was being connected to, without credentials. */
  readonly proxy?: string | undefined;
  /** How long the attempt took, in ms. */
  readonly waited?: number | undefined;
  readonly cause?: unknown;
}

interface ConnectErrorFields extends DialErrorFields {
  /** The errno code; by default that of `cause`, else `'UNKNOWN'`. */
  readonly reason?: string | undefined;
}

/** The connection could not be opened. `reason` is the errno code (`ECONNREFUSED`, `ENOTFOUND`, …). */
export class ConnectError extends MintError {
  static override readonly code = 'ERR_MINT_CONNECT';
  declare readonly code: 'ERR_MINT_CONNECT';
  declare readonly origin: string;
  declare readonly proxy?: string;
  declare readonly waited?: number;
  declare readonly reason: string;

  constructor(fields: ConnectErrorFields) {
    const reason = fields.reason ?? errnoOf(fields.cause) ?? 'UNKNOWN';
    super(`Could not connect to ${peer(fields)} [${reason}]${because(fields.cause)}`, {
      ...fields,
      reason,
    });
  }

  static {
    nameErrors(this, 'ConnectError');
  }
}

interface ConnectTimeoutErrorFields extends DialErrorFields {
  readonly waited: number;
  /** The limit, in ms. */
  readonly limit: number;
}

/** The connection was not open within `connectTimeout`: name lookup, TCP, proxy and TLS together. */
export class ConnectTimeoutError extends MintError {
  static override readonly code = 'ERR_MINT_CONNECT_TIMEOUT';
  declare readonly code: 'ERR_MINT_CONNECT_TIMEOUT';
  declare readonly origin: string;
  declare readonly proxy?: string;
  declare readonly waited: number;
  declare readonly limit: number;

  constructor(fields: ConnectTimeoutErrorFields) {
    super(`No connection to ${peer(fields)} within ${fields.limit} ms`, fields);
  }

  static {
    nameErrors(this, 'ConnectTimeoutError');
  }
}

interface TlsErrorFields extends DialErrorFields {
  /** The code of OpenSSL or node:tls; by default that of `cause`, else `'UNKNOWN'`. */
  readonly reason?: string | undefined;
  /** The name that the certificate was checked against. */
  readonly servername?: string | undefined;
}

/** The TLS handshake failed: certificate, name, protocol version, ALPN. No request was sent. */
export class TlsError extends MintError {
  static override readonly code = 'ERR_MINT_TLS';
  declare readonly code: 'ERR_MINT_TLS';
  declare readonly origin: string;
  declare readonly proxy?: string;
  declare readonly waited?: number;
  declare readonly reason: string;
  declare readonly servername?: string;

  constructor(fields: TlsErrorFields) {
    const reason = fields.reason ?? errnoOf(fields.cause) ?? 'UNKNOWN';
    super(`No TLS connection to ${peer(fields)} [${reason}]${because(fields.cause)}`, {
      ...fields,
      reason,
    });
  }

  static {
    nameErrors(this, 'TlsError');
  }
}

/** Why a proxy opened no tunnel. */
export type ProxyErrorReason =
  /** It asks for credentials and was given none. */
  | 'authentication_required'
  /** It does not take the credentials that it was given. */
  | 'authentication_failed'
  /** It does not want to, or cannot, connect to that server. */
  | 'refused'
  /** What it answered is not of the protocol. */
  | 'bad_answer'
  /** It closed the connection without an answer, or in the middle of it. */
  | 'closed';

interface ProxyErrorFields {
  readonly origin: string;
  readonly proxy: string;
  readonly reason: ProxyErrorReason;
  /** The status of the answer to CONNECT. */
  readonly status?: number | undefined;
  /** What exactly is wrong, when it is known. */
  readonly detail?: string | undefined;
  readonly cause?: unknown;
}

/** The proxy was reached, but opens no way to the server. No request was sent. */
export class ProxyError extends MintError {
  static override readonly code = 'ERR_MINT_PROXY';
  declare readonly code: 'ERR_MINT_PROXY';
  declare readonly origin: string;
  declare readonly proxy: string;
  declare readonly reason: ProxyErrorReason;
  declare readonly status?: number;
  declare readonly detail?: string;

  constructor(fields: ProxyErrorFields) {
    const { origin, proxy, reason, status, detail } = fields;
    const code = status === undefined ? reason : `${reason}, status ${status}`;
    const why = detail === undefined ? because(fields.cause) : `: ${detail}`;
    super(`The proxy ${proxy} opens no way to ${origin} [${code}]${why}`, fields);
  }

  static {
    nameErrors(this, 'ProxyError');
  }
}

interface ConnectionClosedErrorFields extends ExchangeFacts {
  /** Why, when it is known: an errno code such as `ECONNRESET`, or a word such as `'goaway'`. */
  readonly reason?: string | undefined;
  /** The error code's name that the server gave, on HTTP/2: `NO_ERROR`, `HTTP_1_1_REQUIRED`. */
  readonly http2Code?: string | undefined;
  /** The same on HTTP/3: `H3_NO_ERROR`, `H3_VERSION_FALLBACK`. */
  readonly http3Code?: string | undefined;
  /** The name of the error code of QUIC, where it was QUIC that ended: `NO_VIABLE_PATH`; `0x1f` for one without a name. */
  readonly quicCode?: string | undefined;
  /** What the server said with its code over QUIC (the reason phrase of CONNECTION_CLOSE), as it came. */
  readonly detail?: string | undefined;
}

/**
 * The connection was lost before the response was complete.
 *
 * `requestSent: false` means that the server cannot have processed the request. Where the server
 * said why, that is in `http2Code`, `http3Code` (RFC 9114, 8.1) or `quicCode` (RFC 9000, 20.1), with
 * its own words in `detail`. Which frame it found fault with (RFC 9000, 19.19) is not known: the
 * implementation of QUIC does not pass that on.
 *
 * @example
 * const blames = (error: unknown) =>
 *   error instanceof ConnectionClosedError && error.quicCode === 'FLOW_CONTROL_ERROR';
 */
export class ConnectionClosedError extends MintError {
  static override readonly code = 'ERR_MINT_CONNECTION_CLOSED';
  declare readonly code: 'ERR_MINT_CONNECTION_CLOSED';
  declare readonly origin?: string;
  declare readonly phase?: ExchangeFacts['phase'];
  declare readonly reason?: string;
  declare readonly http2Code?: string;
  declare readonly http3Code?: string;
  declare readonly quicCode?: string;
  declare readonly detail?: string;
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(fields: ConnectionClosedErrorFields) {
    const reason = fields.reason ?? errnoOf(fields.cause);
    const code = reason === undefined ? '' : ` [${reason}]`;
    super(
      `The connection${ofOrigin(fields.origin)} closed${code}${because(fields.cause)}${factsOf(fields)}`,
      { ...fields, reason },
    );
  }

  static {
    nameErrors(this, 'ConnectionClosedError');
  }
}

interface QuicUnavailableErrorFields {
  /** The optional package that has to be installed. */
  readonly packageName: string;
  /** Why it could not be loaded. */
  readonly cause: unknown;
}

/** HTTP/3 was asked for, but the optional package with QUIC is not installed, or has no binary for this platform. */
export class QuicUnavailableError extends MintError {
  static override readonly code = 'ERR_MINT_QUIC_UNAVAILABLE';
  declare readonly code: 'ERR_MINT_QUIC_UNAVAILABLE';
  declare readonly packageName: string;

  constructor(fields: QuicUnavailableErrorFields) {
    const { packageName } = fields;
    super(
      `HTTP/3 needs the optional package ${packageName}, which cannot be loaded${because(fields.cause)}. Install it: npm install ${packageName}`,
      fields,
    );
  }

  static {
    nameErrors(this, 'QuicUnavailableError');
  }
}

/** Which peer it was about: the server, or the proxy on the way to it. */
function peer({ origin, proxy }: DialErrorFields): string {
  return proxy === undefined ? origin : `the proxy ${proxy} (on the way to ${origin})`;
}

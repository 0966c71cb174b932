/**
 * Failures of a connection: opening it, securing it, losing it.
 */
import { errnoOf } from '@linnet/mint';
import { after, because, during, exchange, ms, sendAgain, where } from './details.ts';
import type { ExchangeDetails, WhereDetails } from './details.ts';
import { FinchError, nameErrors } from './finch-error.ts';
import { tlsAdvice } from './tls-advice.ts';

/** What a {@link ConnectTimeoutError} says. */
interface ConnectTimeoutErrorOptions extends WhereDetails {
  readonly origin: string;
  /** How long the attempt took, in ms. */
  readonly waited: number;
  /** The `connectTimeout`, in ms. */
  readonly limit: number;
  /** The proxy on the way, without credentials. */
  readonly proxy?: string | undefined;
}

/**
 * The connection was not open within `connectTimeout` (name lookup, TCP, the
 * proxy's part, and TLS together; 5000 ms by default).
 */
export class ConnectTimeoutError extends FinchError {
  static override readonly code = 'ERR_FINCH_CONNECT_TIMEOUT';
  declare readonly code: 'ERR_FINCH_CONNECT_TIMEOUT';
  declare readonly phase: 'connect';
  declare readonly requestSent: false;
  declare readonly origin: string;
  declare readonly pool?: string;
  declare readonly waited: number;
  declare readonly limit: number;
  declare readonly proxy?: string;

  constructor(options: ConnectTimeoutErrorOptions) {
    const { proxy } = options;
    const through = proxy === undefined ? '' : ` through the proxy ${proxy}`;
    const who = proxy === undefined ? 'the server' : 'the proxy, and from it the server,';
    super(
      `No connection to ${options.origin}${through} within ${ms(options.limit)}; gave up after ${ms(options.waited)}. ` +
        `See whether ${who} is reachable from here (name lookup, route, firewall), or raise connectTimeout.`,
      { phase: 'connect', requestSent: false, ...options },
    );
  }

  static {
    nameErrors(this, 'ConnectTimeoutError');
  }
}

/** What a {@link ConnectError} says. */
interface ConnectErrorOptions extends WhereDetails {
  readonly origin: string;
  /** The errno code; by default that of `cause`, else `'UNKNOWN'`. */
  readonly reason?: string | undefined;
  /** How long the attempt took, in ms. */
  readonly waited?: number | undefined;
  /** The proxy that could not be reached, without credentials. */
  readonly proxy?: string | undefined;
}

/** What to look at, by errno code. */
const connectAdvice: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there: see whether the server runs, and its port.',
  ENOTFOUND: 'No such host: see its name and the name servers.',
  EAI_AGAIN: 'The name servers did not answer: see the resolver, and try again.',
  EHOSTUNREACH: 'No route to the host: see the network.',
  ENETUNREACH: 'No route to the network: see the network.',
  ENOENT: 'There is no such socket file: see the path, and whether the server runs.',
  EACCES: 'No permission to open the socket.',
  EADDRNOTAVAIL: 'No free local port or address: see localAddress, and reuse connections.',
  EMFILE: "Too many open files: raise the process's limit, or lower the pools' sizes.",
};

/**
 * The connection could not be opened. `reason` is the errno code
 * (`ECONNREFUSED`, `ENOTFOUND` where Erlang says `nxdomain`, …). With `proxy` it
 * is that proxy which could not be reached.
 */
export class ConnectError extends FinchError {
  static override readonly code = 'ERR_FINCH_CONNECT';
  declare readonly code: 'ERR_FINCH_CONNECT';
  declare readonly phase: 'connect';
  declare readonly requestSent: false;
  declare readonly origin: string;
  declare readonly pool?: string;
  declare readonly reason: string;
  declare readonly waited?: number;
  declare readonly proxy?: string;

  constructor(options: ConnectErrorOptions) {
    const reason = options.reason ?? errnoOf(options.cause) ?? 'UNKNOWN';
    const advice = connectAdvice[reason] ?? 'See whether the server is reachable from here.';
    super(
      `Could not connect to ${peer(options)}${after(options.waited)} [${reason}]${because(options.cause)}. ${advice}`,
      { phase: 'connect', requestSent: false, ...options, reason },
    );
  }

  static {
    nameErrors(this, 'ConnectError');
  }
}

/** What a {@link TlsError} says. */
interface TlsErrorOptions extends WhereDetails {
  readonly origin: string;
  /** The code of OpenSSL or node:tls; by default that of `cause`, else `'UNKNOWN'`. */
  readonly reason?: string | undefined;
  /** The name that the certificate was checked against. */
  readonly servername?: string | undefined;
  /** The proxy with which there was no handshake, without credentials. */
  readonly proxy?: string | undefined;
}

/**
 * The TLS handshake failed: certificate, name, protocol version, ALPN. `reason`
 * is the code of node:tls or OpenSSL (`DEPTH_ZERO_SELF_SIGNED_CERT`,
 * `ERR_TLS_CERT_ALTNAME_INVALID`, …). Nothing was sent. With `proxy` it is the
 * handshake with that proxy.
 */
export class TlsError extends FinchError {
  static override readonly code = 'ERR_FINCH_TLS';
  declare readonly code: 'ERR_FINCH_TLS';
  declare readonly phase: 'connect';
  declare readonly requestSent: false;
  declare readonly origin: string;
  declare readonly pool?: string;
  declare readonly reason: string;
  declare readonly servername?: string;
  declare readonly proxy?: string;

  constructor(options: TlsErrorOptions) {
    const reason = options.reason ?? errnoOf(options.cause) ?? 'UNKNOWN';
    super(
      `No TLS connection to ${peer(options)} [${reason}]${because(options.cause)}. ` +
        tlsAdvice(reason, options.proxy !== undefined),
      { phase: 'connect', requestSent: false, ...options, reason },
    );
  }

  static {
    nameErrors(this, 'TlsError');
  }
}

/** The other end of the connection: the server, or the proxy on the way to it. */
function peer({ origin, proxy }: { readonly origin: string; readonly proxy?: string | undefined }) {
  return proxy === undefined ? origin : `the proxy ${proxy} (on the way to ${origin})`;
}

/** What a {@link Http3UnavailableError} says. */
interface Http3UnavailableErrorOptions extends WhereDetails {
  readonly origin: string;
}

/**
 * HTTP/3 is the only protocol of the pool, and cannot be spoken in this program:
 * the package that implements QUIC is not there, or does not run on this platform.
 * `cause` says which.
 */
export class Http3UnavailableError extends FinchError {
  static override readonly code = 'ERR_FINCH_HTTP3_UNAVAILABLE';
  declare readonly code: 'ERR_FINCH_HTTP3_UNAVAILABLE';
  declare readonly phase: 'connect';
  declare readonly requestSent: false;
  declare readonly origin: string;
  declare readonly pool?: string;

  constructor(options: Http3UnavailableErrorOptions) {
    super(
      `No HTTP/3 connection to ${options.origin}${because(options.cause)}. ` +
        "Or give the pool other protocols beside 'http3'.",
      { phase: 'connect', requestSent: false, ...options },
    );
  }

  static {
    nameErrors(this, 'Http3UnavailableError');
  }
}

/** What a {@link ConnectionClosedError} says. */
interface ConnectionClosedErrorOptions extends ExchangeDetails {
  /** Why, when it is known: an errno code such as `ECONNRESET`, or a word such as `'goaway'`. */
  readonly reason?: string | undefined;
  /** The name of the error code of a GOAWAY that ended it (HTTP/2): `ENHANCE_YOUR_CALM`. */
  readonly http2Code?: string | undefined;
  /** The name of the error code with which the server ended it (HTTP/3): `H3_EXCESSIVE_LOAD`. */
  readonly http3Code?: string | undefined;
  /** The name of the error code of QUIC with which it ended: `PROTOCOL_VIOLATION`; `0x1f` for one without a name. */
  readonly quicCode?: string | undefined;
  /** What the server said with its code over QUIC (the reason phrase of CONNECTION_CLOSE), as it came. */
  readonly detail?: string | undefined;
}

/**
 * The connection was lost before the response was complete: closed or reset by
 * the server, or its process was killed.
 *
 * `requestSent: false` means that the server cannot have processed the request. Where the server
 * said why, that is in `http2Code`, `http3Code` (RFC 9114, 8.1) or `quicCode` (RFC 9000, 20.1), with
 * its own words in `detail`.
 */
export class ConnectionClosedError extends FinchError {
  static override readonly code = 'ERR_FINCH_CONNECTION_CLOSED';
  declare readonly code: 'ERR_FINCH_CONNECTION_CLOSED';
  declare readonly origin?: string;
  declare readonly pool?: string;
  declare readonly phase?: ExchangeDetails['phase'];
  declare readonly reason?: string;
  declare readonly http2Code?: string;
  declare readonly http3Code?: string;
  declare readonly quicCode?: string;
  declare readonly detail?: string;
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(options: ConnectionClosedErrorOptions) {
    const reason = options.reason ?? errnoOf(options.cause);
    const code = reason === undefined ? '' : ` [${reason}]`;
    // A server that expects TLS closes a connection in plain text like this, for example.
    const hint =
      options.reused === false && options.bytesReceived === 0 && options.requestSent === true
        ? " Not a byte came: see the server's log, and whether scheme and port of the URL are right."
        : '';
    super(
      `The connection to ${where(options)} closed${during(options.phase)}${code}${because(options.cause)}${exchange(options)}. ${sendAgain(options)}${hint}`,
      { ...options, reason },
    );
  }

  static {
    nameErrors(this, 'ConnectionClosedError');
  }
}

/**
 * Failures of a proxy to open a tunnel to a server.
 */
import { because } from './details.ts';
import type { WhereDetails } from './details.ts';
import { FinchError, nameErrors } from './finch-error.ts';

/** Why a proxy opened no tunnel. */
export type ProxyErrorReason =
  /** It requires credentials, but none are configured. */
  | 'authentication_required'
  /** It does not accept the credentials. */
  | 'authentication_failed'
  /** It refused to connect to that server, or could not. */
  | 'refused'
  /** Its answer does not follow the protocol. */
  | 'bad_answer'
  /** It closed the connection before its answer was complete. */
  | 'closed';

/** What a {@link ProxyError} says. */
interface ProxyErrorOptions extends WhereDetails {
  /** The proxy without credentials: `http://proxy.example.com:3128`. */
  readonly proxy: string;
  readonly origin: string;
  readonly reason: ProxyErrorReason;
  /** The status of the answer to CONNECT. */
  readonly status?: number | undefined;
  /** What exactly is wrong, when it is known. */
  readonly detail?: string | undefined;
}

const said: Readonly<Record<ProxyErrorReason, string>> = {
  authentication_required: 'requires credentials, but none are configured,',
  authentication_failed: 'does not accept the credentials',
  refused: 'refused to connect',
  bad_answer: 'did not answer as such a proxy does',
  closed: 'closed the connection without an answer',
};

const advice: Readonly<Record<ProxyErrorReason, string>> = {
  authentication_required:
    "Put user and password into the proxy's URL, or set connOpts.proxy.authorization.",
  authentication_failed:
    "See user and password in the proxy's URL, or connOpts.proxy.authorization.",
  refused:
    "See the proxy's rules and its log: it may not allow this server or port, or not reach it.",
  bad_answer:
    'See whether it is a proxy of that kind: http or https with CONNECT, socks5 with SOCKS version 5.',
  closed: "See the proxy's log, and whether it is a proxy of that kind.",
};

/**
 * The proxy was reached, but it opened no tunnel to the server: it refused a CONNECT
 * or SOCKS request, or its answer was not valid.
 * Nothing was sent to the server.
 *
 * A proxy that cannot be reached is a `ConnectError`, `TlsError` or
 * `ConnectTimeoutError` with `proxy` set; and what a proxy answers to a
 * forwarded `http://` request is a response, its 407 included.
 */
export class ProxyError extends FinchError {
  static override readonly code = 'ERR_FINCH_PROXY';
  declare readonly code: 'ERR_FINCH_PROXY';
  declare readonly phase: 'connect';
  declare readonly requestSent: false;
  declare readonly proxy: string;
  declare readonly origin: string;
  declare readonly pool?: string;
  declare readonly reason: ProxyErrorReason;
  declare readonly status?: number;
  declare readonly detail?: string;

  constructor(options: ProxyErrorOptions) {
    const { proxy, origin, reason, status, detail } = options;
    const code = status === undefined ? reason : `${reason}, status ${status}`;
    const why = detail === undefined ? because(options.cause) : `: ${detail}`;
    super(
      `The proxy ${proxy} ${said[reason]} on the way to ${origin} [${code}]${why}. ${advice[reason]}`,
      { phase: 'connect', requestSent: false, ...options },
    );
  }

  static {
    nameErrors(this, 'ProxyError');
  }
}

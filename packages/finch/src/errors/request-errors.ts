/**
 * Failures of a request on its connection, and of its deadline.
 */
import { because, describeReason, during, exchange, figures, ms, where, who } from './details.ts';
import type { ExchangeDetails, RequestPhase } from './details.ts';
import type { PoolFigures } from './figures.ts';
import { FinchError, nameErrors } from './finch-error.ts';

/** What a {@link ReceiveTimeoutError} says. */
interface ReceiveTimeoutErrorOptions extends ExchangeDetails {
  /** How long nothing came, in ms. */
  readonly waited: number;
  /** The `receiveTimeout`, in ms. */
  readonly limit: number;
}

/**
 * The server sent nothing for `receiveTimeout` ms: neither the first byte of
 * the response nor the next chunk of it. The connection is closed.
 */
export class ReceiveTimeoutError extends FinchError {
  static override readonly code = 'ERR_FINCH_RECEIVE_TIMEOUT';
  declare readonly code: 'ERR_FINCH_RECEIVE_TIMEOUT';
  declare readonly phase: RequestPhase;
  declare readonly origin?: string;
  declare readonly pool?: string;
  declare readonly waited: number;
  declare readonly limit: number;
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(options: ReceiveTimeoutErrorOptions) {
    super(
      `${capital(who(options))} sent nothing for ${ms(options.waited)}, ` +
        `receiveTimeout is ${ms(options.limit)}${exchange(options)}. ` +
        'Raise receiveTimeout if the server needs that long, or see why it is slow.',
      { phase: 'receive', ...options },
    );
  }

  static {
    nameErrors(this, 'ReceiveTimeoutError');
  }
}

/** What a {@link RequestTimeoutError} says. */
interface RequestTimeoutErrorOptions extends ExchangeDetails, PoolFigures {
  /** How long the request took so far, in ms. */
  readonly waited: number;
  /** The `requestTimeout`, in ms. */
  readonly limit: number;
}

/**
 * The whole request (queue, connect, send and receive) did not end within
 * `requestTimeout`. `phase` says where the time ran out.
 */
export class RequestTimeoutError extends FinchError {
  static override readonly code = 'ERR_FINCH_REQUEST_TIMEOUT';
  declare readonly code: 'ERR_FINCH_REQUEST_TIMEOUT';
  declare readonly phase?: RequestPhase;
  declare readonly origin?: string;
  declare readonly pool?: string;
  declare readonly waited: number;
  declare readonly limit: number;
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;
  declare readonly size?: number;
  declare readonly inUse?: number;
  declare readonly inFlight?: number;
  declare readonly idle?: number;
  declare readonly connecting?: number;
  declare readonly queued?: number;

  constructor(options: RequestTimeoutErrorOptions) {
    super(
      `The request to ${where(options)} did not end within ${ms(options.limit)}: ` +
        `the time ran out${during(options.phase)}, after ${ms(options.waited)}${exchange(options)}${figures(options)}. ` +
        remedyByPhase(options.phase),
      options,
    );
  }

  static {
    nameErrors(this, 'RequestTimeoutError');
  }
}

/** What a {@link RequestCancelledError} says. */
interface RequestCancelledErrorOptions extends ExchangeDetails {
  /** `signal.reason`, or why the runtime cancelled (the exit reason of the calling process). */
  readonly reason?: unknown;
  /** How long the request had taken, in ms. */
  readonly waited?: number | undefined;
}

/**
 * The request was cancelled: its `AbortSignal` fired, its calling process
 * exited, or `cancelAsyncRequest` was called. `reason` is `signal.reason` where
 * there is one; it is the `cause`, too.
 */
export class RequestCancelledError extends FinchError {
  static override readonly code = 'ERR_FINCH_REQUEST_CANCELLED';
  declare readonly code: 'ERR_FINCH_REQUEST_CANCELLED';
  declare readonly phase?: RequestPhase;
  declare readonly origin?: string;
  declare readonly pool?: string;
  declare readonly reason?: unknown;
  declare readonly waited?: number;
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(options: RequestCancelledErrorOptions) {
    const waited = options.waited === undefined ? '' : ` after ${ms(options.waited)}`;
    const reason = options.reason === undefined ? '' : `: ${describeReason(options.reason)}`;
    super(
      `The request to ${where(options)} was cancelled${during(options.phase)}${waited}${reason}${exchange(options)}.`,
      { ...options, cause: options.cause ?? options.reason },
    );
  }

  static {
    nameErrors(this, 'RequestCancelledError');
  }
}

/** What a {@link ProtocolError} says. */
interface ProtocolErrorOptions extends ExchangeDetails {
  /** What broke the protocol: a stable snake_case word such as `'surplus_bytes'`, or the parser's code. */
  readonly reason: string;
  /** The same in words, for the message. */
  readonly detail?: string | undefined;
}

/**
 * The server broke the protocol: an unparsable or contradictory head, a body
 * of another length than declared, bytes after the response. An HTTP/1 connection
 * is closed then; on HTTP/2 and HTTP/3 one response may be broken and the others go on.
 */
export class ProtocolError extends FinchError {
  static override readonly code = 'ERR_FINCH_PROTOCOL';
  declare readonly code: 'ERR_FINCH_PROTOCOL';
  declare readonly phase?: RequestPhase;
  declare readonly origin?: string;
  declare readonly pool?: string;
  declare readonly reason: string;
  declare readonly detail?: string;
  declare readonly reused?: boolean;
  declare readonly requestSent?: boolean;
  declare readonly bytesReceived?: number;

  constructor(options: ProtocolErrorOptions) {
    const detail = options.detail === undefined ? because(options.cause) : `: ${options.detail}`;
    super(
      `${capital(who(options))} broke the protocol${during(options.phase)} [${options.reason}]${detail}${exchange(options)}. ` +
        'Nothing more is read of that response; look at what the server, or a proxy before it, sends.',
      options,
    );
  }

  static {
    nameErrors(this, 'ProtocolError');
  }
}

function remedyByPhase(phase: RequestPhase | undefined): string {
  switch (phase) {
    case 'queue':
      return "Raise requestTimeout or the pool's size, or lower the rate of requests.";
    case 'connect':
      return 'Raise requestTimeout, or see whether the server is reachable from here.';
    case 'send':
      return 'Raise requestTimeout, or send less: the server did not take the body in time.';
    case 'receive':
    case undefined:
      return 'Raise requestTimeout, or see why the server is slow.';
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

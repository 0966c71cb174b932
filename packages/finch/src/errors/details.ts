/**
 * The fields that errors share, and how a message words them.
 */
import type { PoolFigures } from './figures.ts';
import type { FinchErrorOptions } from './finch-error.ts';

/**
 * Where a request was when it failed: waiting for a connection, opening one,
 * writing the request, waiting for or reading the response.
 */
export type RequestPhase = 'queue' | 'connect' | 'send' | 'receive';

/** Which pool and server an error is about. */
export interface WhereDetails extends FinchErrorOptions {
  /** The pool's printable key, as `Pool.key` gives it. */
  readonly pool?: string | undefined;
  /** The server: `https://api.example.com:443`. */
  readonly origin?: string | undefined;
}

/** What is known about the exchange on the wire. */
export interface ExchangeDetails extends WhereDetails {
  /** Where the request was. */
  readonly phase?: RequestPhase | undefined;
  /** Whether the connection had served a request before. */
  readonly reused?: boolean | undefined;
  /** Whether any byte of the request may have been written: if not, it is safe to send again. */
  readonly requestSent?: boolean | undefined;
  /** How many bytes of the response had come. */
  readonly bytesReceived?: number | undefined;
}

/** `pool https://a.example:443#api`; without it the origin, or `the server`. */
export function where(details: WhereDetails): string {
  if (details.pool !== undefined) return `pool ${details.pool}`;
  return details.origin ?? 'the server';
}

/** The same as the subject of a sentence. */
export function who(details: WhereDetails): string {
  return details.pool === undefined ? where(details) : `the server of pool ${details.pool}`;
}

/** ` (size 50, in use 50, idle 0, queued 12)`, or nothing when no figure is known. */
export function figures(details: PoolFigures): string {
  const known: string[] = [];
  if (details.size !== undefined) known.push(`size ${details.size}`);
  if (details.inUse !== undefined) known.push(`in use ${details.inUse}`);
  if (details.inFlight !== undefined && details.inFlight !== details.inUse) {
    known.push(`in flight ${details.inFlight}`);
  }
  if (details.idle !== undefined) known.push(`idle ${details.idle}`);
  if (details.connecting !== undefined) known.push(`connecting ${details.connecting}`);
  if (details.queued !== undefined) known.push(`queued ${details.queued}`);
  return known.length === 0 ? '' : ` (${known.join(', ')})`;
}

/** ` (reused connection, request sent, 12 bytes received)`, or nothing. */
export function exchange(details: ExchangeDetails): string {
  const known: string[] = [];
  if (details.reused !== undefined) {
    known.push(details.reused ? 'reused connection' : 'fresh connection');
  }
  if (details.requestSent !== undefined) {
    known.push(details.requestSent ? 'request sent' : 'no byte of the request sent');
  }
  if (details.bytesReceived !== undefined) known.push(`${details.bytesReceived} bytes received`);
  return known.length === 0 ? '' : ` (${known.join(', ')})`;
}

/** Whether the request may be sent again, in a sentence. */
export function sendAgain({ requestSent }: ExchangeDetails): string {
  return requestSent === false
    ? 'It is safe to send the request again.'
    : 'The server may have processed the request: send it again only if that does no harm.';
}

const phases: Record<RequestPhase, string> = {
  queue: 'waiting for a connection',
  connect: 'connecting',
  send: 'sending the request',
  receive: 'receiving the response',
};

/** ` while waiting for a connection`, or nothing. */
export function during(phase: RequestPhase | undefined): string {
  return phase === undefined ? '' : ` while ${phases[phase]}`;
}

/** `5003 ms`. */
export function ms(duration: number): string {
  return `${Math.round(duration)} ms`;
}

/** ` after 5003 ms`, or nothing. */
export function after(duration: number | undefined): string {
  return duration === undefined ? '' : ` after ${ms(duration)}`;
}

/** `: read ECONNRESET`, the message of the cause, or nothing. */
export function because(cause: unknown): string {
  if (cause === undefined) return '';
  const text = describeReason(cause);
  return text === '' ? '' : `: ${text}`;
}

/** An exit reason, an abort reason or an error in a few words. */
export function describeReason(reason: unknown): string {
  if (typeof reason === 'string') return reason;
  if (reason instanceof AggregateError && reason.message === '') {
    return reason.errors.map((error) => describeReason(error)).join('; ');
  }
  if (reason instanceof Error) return wordsOf(reason);
  if (typeof reason === 'object' && reason !== null) return safeJson(reason);
  return String(reason);
}

/** An error's message; of OpenSSL its `reason`, since the message has addresses and source lines. */
function wordsOf(error: Error): string {
  const { library, reason } = error as { library?: unknown; reason?: unknown };
  if (typeof library === 'string' && typeof reason === 'string') return reason;
  return error.message === '' ? error.name : error.message.trim();
}

function safeJson(value: object): string {
  try {
    return JSON.stringify(value).slice(0, 200);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

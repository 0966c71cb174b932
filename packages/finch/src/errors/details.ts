/**
 * The fields that errors share, and how a message words them.
 */
import type { FinchErrorOptions } from './finch-error.ts';

/**
 * Where a request was when it failed: waiting for a connection, opening one,
 * writing the request, waiting for or reading the response.
 */
export type RequestPhase = 'queue' | 'connect' | 'send' | 'receive';

/** A pool's figures at the moment of the failure. */
export interface PoolFigures {
  /** The cap on open connections. */
  readonly size?: number | undefined;
  /** Connections that serve a request or a lease. */
  readonly inUse?: number | undefined;
  /** Requests and leases that they carry: more than there are connections, where those are shared. */
  readonly inFlight?: number | undefined;
  /** Open connections that nobody uses. */
  readonly idle?: number | undefined;
  /** Connections that are being opened. */
  readonly connecting?: number | undefined;
  /** Callers that wait for a connection. */
  readonly queued?: number | undefined;
}

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

/** `to pool https://a.example:443#default`, or whatever of it is known. */
export function where(details: WhereDetails): string {
  if (details.pool !== undefined) return `pool ${details.pool}`;
  return details.origin ?? 'the server';
}

/** The same, as the one who did or did not do something. */
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

/** `: read ECONNRESET`, the message of what is underneath, or nothing. */
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

/** What OpenSSL says is in `reason`; its message has addresses and lines of its sources. */
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

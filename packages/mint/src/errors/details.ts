/**
 * What errors of an exchange have in common, and how their messages word it.
 */

import { inspect } from 'node:util';

/** Where a request was when it failed: opening the connection, writing it, or awaiting and reading its response. */
export type Phase = 'connect' | 'send' | 'receive';

/** What is known of an exchange that failed. */
export interface ExchangeFacts {
  /** The server: `https://api.example.com:443`. */
  readonly origin?: string | undefined;
  /** Where the request was. */
  readonly phase?: Phase | undefined;
  /** Whether the connection had served a request before. */
  readonly reused?: boolean | undefined;
  /** Whether any byte of the request may have been written: if not, it is safe to send again. */
  readonly requestSent?: boolean | undefined;
  /** How many bytes of the response had come. */
  readonly bytesReceived?: number | undefined;
  /** The error underneath. */
  readonly cause?: unknown;
}

/** ` of https://api.example.com:443`, or nothing. */
export function ofOrigin(origin: string | undefined): string {
  return origin === undefined ? '' : ` of ${origin}`;
}

/** ` (fresh connection, request sent, 12 bytes received)`, or nothing. */
export function factsOf({ reused, requestSent, bytesReceived }: ExchangeFacts): string {
  const known: string[] = [];
  if (reused !== undefined) known.push(reused ? 'reused connection' : 'fresh connection');
  if (requestSent !== undefined) {
    known.push(requestSent ? 'request sent' : 'no byte of the request sent');
  }
  if (bytesReceived !== undefined) known.push(`${bytesReceived} bytes received`);
  return known.length === 0 ? '' : ` (${known.join(', ')})`;
}

/** `: read ECONNRESET`, the message of what is underneath, or nothing. */
export function because(cause: unknown): string {
  if (cause === undefined) return '';
  if (!(cause instanceof Error)) return `: ${inspect(cause, { depth: 0 })}`;
  const { library, reason } = cause as { library?: unknown; reason?: unknown };
  // What OpenSSL says is in `reason`; its message has addresses and lines of its sources.
  if (typeof library === 'string' && typeof reason === 'string') return `: ${reason}`;
  return cause.message === '' ? '' : `: ${cause.message.trim()}`;
}

/**
 * The errno or TLS code underneath an error: its own `code`, or that of the
 * first of the attempts that an `AggregateError` (Happy Eyeballs) gathers.
 *
 * @example
 * errnoOf(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })); // 'ECONNREFUSED'
 */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  if (error instanceof AggregateError) {
    for (const attempt of error.errors) {
      const found = errnoOf(attempt);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

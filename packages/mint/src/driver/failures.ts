/**
 * From what a codec or a socket says to the errors that leave the package.
 */
import {
  ConnectionClosedError,
  Fault,
  InvalidRequestError,
  isMintError,
  ProtocolError,
  ResponseTooLargeError,
  TlsError,
  Truncation,
} from '../errors/index.ts';
import { tlsAlertOf } from '../errors/tls-alert.ts';
import type { ExchangeFacts } from '../errors/index.ts';

/** The peer ended the connection in order. */
export class PeerClosed extends Error {}

/** This side takes the connection for no further requests. */
export class Retired extends Error {}

/** The typed error of an exchange, or of a connection without one. */
export function typedError(error: Error, facts: ExchangeFacts): Error {
  if (isMintError(error)) return error;
  if (error instanceof Fault) {
    const { reason, tooLarge } = error;
    return tooLarge === undefined
      ? new ProtocolError({ ...facts, reason, detail: error.message })
      : new ResponseTooLargeError({ ...facts, option: 'maxHeaderSize', ...tooLarge });
  }
  if (error instanceof Truncation)
    return new ConnectionClosedError({ ...facts, reason: 'truncated' });
  if (error instanceof PeerClosed) {
    return new ConnectionClosedError({ ...facts, reason: 'closed_by_peer' });
  }
  if (error instanceof Retired) return new ConnectionClosedError({ ...facts, reason: 'retired' });
  // With TLS 1.3 a server refuses the client's certificate, or its lack, after the handshake.
  if (tlsAlertOf(error) !== undefined) {
    return new TlsError({ origin: facts.origin ?? 'the server', cause: error });
  }
  return new ConnectionClosedError({ ...facts, cause: error });
}

/** The server did not offer extended CONNECT. */
export function noUpgrade(
  protocol: string,
  spoken: 'http1' | 'http2' | 'http3',
): InvalidRequestError {
  return new InvalidRequestError({
    option: 'upgrade',
    value: protocol,
    allowed: 'a server that allows extended CONNECT (RFC 8441, RFC 9220), or HTTP/1.1',
    problem: `The server does not switch protocols on ${spoken === 'http3' ? 'HTTP/3' : 'HTTP/2'}`,
  });
}

/** Too many PINGs wait. */
export function tooManyPings(origin: string, limit: number): InvalidRequestError {
  return new InvalidRequestError({
    option: 'ping',
    value: origin,
    allowed: `at most ${limit} PINGs without an answer`,
    problem: 'Too many PINGs wait for their answer',
  });
}

/** A bug in a handler whose exchange is over: it is told as an uncaught error. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** The error of a request on an HTTP/1 connection that has one under way, or is lent. */
export function servesAnother(origin: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'wire',
    value: origin,
    allowed: 'one request at a time on an HTTP/1 connection',
    problem: 'The connection serves another request',
  });
}

/** The error of a request on a connection that had ended before. */
export function closedBefore(
  origin: string,
  reused: boolean,
  failure: Error | undefined,
): ConnectionClosedError {
  return new ConnectionClosedError({
    origin,
    reused,
    requestSent: false,
    bytesReceived: 0,
    cause: failure === undefined ? undefined : typedError(failure, { origin }),
  });
}

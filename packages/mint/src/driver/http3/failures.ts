/**
 * What ended an HTTP/3 connection or stream, as the typed errors that leave the
 * package.
 */
import {
  ConnectionClosedError,
  ProtocolError,
  StreamResetError,
  TlsError,
} from '../../errors/index.ts';
import type { ExchangeFacts } from '../../errors/index.ts';
import { codeName, noError, requestRejected } from '../../http3/codes.ts';
import { quicAlertOf, quicCodeName } from '../../quic/codes.ts';
import { typedError } from '../failures.ts';
import type { QuicEnd } from '../quic/session.ts';

/** The server said GOAWAY. */
export class GoawayFault extends Error {}

/** The connection of QUIC is gone. */
export class QuicClosed extends Error {
  readonly end: QuicEnd;

  constructor(end: QuicEnd) {
    super(messageOf(end));
    this.end = end;
  }

  /** Whether the server ended it in order. */
  get isOrderly(): boolean {
    const { by, isApplication, code } = this.end;
    return by === 'peer' && isApplication && code === noError;
  }
}

/** The typed error of an exchange, or of a connection without one. */
export function http3Error(error: Error, facts: ExchangeFacts): Error {
  if (error instanceof GoawayFault) {
    return new ConnectionClosedError({ ...facts, reason: 'goaway', http3Code: 'H3_NO_ERROR' });
  }
  return error instanceof QuicClosed ? closed(error, facts) : typedError(error, facts);
}

function closed(error: QuicClosed, facts: ExchangeFacts): Error {
  const { by, code, isApplication, reason } = error.end;
  switch (by) {
    case 'idle':
      return new ConnectionClosedError({ ...facts, reason: 'idle_timeout' });
    case 'gone':
      return new ConnectionClosedError({ ...facts, reason: reason === '' ? 'peer_gone' : reason });
    case 'local':
      return new ProtocolError({ ...facts, reason: quicCodeName(code), detail: reason });
    case 'peer': {
      const alert = isApplication ? undefined : quicAlertOf(code);
      if (alert !== undefined) {
        const origin = facts.origin ?? 'the server';
        return new TlsError({ origin, reason: alert, cause: error });
      }
      return new ConnectionClosedError({
        ...facts,
        reason: 'closed_by_peer',
        ...(isApplication ? { http3Code: codeName(code) } : { quicCode: quicCodeName(code) }),
        detail: reason === '' ? undefined : reason,
        cause: error,
      });
    }
  }
}

function messageOf({ by, code, isApplication, reason }: QuicEnd): string {
  if (by !== 'peer') return reason;
  const name = isApplication ? codeName(code) : quicCodeName(code);
  // The server's words may hold anything.
  const words = reason === '' ? '' : `: ${JSON.stringify(reason)}`;
  return `the server closed the connection with ${name}${words}`;
}

/** The server reset the stream before its response was complete; `isAnswered`: its head had come. */
export function streamReset(code: number, facts: ExchangeFacts, isAnswered: boolean): Error {
  const http3Code = codeName(code);
  // What was rejected was not processed, unless it was answered all the same.
  const requestSent = code === requestRejected ? isAnswered : facts.requestSent;
  return new StreamResetError({ ...facts, http3Code, requestSent, detail: details[http3Code] });
}

const details: Readonly<Record<string, string>> = {
  H3_NO_ERROR: 'the server ended the stream before the response was complete',
  H3_GENERAL_PROTOCOL_ERROR: 'the server found fault with the request',
  H3_MESSAGE_ERROR: 'the server found fault with the request',
  H3_EXCESSIVE_LOAD: 'the server asks to slow down',
  H3_VERSION_FALLBACK: 'the server wants this request over HTTP/1.1',
};

/** The server's limit is reached. */
export function aboveLimit(origin: string, underWay: number): StreamResetError {
  return new StreamResetError({
    origin,
    http3Code: 'H3_REQUEST_REJECTED',
    requestSent: false,
    bytesReceived: 0,
    detail: `the server allows no further request at this moment, and ${underWay} are under way`,
  });
}

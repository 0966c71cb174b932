/**
 * Why a request is not sent on a connection that otherwise works.
 */
import { InvalidRequestError, StreamResetError } from '../../errors/index.ts';
import { maxSentHeaders } from './open-session.ts';

/** The server's limit is reached. */
export function aboveLimit(origin: string, limit: number, underWay: number): StreamResetError {
  return new StreamResetError({
    origin,
    http2Code: 'REFUSED_STREAM',
    requestSent: false,
    bytesReceived: 0,
    detail: `the server allows ${limit} requests at once, and ${underWay} are under way`,
  });
}

/** The server did not offer extended CONNECT. */
export function noUpgrade(protocol: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'upgrade',
    value: protocol,
    allowed: 'a server that allows extended CONNECT (RFC 8441), or HTTP/1.1',
    problem: 'The server does not switch protocols on HTTP/2',
  });
}

/** A header section that node:http2 would close the connection over. */
export function headersTooLarge(size: number): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value: size,
    allowed: `at most ${maxSentHeaders} bytes of header fields`,
    problem: `The header fields are ${size} bytes long`,
  });
}

/** What node:http2 does not take for a request. */
export function unsendable(error: Error): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value: undefined,
    allowed: 'fields that HTTP/2 has, once each where they can be there only once',
    problem: `The request cannot be written: ${error.message}`,
    cause: error,
  });
}

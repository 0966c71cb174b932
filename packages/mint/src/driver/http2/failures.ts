/**
 * What ended an HTTP/2 connection or stream, as the typed errors that leave the
 * package.
 */
import { codeName, refusedStream } from '../../http2/codes.ts';
import { ConnectionClosedError, StreamResetError } from '../../errors/index.ts';
import type { ExchangeFacts } from '../../errors/index.ts';
import { typedError } from '../failures.ts';

/** The server said GOAWAY. */
export class GoawayFault extends Error {
  readonly http2Code: string;

  constructor(code: number) {
    const http2Code = codeName(code);
    super(`the server ended the connection with GOAWAY ${http2Code}`);
    this.http2Code = http2Code;
  }
}

/** The typed error of an exchange, or of a connection without one. */
export function http2Error(error: Error, facts: ExchangeFacts): Error {
  if (error instanceof GoawayFault) {
    const { http2Code } = error;
    return new ConnectionClosedError({ ...facts, reason: 'goaway', http2Code, cause: error });
  }
  return typedError(error, facts);
}

/** The server reset the stream before its response was complete; `isAnswered`: its head had come. */
export function streamReset(code: number, facts: ExchangeFacts, isAnswered: boolean): Error {
  const http2Code = codeName(code);
  // What was refused was not processed, unless it was answered all the same.
  const requestSent = code === refusedStream ? isAnswered : facts.requestSent;
  return new StreamResetError({ ...facts, http2Code, requestSent, detail: details[http2Code] });
}

const details: Readonly<Record<string, string>> = {
  NO_ERROR: 'the server ended the stream before the response was complete',
  PROTOCOL_ERROR: 'the server found fault with the request',
  ENHANCE_YOUR_CALM: 'the server asks to slow down',
  HTTP_1_1_REQUIRED: 'the server wants this request over HTTP/1.1',
};

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

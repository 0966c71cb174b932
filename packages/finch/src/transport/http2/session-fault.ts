/**
 * What ended an HTTP/2 connection, as the typed error that leaves the transport.
 */
import { ConnectionClosedError, isFinchError, ProtocolError } from '../../errors/index.ts';
import type { ExchangeDetails } from '../../errors/index.ts';
import { libraryErrorName } from './http2-codes.ts';

/** The server said GOAWAY. */
export class GoawayFault extends Error {
  /** The last stream that the server may have processed. */
  readonly lastStream: number;

  constructor(code: string, lastStream: number) {
    super(`the server ended the connection with GOAWAY ${code}`);
    this.lastStream = lastStream;
  }
}

/** The server closed its side in order, without GOAWAY. */
export class EndFault extends Error {}

/** Turns an error of a session or of its socket into one of the package's. */
export function toFinchError(error: Error, facts: ExchangeDetails): Error {
  if (isFinchError(error)) return error;
  if (error instanceof GoawayFault) {
    return new ConnectionClosedError({ ...facts, reason: 'goaway', cause: error });
  }
  if (error instanceof EndFault) {
    return new ConnectionClosedError({ ...facts, reason: 'closed_by_peer' });
  }
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  switch (code) {
    case 'ERR_HTTP2_ERROR':
      return new ProtocolError({
        ...facts,
        reason: libraryErrorName(typeof errno === 'number' ? errno : 0),
        detail: error.message,
        cause: error,
      });
    case 'ERR_HTTP2_TOO_MANY_INVALID_FRAMES':
    case 'ERR_HTTP2_TOO_MANY_ORIGINS':
      return new ProtocolError({
        ...facts,
        reason: 'ENHANCE_YOUR_CALM',
        detail: error.message,
        cause: error,
      });
    default:
      return new ConnectionClosedError({ ...facts, cause: error });
  }
}

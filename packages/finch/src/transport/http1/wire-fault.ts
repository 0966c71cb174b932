/**
 * What went wrong on an HTTP/1 connection, as the typed error that leaves the
 * transport.
 */
import {
  ConnectionClosedError,
  InvalidRequestError,
  isFinchError,
  ProtocolError,
  ResponseTooLargeError,
} from '../../errors/index.ts';
import type { ExchangeDetails } from '../../errors/index.ts';

/** A breach of the protocol, found while parsing; becomes a `ProtocolError` with the exchange's facts. */
export class WireFault extends Error {
  readonly reason: string;

  constructor(reason: string, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** More header or trailer fields than are taken; becomes a `ResponseTooLargeError`. */
export class HeaderSizeFault extends Error {
  readonly limit: number;
  readonly received: number;

  constructor(limit: number, received: number) {
    super(`more than ${limit} bytes of header or trailer fields`);
    this.limit = limit;
    this.received = received;
  }
}

/** The end of the stream came before the end of the message; becomes a `ConnectionClosedError`. */
export class TruncationFault extends Error {}

/** Turns an error of undici, of the socket or of this layer into one of the package's. */
export function toFinchError(error: Error, facts: ExchangeDetails): Error {
  if (isFinchError(error)) return error;
  if (error instanceof WireFault) {
    return new ProtocolError({ ...facts, reason: error.reason, detail: error.message });
  }
  if (error instanceof HeaderSizeFault) {
    const { limit, received } = error;
    return new ResponseTooLargeError({ ...facts, option: 'maxHeaderSize', limit, received });
  }
  if (error instanceof TruncationFault) {
    return new ConnectionClosedError({ ...facts, reason: 'truncated' });
  }
  return fromUndici(error, facts);
}

/** By code, since undici's classes stay inside undici. */
function fromUndici(error: Error, facts: ExchangeDetails): Error {
  switch ((error as { code?: unknown }).code) {
    case 'UND_ERR_SOCKET':
      return fromSocketError(error, facts);
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return new ProtocolError({
        ...facts,
        reason: 'content_length_mismatch',
        detail: 'the body is not as long as content-length says',
      });
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return new InvalidRequestError({
        option: 'body',
        value: undefined,
        allowed: 'a body of exactly the length that content-length declares',
        problem: 'The request body is not as long as its content-length',
        cause: error,
      });
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return new InvalidRequestError({
        option: 'headers',
        value: undefined,
        allowed:
          'a token as method, a target without spaces or control characters, valid header fields, ' +
          'and no transfer-encoding, keep-alive, upgrade or expect among them',
        problem: `The request cannot be written: ${error.message}`,
        cause: error,
      });
    case 'UND_ERR_INFO':
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return new ConnectionClosedError({ ...facts, reason: 'closed' });
    default:
      return new ConnectionClosedError({ ...facts, cause: error });
  }
}

/** undici tells the kinds of its `SocketError` apart by their messages only. */
function fromSocketError(error: Error, facts: ExchangeDetails): Error {
  switch (error.message) {
    case 'bad response':
      return new ProtocolError({
        ...facts,
        reason: 'unexpected_data',
        detail: 'bytes came that belong to no response',
      });
    case 'bad upgrade':
      return new ProtocolError({
        ...facts,
        reason: 'unexpected_upgrade',
        detail: 'a protocol switch that nobody asked for',
      });
    default:
      return new ConnectionClosedError({ ...facts, reason: 'closed_by_peer' });
  }
}

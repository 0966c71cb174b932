/**
 * What a stream's error code says about its request, as a typed error.
 *
 * node:http2 does not tell who reset a stream: nghttp2 resets one itself, with
 * the same codes, when the response on it is malformed. Of a malformed response
 * without any `:status` nothing else is known either.
 */
import { ProtocolError, StreamResetError } from '../../errors/index.ts';
import type { ExchangeDetails } from '../../errors/index.ts';
import { codeName, protocolError, refusedStream } from './http2-codes.ts';

/**
 * The error of a request whose stream ended with this code before its response was complete;
 * `answered`: the head of the response had come.
 */
export function streamError(code: number, facts: ExchangeDetails, answered: boolean): Error {
  const http2Code = codeName(code);
  switch (code) {
    case protocolError:
      return new ProtocolError({
        ...facts,
        reason: http2Code,
        detail: 'the response is malformed, or the server found fault with the request',
      });
    case refusedStream:
      // Not processed, unless it was answered all the same.
      return new StreamResetError({ ...facts, http2Code, requestSent: answered });
    default:
      return new StreamResetError({ ...facts, http2Code, detail: details[http2Code] });
  }
}

const details: Readonly<Record<string, string>> = {
  NO_ERROR: 'the server ended the stream before the response was complete',
  ENHANCE_YOUR_CALM:
    'the server asks to slow down, or the header or trailer fields exceed maxHeaderSize',
};

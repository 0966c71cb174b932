/** Our parser's result. */
import { connectRequest } from '../../src/http1/parser.ts';
import { readResponse } from '../../test/http1/read-response.ts';
import type { Reading } from '../../test/http1/read-response.ts';
import type { Http1Input } from './generator.ts';
import type { Http1Result } from './result.ts';

/** All of the reading: what must not depend on the cuts. */
export function readPieces({ kind }: Http1Input, pieces: readonly string[]): Reading {
  return readResponse(pieces, { kind, eof: true, maxHeaderSize: 65_536 });
}

export function resultOf(reading: Reading, { kind }: Http1Input): Http1Result {
  const { outcome, interims, status, fields, body, trailers, keepAlive } = reading;
  // The end of a response to CONNECT is the end of its head, tunnel or not.
  const handover = outcome === 'handover' || (kind === connectRequest && outcome === 'complete');
  return {
    accepted: outcome === 'complete' || outcome === 'handover',
    reason: outcome,
    interims: interims.map(([number]) => number),
    status,
    fields,
    body,
    trailers,
    handover,
    keepAlive: outcome === 'complete' && !handover && keepAlive,
  };
}

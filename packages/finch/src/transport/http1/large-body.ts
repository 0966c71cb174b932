/**
 * Large request bodies, sent slice by slice: written as a whole, nothing would
 * tell whether the server still takes them, and `receiveTimeout` would end an
 * upload that goes on.
 */
import { isStreamed } from '../request-body.ts';
import type { WireBody, WireBodySource, WireRequest } from '../wire.ts';

/** How much is written at a time. */
const sliceSize = 262_144;

/** The pieces of a body that is not written as a whole. */
export function pieceByPiece(body: WireBody | undefined): WireBodySource | undefined {
  if (isStreamed(body)) return body;
  const isLarge = body !== undefined && body !== null && body.length > sliceSize;
  return isLarge ? slices(body) : undefined;
}

/** The header fields of a request, with the length of a body that is sent in slices. */
export function withLength({ headers, body }: WireRequest): WireRequest['headers'] {
  if (body === undefined || body === null || isStreamed(body)) return headers;
  if (body.length <= sliceSize) return headers;
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === 'content-length') return headers;
  }
  return [...headers, 'content-length', String(Buffer.byteLength(body))];
}

function* slices(body: string | Uint8Array): Generator<Uint8Array> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  for (let at = 0; at < bytes.length; at += sliceSize) yield bytes.subarray(at, at + sliceSize);
}

/** The step `compressed`. */
import { zlib } from '../body/codings.ts';
import type { ReqRequest } from '../message/request.ts';

/** What this program can decompress; zstd from Node 22.15 on. */
const accepted = zlib.zstd === undefined ? 'gzip, deflate, br' : 'gzip, deflate, br, zstd';

/**
 * Says that the response may be compressed. Not for a range, which would be one of compressed bytes, nor
 * with `raw`, whose reader gets what is sent.
 */
export function compressed(request: ReqRequest): void {
  const { options, headers } = request;
  if (!options.compressed || options.raw || options.range !== undefined || headers.has('range'))
    return;
  headers.setDefault('accept-encoding', accepted);
}

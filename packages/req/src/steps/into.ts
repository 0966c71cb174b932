/** The step `into`. */
import { writeInto } from '../body/into.ts';
import { joined } from '../body/join.ts';
import { isExpected } from '../message/expected.ts';
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';

/**
 * Reads the body of a 2xx response into a file, a function or a `Writable`. That of another status is
 * collected, so that it can be decoded and is never taken for what was asked for. A `'stream'` is left to
 * the caller.
 */
export function into(request: ReqRequest, response: ReqResponse): Promise<void> | undefined {
  return response.streamed ? read(request, response) : undefined;
}

async function read(request: ReqRequest, response: ReqResponse): Promise<void> {
  const { into: target, maxDecodedSize, onProgress } = request.options;
  const pieces = response.body as AsyncIterable<Uint8Array>;
  const { status, headers } = response;
  if (!isWanted(request, response)) {
    response.replaceBody(await joined(pieces, { url: request.url, limit: maxDecodedSize }));
    return;
  }
  const counted =
    onProgress === undefined ? pieces : progress(pieces, lengthOf(response), onProgress);
  if (target === undefined || target === 'stream') {
    if (counted !== pieces) response.body = counted;
    return;
  }
  // Nothing takes back what a function or a stream got; a file is written anew.
  request.call.delivered = typeof target === 'function' || !('file' in target);
  try {
    await writeInto(target, counted, { url: request.url, status, headers });
  } catch (error) {
    response.cancel(error);
    throw error;
  }
  response.replaceBody(undefined);
}

/** `'stream'` is for any status that is returned: the caller sees it before the body. */
function isWanted({ options }: ReqRequest, { ok, status }: ReqResponse): boolean {
  return options.into === 'stream' ? isExpected(status, options) : ok;
}

function lengthOf({ headers }: ReqResponse): number | undefined {
  const length = headers.get('content-length');
  return length === undefined || !/^\d+$/.test(length) ? undefined : Number(length);
}

async function* progress(
  pieces: AsyncIterable<Uint8Array>,
  total: number | undefined,
  report: (progress: { received: number; total: number | undefined }) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0;
  for await (const piece of pieces) {
    yield piece;
    received += piece.length;
    report({ received, total });
  }
}

/** The step `decompressBody`. */
import { decodersOf, decompressBytes, decompressStream, type Encoded } from '../body/decompress.ts';
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';

/** How large a body may become in memory unless `maxDecodedSize` says otherwise: 128 MiB. */
const defaultLimit = 128 * 1024 * 1024;

/**
 * Takes off what `content-encoding` names, and that header and `content-length`, which no longer hold.
 * With a coding that is not known the body stays as it is.
 */
export function decompressBody(
  request: ReqRequest,
  response: ReqResponse,
): Promise<void> | undefined {
  const { options } = request;
  const encoding = response.headers.get('content-encoding');
  if (encoding === undefined || options.raw || request.method === 'HEAD') return undefined;
  const { body } = response;
  const given = options.maxDecodedSize;
  if (body instanceof Uint8Array) {
    const what = { url: request.url, encoding, limit: given ?? defaultLimit };
    return inMemory(response, body, what);
  }
  if (response.streamed) {
    asItComes(response, body as AsyncIterable<Uint8Array>, {
      url: request.url,
      encoding,
      limit: given,
    });
  }
  return undefined;
}

async function inMemory(response: ReqResponse, body: Uint8Array, what: Encoded): Promise<void> {
  const codings = decodersOf(what);
  if (codings === undefined) return;
  response.body = await decompressBytes(body, codings, what);
  dropHeaders(response);
}

function asItComes(response: ReqResponse, body: AsyncIterable<Uint8Array>, what: Encoded): void {
  const codings = decodersOf(what);
  if (codings === undefined) return;
  response.body = thenCancel(decompressStream(body, codings, what), response);
  dropHeaders(response);
}

/** A reader that leaves early waits for no piece that was asked for already. */
async function* thenCancel(
  pieces: AsyncIterable<Uint8Array>,
  response: ReqResponse,
): AsyncGenerator<Uint8Array, void, undefined> {
  let ended = false;
  try {
    yield* pieces;
    ended = true;
  } finally {
    if (!ended) response.cancel('the reader left the body early');
  }
}

function dropHeaders({ headers }: ReqResponse): void {
  headers.delete('content-encoding').delete('content-length');
}

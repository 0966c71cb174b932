/** The step `verifyChecksum`. */
import { createHash, type Hash } from 'node:crypto';
import { ChecksumError } from '../errors/index.ts';
import type { ReqRequest } from '../message/request.ts';
import type { ReqResponse } from '../message/response.ts';

/** Compares the hash of a 2xx response's body, decompressed, with `checksum`. */
export function verifyChecksum(request: ReqRequest, response: ReqResponse): Error | undefined {
  const { checksum } = request.options;
  if (checksum === undefined || !response.ok) return undefined;
  const [algorithm = ''] = checksum.split(':', 1);
  const hash = createHash(algorithm);
  const { body } = response;
  const verify = (): ChecksumError | undefined => {
    const actual = `${algorithm}:${hash.digest('hex')}`;
    return actual === checksum
      ? undefined
      : new ChecksumError({ url: request.url, expected: checksum, actual });
  };
  if (body instanceof Uint8Array) {
    hash.update(body);
    return verify();
  }
  if (response.streamed) response.body = hashed(body as AsyncIterable<Uint8Array>, hash, verify);
  return undefined;
}

/** The pieces; after the last one it throws if their hash is not the expected one. */
async function* hashed(
  pieces: AsyncIterable<Uint8Array>,
  hash: Hash,
  verify: () => Error | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
  const error = verify();
  if (error !== undefined) throw error;
}

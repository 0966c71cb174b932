/** Pieces of a body as one. */
import { DecompressError } from '../errors/index.ts';

/** How much of the body of an error is collected. */
const defaultLimit = 16 * 1024 * 1024;

/** All bytes. @throws DecompressError when there are more than the limit, 16 MiB by default. */
export async function joined(
  pieces: AsyncIterable<Uint8Array>,
  what: { readonly url: string; readonly limit: number | 'infinity' | undefined },
): Promise<Uint8Array> {
  const { url, limit = defaultLimit } = what;
  const all: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (limit !== 'infinity' && length > limit) {
      throw new DecompressError({ url, encoding: 'none', reason: 'too_large', limit });
    }
    all.push(piece);
  }
  return all.length === 1 && all[0] !== undefined ? all[0] : Buffer.concat(all);
}

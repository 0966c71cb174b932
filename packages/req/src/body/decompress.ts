/** Takes the content codings off a body, all at once or as it comes, within bounds. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DecompressError } from '../errors/index.ts';
import { codingNamed, codingsOf, refuseRest, type CodingFunctions } from './codings.ts';
import { framesOf } from './zstd-frames.ts';

/** More layers than any honest server applies; curl and undici stop there, too. */
const maxCodings = 5;

/** A body, where it comes from, and how large it may become. */
export interface Encoded {
  readonly url: string;
  readonly encoding: string;
  readonly limit: number | 'infinity' | undefined;
}

/** The codings to take off, the last applied first; undefined when one of them is not known. */
export function decodersOf({ url, encoding }: Encoded): readonly CodingFunctions[] | undefined {
  const names = codingsOf(encoding);
  if (names.length > maxCodings) {
    throw new DecompressError({ url, encoding, reason: 'too_many_encodings' });
  }
  const found = names.toReversed().map((name) => codingNamed(name));
  return found.every((coding) => coding !== undefined) ? found : undefined;
}

/** What an option of node:zlib can hold. */
const mostBytes = 2 ** 31 - 1;

/** All of a body. */
export async function decompressBytes(
  bytes: Uint8Array,
  codings: readonly CodingFunctions[],
  what: Encoded,
): Promise<Uint8Array> {
  const { url, encoding, limit } = what;
  const maxOutputLength = typeof limit === 'number' ? Math.min(limit, mostBytes) : mostBytes;
  try {
    let decoded = bytes;
    // A body without a byte has no layer to take off.
    for (const coding of codings) {
      if (decoded.length > 0) decoded = await coding.decode(decoded, { maxOutputLength });
    }
    return decoded;
  } catch (cause) {
    const isTooLarge = (cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLarge
      ? new DecompressError({ url, encoding, reason: 'too_large', limit: maxOutputLength, cause })
      : new DecompressError({ url, encoding, reason: 'invalid', cause });
  }
}

/** A body as it comes. */
export async function* decompressStream(
  source: AsyncIterable<Uint8Array>,
  codings: readonly CodingFunctions[],
  what: Encoded,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { url, encoding, limit } = what;
  const origin = new ErrorWatch(source);
  let received = 0;
  try {
    let pieces: AsyncIterable<Uint8Array> = origin;
    for (const coding of codings) {
      pieces = coding.isFramed === true ? frameByFrame(pieces, coding) : through(pieces, coding);
    }
    for await (const piece of pieces) {
      received += piece.length;
      if (typeof limit === 'number' && received > limit) {
        throw new DecompressError({ url, encoding, reason: 'too_large', limit });
      }
      yield piece;
    }
  } catch (error) {
    if (error === origin.error || error instanceof DecompressError) throw error;
    throw new DecompressError({ url, encoding, reason: 'invalid', cause: error });
  }
}

/** The pieces of another iterable; knows the error with which they ended. */
class ErrorWatch implements AsyncIterable<Uint8Array> {
  error: unknown;
  readonly source: AsyncIterable<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.source;
    } catch (error) {
      this.error = error;
      throw error;
    }
  }
}

/** One layer of a coding whose frames stand for themselves. */
async function* frameByFrame(
  source: AsyncIterable<Uint8Array>,
  coding: CodingFunctions,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const frame of framesOf(source)) yield* through(frame, coding);
}

/** One layer. A body without a byte has none to take off. */
async function* through(
  source: AsyncIterable<Uint8Array>,
  coding: CodingFunctions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = source[Symbol.asyncIterator]();
  let first = await pieces.next();
  while (first.done !== true && first.value.length === 0) first = await pieces.next();
  if (first.done === true) return;
  const { value } = first;
  let given = 0;
  async function* all(): AsyncGenerator<Uint8Array, void, undefined> {
    given = value.length;
    yield value;
    for await (const piece of { [Symbol.asyncIterator]: () => pieces }) {
      given += piece.length;
      yield piece;
    }
  }
  const decoder = coding.decoder(value[0]);
  const fed = pipeline(Readable.from(all()), decoder);
  // The iterator of the decoder tells of errors as well, and first.
  fed.catch(() => {});
  yield* decoder as AsyncIterable<Uint8Array>;
  if (coding.ignoresRest !== true) return;
  await fed;
  refuseRest(given, decoder);
}

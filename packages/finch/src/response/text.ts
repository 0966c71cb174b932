/**
 * From the pieces of a body to text and to JSON.
 *
 * The pieces of a body are joined in one buffer that all bodies share: it is used only
 * during the call, and allocating a buffer for each body of some 10 kB would cost more
 * than decoding it.
 */
import { TextDecoder } from 'node:util';
import { InvalidJsonError } from '../errors/response-errors.ts';
import { OptionsError } from '../errors/input-errors.ts';
import { BoundedCache } from '../identity/index.ts';
import { charsetOf } from './media-type.ts';

/** Bodies that are longer get a buffer of their own. */
const largestScratch = 1024 * 1024;

/** The buffer in which pieces are joined: grows by doubling up to the largest size. */
class Scratch {
  #bytes = new Uint8Array(0);

  /** The pieces as one, until the next call. */
  join(pieces: readonly Uint8Array[], length: number): Uint8Array {
    if (this.#bytes.byteLength < length) this.#bytes = new Uint8Array(powerOfTwo(length));
    let end = 0;
    for (const piece of pieces) {
      this.#bytes.set(piece, end);
      end += piece.byteLength;
    }
    return this.#bytes.subarray(0, end);
  }
}

const scratch = new Scratch();

const utf8 = new TextDecoder();

/** Longer content types are rarely used twice, so they are not cached. */
const longestCached = 256;

/** Decoders by content type. */
const decoders = new BoundedCache<string, TextDecoder>(64);

/** What is known of a body besides its bytes. */
export interface BodyInfo {
  readonly contentType: string | undefined;
  readonly status?: number | undefined;
  readonly contentEncoding?: string | undefined;
}

/**
 * Decodes a body. Without an encoding it is the one of the content type's
 * first `charset` if there is such an encoding (as the WHATWG Encoding standard names
 * them), else UTF-8. Malformed bytes become U+FFFD, a byte order mark is dropped.
 *
 * @throws OptionsError for an encoding that does not exist.
 */
export function decodeText(
  pieces: readonly Uint8Array[],
  contentType: string | undefined,
  encoding?: string,
): string {
  const decoder = encoding === undefined ? decoderOf(contentType) : decoderFor(encoding);
  return decodeWith(decoder, pieces);
}

/**
 * Parses a body as JSON, which is UTF-8, regardless of the content type
 * (RFC 8259 section 8.1). `info` is for the error.
 *
 * @throws InvalidJsonError
 */
export function decodeJson(pieces: readonly Uint8Array[], info: () => BodyInfo): unknown {
  return parseJson(decodeUtf8(pieces), () => ({ length: lengthOf(pieces), ...info() }));
}

/** The same of the text. */
export function parseJson(text: string, info: () => BodyInfo & { length: number }): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const snippet = text.length <= 80 ? text : `${text.slice(0, 80)}…`;
    throw new InvalidJsonError({ cause, snippet, ...info() });
  }
}

/** Decodes UTF-8 as `decodeText` does. */
export function decodeUtf8(pieces: readonly Uint8Array[]): string {
  return decodeWith(utf8, pieces);
}

/** Whether a body of this type is decoded as UTF-8. */
export function isUtf8(contentType: string | undefined): boolean {
  return decoderOf(contentType) === utf8;
}

/**
 * Whether text that was decoded from so many bytes of UTF-8 is ASCII: no byte beyond that becomes a
 * character of its own, but for one that is malformed.
 */
export function isAscii(text: string, bytes: number): boolean {
  return text.length === bytes && !text.includes('\ufffd');
}

/** The pieces as one; a single one is not copied. */
export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
}

export function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.byteLength;
  return length;
}

function decodeWith(decoder: TextDecoder, pieces: readonly Uint8Array[]): string {
  if (pieces.length < 2) return decoder.decode(pieces[0]);
  const length = lengthOf(pieces);
  if (length > largestScratch) return decoder.decode(joinPieces(pieces));
  return decoder.decode(scratch.join(pieces, length));
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(atLeast, 64 * 1024)));
}

function decoderOf(contentType: string | undefined): TextDecoder {
  if (contentType === undefined) return utf8;
  const known = decoders.get(contentType);
  if (known !== undefined) return known;
  const charset = charsetOf(contentType);
  const named = charset === undefined ? undefined : newDecoder(charset);
  const decoder = named === undefined || named.encoding === utf8.encoding ? utf8 : named;
  if (contentType.length <= longestCached) decoders.set(contentType, decoder);
  return decoder;
}

function decoderFor(encoding: string): TextDecoder {
  const decoder = newDecoder(encoding);
  if (decoder !== undefined) return decoder;
  throw new OptionsError({
    option: 'encoding',
    value: encoding,
    allowed: "an encoding of the WHATWG Encoding standard, such as 'utf-8', 'latin1' or 'utf-16le'",
  });
}

function newDecoder(label: string): TextDecoder | undefined {
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
}

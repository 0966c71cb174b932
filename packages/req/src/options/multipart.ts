/** The parts of a multipart form, as a caller gives them. */
import { custom, invalid, isInteger, isObject } from '@linnet/otp/options';

/** What a part may be made of. */
export type PartValue =
  | string
  | number
  | boolean
  | Uint8Array
  | Blob
  | { readonly file: string }
  | {
      readonly stream: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;
      readonly length?: number;
    };

/** A part with what is said of it. */
export interface PartWithDetails {
  readonly value: PartValue;
  /** Default: the name of the file, or of a `File`. */
  readonly filename?: string;
  /** Default: that of the Blob, `application/octet-stream` for other files. */
  readonly contentType?: string;
}

/** One part, or several of one name. */
export type PartInput = PartValue | PartWithDetails | readonly (PartValue | PartWithDetails)[];

/** The parts by their names. */
export type MultipartInput = Readonly<Record<string, PartInput>>;

/** A part as the encoder takes it. */
export interface Part extends PartWithDetails {
  readonly name: string;
}

export const formMultipart = custom<MultipartInput, readonly Part[]>({
  doc: 'The body as `multipart/form-data`: by name a string, number, boolean, bytes, `Blob`, `{ file: path }`, `{ stream, length }`, `{ value, filename, contentType }`, or a list of them. Files are streamed; the length is sent when every part has one.',
  type: 'object',
  allowed:
    'an object of strings, numbers, booleans, bytes, Blobs, { file }, { stream, length }, { value, filename, contentType }, or lists of them; a FormData is a body by itself: the option body',
  parse(value) {
    // A FormData, or pairs, would be an object without a part.
    if (!isObject(value) || Symbol.iterator in value) return invalid;
    const parts: Part[] = [];
    for (const [name, given] of Object.entries(value)) {
      for (const each of Array.isArray(given) ? (given as unknown[]) : [given]) {
        const part = partOf(name, each);
        if (part === undefined) return invalid;
        parts.push(part);
      }
    }
    return parts;
  },
});

function partOf(name: string, given: unknown): Part | undefined {
  if (isPartValue(given)) return { name, value: given };
  if (!isObject(given) || !isPartValue(given['value'])) return undefined;
  const { value, filename, contentType } = given as unknown as PartWithDetails;
  return {
    name,
    value,
    ...(filename === undefined ? undefined : { filename: String(filename) }),
    ...(contentType === undefined ? undefined : { contentType: String(contentType) }),
  };
}

function isPartValue(value: unknown): value is PartValue {
  if (['string', 'number', 'boolean'].includes(typeof value)) return true;
  if (value instanceof Uint8Array || value instanceof Blob) return true;
  if (!isObject(value)) return false;
  if (typeof value['file'] === 'string') return true;
  const { stream, length } = value;
  if (length !== undefined && !isInteger(length, 0)) return false;
  return (
    typeof stream === 'object' &&
    stream !== null &&
    (Symbol.asyncIterator in stream || stream instanceof ReadableStream)
  );
}

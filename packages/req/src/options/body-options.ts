/** What is sent: the body of a request and how it is encoded. */
import type { BodyInput } from '@linnet/finch';
import { custom, invalid, oneOf } from '@linnet/otp/options';
import { formMultipart } from './multipart.ts';
import { form } from './params.ts';

/** The content codings in which a body can be sent. */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** A value to be sent as JSON; kept in a box, since it may be `null` or `false`. */
export interface JsonBody {
  readonly value: unknown;
}

export const bodyFields = {
  body: custom<Exclude<BodyInput, null>>({
    doc: 'The body as it is: what `Finch.build` takes. One of `body`, `json`, `form` and `formMultipart`.',
    type: 'BodyInput',
    allowed:
      'a string, bytes, a Blob, FormData, a stream, an iterable, or a function that makes one',
    secret: true,
    parse: (value) =>
      typeof value === 'string' ||
      typeof value === 'function' ||
      (typeof value === 'object' && value !== null)
        ? (value as Exclude<BodyInput, null>)
        : invalid,
  }),
  json: custom<{} | null, JsonBody>({
    doc: 'The body as JSON of this value.',
    type: 'any JSON value',
    allowed: 'a value that JSON has',
    secret: true,
    parse: (value) =>
      typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint'
        ? invalid
        : { value },
  }),
  form,
  formMultipart,
  compressBody: oneOf([true, false, 'gzip', 'deflate', 'br', 'zstd'] as const, {
    default: false,
    doc: 'Whether the body is sent compressed, with `content-encoding`; `true` is gzip. Streams are compressed as they are sent.',
  }),
};

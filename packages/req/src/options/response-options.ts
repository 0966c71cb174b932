/** What is made of a response. */
import { Writable } from 'node:stream';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { boolean, custom, invalid, isInteger, isObject, limit, oneOf } from '@linnet/otp/options';
import type { HeaderList } from '../header-list.ts';

/** How a body is decoded: by its content type, as said, or by its content type and then a schema. */
export type Decode = 'auto' | 'json' | 'text' | 'bytes' | StandardSchemaV1;

/** The head of a response whose body is being read. */
export interface ResponseHead {
  readonly url: string;
  readonly status: number;
  readonly headers: HeaderList;
}

/** Takes a piece of a body; `'halt'` ends the reading. */
export type IntoFunction = (chunk: Uint8Array, head: ResponseHead) => unknown;

/** Where a body goes instead of into memory. */
export type Into = 'stream' | IntoFunction | Writable | { readonly file: string };

/** How far a download is, in bytes as they are delivered. */
export interface Progress {
  readonly received: number;
  /** The length that the server gave; undefined when it gave none or the body is compressed. */
  readonly total: number | undefined;
}

const checksumPattern = /^(?:md5|sha1|sha256|sha512):[0-9a-f]+$/i;

export const responseFields = {
  raw: boolean({
    default: false,
    doc: 'Whether the body is neither decompressed nor decoded.',
  }),
  decode: custom<Decode, Decode, 'auto'>({
    default: 'auto',
    doc: "What the body becomes: `'auto'` goes by the content type (JSON, text, else bytes), `'json'`, `'text'` and `'bytes'` say it, a Standard Schema (zod, valibot, …) checks and types what `'auto'` gives, for 2xx; another status is then a `StatusError`, unless the call itself says `httpErrors: 'return'`.",
    type: "'auto' | 'json' | 'text' | 'bytes' | StandardSchemaV1",
    allowed: "'auto', 'json', 'text', 'bytes' or a Standard Schema",
    parse(value) {
      if (value === 'auto' || value === 'json' || value === 'text' || value === 'bytes')
        return value;
      return isSchema(value) ? value : invalid;
    },
  }),
  maxDecodedSize: limit({
    min: 1,
    unit: 'bytes',
    doc: 'How large a body may become when it is decompressed: what is larger is a `DecompressError`. With `into` there is no limit unless this is given.',
    defaultText: '134217728 (128 MiB)',
  }),
  checksum: custom<string>({
    doc: "What the body must hash to, once it is decompressed: `'sha256:…'`, `'sha512:…'`, `'sha1:…'` or `'md5:…'` in hexadecimal. Else a `ChecksumError`.",
    type: 'string',
    allowed: "'sha256:' (or sha512, sha1, md5) and hexadecimal digits",
    parse: (value) =>
      typeof value === 'string' && checksumPattern.test(value) ? value.toLowerCase() : invalid,
  }),
  into: custom<Into>({
    doc: "Where the body of a 2xx response goes as it comes: `{ file: path }`, a function of each piece, a `Writable`, or `'stream'`, with which `response.body` is to be read or cancelled, whatever the status. Else the body of another status is collected and decoded.",
    type: "'stream' | function | Writable | { file }",
    allowed: "'stream', a function, a Writable of node:stream or { file: path }",
    parse: (value) => (isInto(value) ? value : invalid),
  }),
  onProgress: custom<(progress: Progress) => void>({
    doc: 'Called after each piece of a body that goes `into` something.',
    type: 'function',
    allowed: 'a function',
    parse: (value) =>
      typeof value === 'function' ? (value as (progress: Progress) => void) : invalid,
  }),
  httpErrors: oneOf(['return', 'raise'], {
    default: 'return',
    doc: "What a status other than 2xx is: `'return'` a response, `'raise'` a `StatusError`.",
  }),
  expect: custom<number | readonly number[], readonly number[]>({
    doc: 'The status, or those, that are expected; every other one is a `StatusError`.',
    type: 'integer | integer[]',
    allowed: 'a status from 200 to 999, or a list of them',
    parse(value) {
      const list = Array.isArray(value) ? (value as unknown[]) : [value];
      return list.every((each) => isInteger(each, 200)) ? list : invalid;
    },
  }),
};

/** Whether something is a Standard Schema. */
export function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as { '~standard'?: unknown })['~standard'];
  return isObject(standard) && typeof standard['validate'] === 'function';
}

function isInto(value: unknown): value is Into {
  if (value === 'stream' || typeof value === 'function' || value instanceof Writable) return true;
  return isObject(value) && typeof value['file'] === 'string' && value['file'] !== '';
}

/** The content codings of HTTP as functions of node:zlib (RFC 9110, 8.4.1; RFC 8878 for zstd). */
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import * as node from 'node:zlib';
import type { Coding } from '../options/index.ts';
import { framesIn } from './zstd-frames.ts';

/** What decompresses and compresses one coding. */
export interface CodingFunctions {
  /** All at once; rejects when there would be more than `maxOutputLength` bytes. */
  decode(bytes: Uint8Array, options: { readonly maxOutputLength: number }): Promise<Buffer>;
  encode(bytes: Uint8Array): Promise<Buffer>;
  /** Whether each frame of a body has a decoder of its own. */
  readonly isFramed?: boolean;
  /** Whether the decoder ends at the end of the data, whatever follows: then its user has to look. */
  readonly ignoresRest?: boolean;
  /** @param first the first byte of what it will be given */
  decoder(first: number | undefined): Transform & { readonly bytesWritten: number };
  encoder(): Transform;
}

const gzip: CodingFunctions = {
  decode: promisify<node.InputType, node.ZlibOptions, Buffer>(node.gunzip),
  encode: promisify<node.InputType, Buffer>(node.gzip),
  decoder: () => node.createGunzip(),
  encoder: () => node.createGzip(),
};

/** What follows the data of a body is no part of it: the body is damaged. */
export function refuseRest(
  given: number,
  { bytesWritten }: { readonly bytesWritten: number },
): void {
  if (given > bytesWritten) throw new Error('other bytes follow the end of the compressed data');
}

/** A function of node:zlib that says, with the option `info`, how many bytes it has used. */
type Decode = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number; readonly info: true },
  done: (error: Error | null, result: Buffer) => void,
) => void;

/** What it gives then; its types know of the bytes alone. */
interface Informed {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function decodeAll(decode: Decode): CodingFunctions['decode'] {
  const informed = promisify(decode) as (...given: unknown[]) => Promise<unknown>;
  return async (bytes, options) => {
    const { buffer, engine } = (await informed(bytes, { ...options, info: true })) as Informed;
    refuseRest(bytes.length, engine);
    return buffer;
  };
}

const inflate = decodeAll(node.inflate);
const inflateRaw = decodeAll(node.inflateRaw);

/**
 * RFC 9110 means the zlib format by "deflate"; some servers send the bare one. The first byte of zlib
 * says method 8.
 */
function isZlib(first = 8): boolean {
  return (first & 0x0f) === 8;
}

const deflate: CodingFunctions = {
  decode: (bytes, options) =>
    isZlib(bytes[0]) ? inflate(bytes, options) : inflateRaw(bytes, options),
  encode: promisify<node.InputType, Buffer>(node.deflate),
  ignoresRest: true,
  decoder: (first) => (isZlib(first) ? node.createInflate() : node.createInflateRaw()),
  encoder: () => node.createDeflate(),
};

const br: CodingFunctions = {
  decode: decodeAll(node.brotliDecompress),
  ignoresRest: true,
  // The default, 11, takes seconds for a few MB: 5 is what servers use for what is made on the fly.
  encode: (bytes) => brotliCompress(bytes, brotliOptions),
  decoder: () => node.createBrotliDecompress(),
  encoder: () => node.createBrotliCompress(brotliOptions),
};
const brotliCompress = promisify<node.InputType, node.BrotliOptions, Buffer>(node.brotliCompress);
const brotliOptions: node.BrotliOptions = { params: { [node.constants.BROTLI_PARAM_QUALITY]: 5 } };

/** Undefined before Node 22.15. */
const zstd: CodingFunctions | undefined =
  typeof node.zstdDecompress === 'function'
    ? {
        decode: decodeFrames,
        isFramed: true,
        encode: promisify<node.InputType, Buffer>(node.zstdCompress),
        decoder: () => node.createZstdDecompress(),
        encoder: () => node.createZstdCompress(),
      }
    : undefined;

async function decodeFrames(
  bytes: Uint8Array,
  { maxOutputLength }: { readonly maxOutputLength: number },
): Promise<Buffer> {
  const decode = promisify<node.InputType, node.ZstdOptions, Buffer>(node.zstdDecompress);
  const decoded: Buffer[] = [];
  let left = maxOutputLength;
  for (const frame of framesIn(bytes)) {
    const content = await decode(frame, { maxOutputLength: Math.max(1, left) });
    decoded.push(content);
    left -= content.length;
  }
  return decoded.length === 1 && decoded[0] !== undefined ? decoded[0] : Buffer.concat(decoded);
}

/** The codings that this Node.js has. */
export const zlib: Readonly<Record<Coding, CodingFunctions | undefined>> = {
  gzip,
  deflate,
  br,
  zstd,
};

/** A coding by its name in `content-encoding`; undefined when it is not known. */
export function codingNamed(name: string): CodingFunctions | undefined {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return gzip;
    case 'deflate':
      return deflate;
    case 'br':
      return br;
    case 'zstd':
      return zstd;
    default:
      return undefined;
  }
}

/** The names in a `content-encoding` field, in the order in which they were applied. */
export function codingsOf(field: string | undefined): string[] {
  return (field ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
}

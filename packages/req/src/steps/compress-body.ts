/** The step `compressBody`. */
import { pipeline, Readable } from 'node:stream';
import type { BodyChunk, BodyInput, BodySource } from '@linnet/finch';
import { zlib, type CodingFunctions } from '../body/codings.ts';
import type { Coding } from '../options/index.ts';
import { ReqOptionsError } from '../errors/index.ts';
import type { ReqRequest } from '../message/request.ts';

/** Compresses the body and says so in `content-encoding`. */
export function compressBody(request: ReqRequest): Promise<void> | undefined {
  const { headers, body, options } = request;
  const { compressBody: wanted } = options;
  if (wanted === false || body === undefined || body === null || headers.has('content-encoding'))
    return undefined;
  return compress(request, body, wanted === true ? 'gzip' : wanted);
}

async function compress(
  request: ReqRequest,
  body: Exclude<BodyInput, null>,
  name: Coding,
): Promise<void> {
  const coding = zlib[name];
  if (coding === undefined) {
    const allowed = Object.keys(zlib).filter(
      (each) => zlib[each as keyof typeof zlib] !== undefined,
    );
    throw new ReqOptionsError({
      option: 'compressBody',
      value: name,
      detail: 'this version of Node.js does not have it',
      allowed: allowed.join(', '),
    });
  }
  request.body = await compressedOf(body, coding, request);
  request.headers.set('content-encoding', name).delete('content-length');
}

async function compressedOf(
  body: Exclude<BodyInput, null>,
  coding: CodingFunctions,
  { headers }: ReqRequest,
): Promise<Exclude<BodyInput, null>> {
  if (typeof body === 'string') return coding.encode(Buffer.from(body));
  if (body instanceof Uint8Array) return coding.encode(body);
  if (typeof body === 'function') return () => streamed(body(), coding);
  if (
    body instanceof FormData ||
    body instanceof URLSearchParams ||
    body instanceof Blob ||
    !isSource(body)
  ) {
    // The platform knows how each of these is encoded, and its content type.
    const encoded = new Response(body as ConstructorParameters<typeof Response>[0]);
    const type = encoded.headers.get('content-type');
    if (type !== null) headers.setDefault('content-type', type);
    return coding.encode(new Uint8Array(await encoded.arrayBuffer()));
  }
  return streamed(body, coding);
}

function isSource(body: Exclude<BodyInput, null>): body is BodySource {
  return (
    typeof body === 'object' &&
    !ArrayBuffer.isView(body) &&
    (Symbol.asyncIterator in body || Symbol.iterator in body || body instanceof ReadableStream)
  );
}

/** A stream of what the coding makes of another; an error of either destroys both. */
function streamed(source: BodySource, coding: CodingFunctions): AsyncIterable<BodyChunk> {
  const encoder = coding.encoder();
  pipeline(Readable.from(source as AsyncIterable<BodyChunk>), encoder, () => {});
  return encoder;
}

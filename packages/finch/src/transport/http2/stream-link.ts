/**
 * The only place that listens to streams of node:http2. The listeners are
 * functions of this module, which find their exchange on the stream: no closure
 * is made for a request.
 *
 * Pieces of a body are taken where node:http2 puts them into the stream, with
 * `push`, not from its `data` events: that spares the stream's own buffer, and
 * only so can be seen whether the server ended its response (`null` is pushed
 * into an open stream) or reset the stream with NO_ERROR (into a closed one).
 * Reading goes on with `_read`.
 */
import type { ClientHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import type { ChunkQueue } from './chunk-queue.ts';

/** What is told of a stream. */
export interface StreamUser {
  /** An interim response; `raw` is a flat list without pseudo-header fields. */
  onInterim(status: number, raw: string[]): void;
  /** The head of the final response; `contentLength` is the field's text. */
  onHead(status: number, flags: number, raw: string[], contentLength: string | undefined): void;
  /** A piece of the body, perhaps before the head. `false` stops the reading until `_read`. */
  onChunk(chunk: Buffer): boolean;
  /** The server ended its response: what came with it is still on its way. */
  onComplete(): void;
  onTrailers(raw: string[]): void;
  /** Nothing more comes. */
  onEnd(): void;
  /** All of the request was written. */
  uploaded(): void;
  /** The stream is closed, or about to be, with this error. */
  onClose(error: Error | undefined): void;
}

const user = Symbol('user');

interface LinkedStream extends ClientHttp2Stream {
  [user]: StreamUser;
}

type Fields = Readonly<Record<string, unknown>>;
type Push = (chunk: Buffer | null, encoding?: BufferEncoding) => boolean;

// oxlint-disable-next-line typescript/unbound-method -- called on the stream
const ownPush = Readable.prototype.push as Push;

/** Has a stream tell all that happens to it. */
export function listen(stream: ClientHttp2Stream, by: StreamUser): void {
  (stream as LinkedStream)[user] = by;
  stream.push = push;
  stream
    .on('response', onResponse)
    .on('headers', onHeaders)
    .on('trailers', onTrailers)
    .on('end', onEnd)
    .on('finish', onFinish)
    .on('error', onError)
    .on('close', onClose);
}

/** Makes it a stream like any other again, with what was taken from it already. */
export function release(stream: ClientHttp2Stream, taken: ChunkQueue | undefined): void {
  Reflect.deleteProperty(stream, 'push');
  stream
    .off('response', onResponse)
    .off('headers', onHeaders)
    .off('trailers', onTrailers)
    .off('end', onEnd)
    .off('finish', onFinish)
    .off('error', onError)
    .off('close', onClose);
  // In front of an end that may be there already.
  if (taken !== undefined && taken.length > 0) stream.unshift(taken.takeAll());
}

function push(this: LinkedStream, chunk: Buffer | null, encoding?: BufferEncoding): boolean {
  if (chunk !== null) return this[user].onChunk(chunk);
  if (!this.closed) this[user].onComplete();
  return ownPush.call(this, chunk, encoding);
}

// `:status` is the first field of a head, and the only pseudo-header field (nghttp2 sees to it).
function onResponse(this: unknown, fields: Fields, flags: number, raw: string[]): void {
  const length = fields['content-length'] as string | undefined;
  (this as LinkedStream)[user].onHead(Number(fields[':status']), flags, raw.slice(2), length);
}

function onHeaders(this: unknown, fields: Fields, _flags: number, raw: string[]): void {
  (this as LinkedStream)[user].onInterim(Number(fields[':status']), raw.slice(2));
}

function onTrailers(this: unknown, _fields: Fields, _flags: number, raw: string[]): void {
  (this as LinkedStream)[user].onTrailers(raw);
}

function onEnd(this: unknown): void {
  (this as LinkedStream)[user].onEnd();
}

function onFinish(this: unknown): void {
  (this as LinkedStream)[user].uploaded();
}

function onError(this: unknown, error: Error): void {
  (this as LinkedStream)[user].onClose(error);
}

function onClose(this: unknown): void {
  (this as LinkedStream)[user].onClose(undefined);
}

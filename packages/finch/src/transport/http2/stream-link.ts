/**
 * The only place that listens to streams of node:http2. It does so where they
 * emit: a stream tells its exchange, which it knows, and then whoever listens.
 * Listeners of its own would cost a request seven additions, each an event
 * itself, and the calls through the emitter.
 *
 * Pieces of a body are taken where node:http2 puts them into the stream, with
 * `push`, not from its `data` events: that spares the stream's own buffer, and
 * only so can be seen whether the server ended its response (`null` is pushed
 * into an open stream) or reset the stream with NO_ERROR (into a closed one).
 * Reading goes on with `_read`.
 */
import { EventEmitter } from 'node:events';
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
type Emit = (event: string | symbol, first?: unknown, second?: unknown, third?: unknown) => boolean;

// oxlint-disable-next-line typescript/unbound-method -- called on the stream
const ownPush = Readable.prototype.push as Push;
// oxlint-disable-next-line typescript/unbound-method -- called on the stream
const ownEmit = EventEmitter.prototype.emit as Emit;

/** Has a stream tell all that happens to it. */
export function listen(stream: ClientHttp2Stream, by: StreamUser): void {
  const linked = stream as LinkedStream;
  linked[user] = by;
  linked.push = push;
  linked.emit = emit;
}

/** Makes it a stream like any other again, with what was taken from it already. */
export function release(stream: ClientHttp2Stream, taken: ChunkQueue | undefined): void {
  Reflect.deleteProperty(stream, 'push');
  Reflect.deleteProperty(stream, 'emit');
  // In front of an end that may be there already.
  if (taken !== undefined && taken.length > 0) stream.unshift(taken.takeAll());
}

function push(this: LinkedStream, chunk: Buffer | null, encoding?: BufferEncoding): boolean {
  if (chunk !== null) return this[user].onChunk(chunk);
  if (!this.closed) this[user].onComplete();
  return ownPush.call(this, chunk, encoding);
}

function emit(
  this: LinkedStream,
  event: string | symbol,
  first?: unknown,
  second?: unknown,
  third?: unknown,
): boolean {
  const by = this[user];
  switch (event) {
    case 'response':
      onResponse(by, first as Fields, second as number, third as string[]);
      break;
    case 'headers':
      by.onInterim(Number((first as Fields)[':status']), (third as string[]).slice(2));
      break;
    case 'trailers':
      by.onTrailers(third as string[]);
      break;
    case 'end':
      by.onEnd();
      break;
    case 'finish':
      by.uploaded();
      break;
    case 'error':
      by.onClose(first as Error);
      // It has been heard, whoever else listens.
      if (this.listenerCount(event) === 0) return true;
      break;
    case 'close':
      by.onClose(undefined);
      break;
  }
  return ownEmit.call(this, event, first, second, third);
}

// `:status` is the first field of a head, and the only pseudo-header field (nghttp2 sees to it).
function onResponse(by: StreamUser, fields: Fields, flags: number, raw: string[]): void {
  const length = fields['content-length'] as string | undefined;
  by.onHead(Number(fields[':status']), flags, raw.slice(2), length);
}

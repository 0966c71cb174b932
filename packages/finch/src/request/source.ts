/**
 * Sources of request bodies: which kinds there are, which can be read only once, and
 * how a source is discarded.
 */
import { isErrored, Readable } from 'node:stream';

/** A piece of a body. Text is sent as UTF-8. */
export type BodyChunk = string | Uint8Array;

/** A body that is produced while it is sent. */
export type BodySource = ReadableStream<BodyChunk> | AsyncIterable<BodyChunk> | Iterable<BodyChunk>;

/** Why a source cannot be sent: it failed, or it was read before. */
export type UnusableSource =
  | { readonly reason: 'failed'; readonly cause: unknown }
  | { readonly reason: 'used_up'; readonly detail: string };

/** A source that can be cancelled and tells whether it was read, as the body of `finch.open`. */
export interface CancellableSource {
  /** Whether it is being read, or was. */
  readonly used: boolean;
  /** Drops what has not been read. */
  cancel(reason?: unknown): void;
}

/** Sources that belong to a request: one that can be read only once is sent by one request only. */
const claimed = new WeakSet<object>();

/** A stream of Node's, or of another copy of its library. */
export function isNodeStream(value: unknown): value is Readable {
  if (value instanceof Readable) return true;
  if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return false;
  return ['on', 'off', 'pipe', 'destroy'].every(
    (name) => typeof (value as Record<string, unknown>)[name] === 'function',
  );
}

/** A web stream, of this realm or another. */
export function isWebStream(value: unknown): value is ReadableStream<BodyChunk> {
  if (value instanceof ReadableStream) return true;
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { getReader?: unknown }).getReader === 'function'
  );
}

/** An iterator, such as a generator. An object that only makes iterators can be read again. */
export function isIterator(
  value: object,
): value is Iterator<BodyChunk, undefined> | AsyncIterator<BodyChunk, undefined> {
  return typeof (value as { next?: unknown }).next === 'function';
}

/** Whether a source can be read only once. */
export function isOneShot(source: BodySource): boolean {
  return isNodeStream(source) || isWebStream(source) || isIterator(source) || isCancellable(source);
}

/**
 * Claims a source for one request, if it can be read only once. Returns why it cannot
 * be sent; undefined when it can.
 */
export function claimSource(source: BodySource): UnusableSource | undefined {
  if (!isOneShot(source)) return undefined;
  if (claimed.has(source)) {
    return { reason: 'used_up', detail: 'a request was given it before' };
  }
  const problem = problemOf(source);
  if (problem === undefined) claimed.add(source);
  else if (!isInUse(source)) discardSource(source);
  return problem;
}

/**
 * Discards a body that no request will read, unless a request has claimed it: streams
 * are destroyed, iterators ended. Harmless for any other value.
 */
export function discardUnsent(body: unknown): void {
  if (typeof body !== 'object' || body === null || claimed.has(body)) return;
  const isStream = isNodeStream(body) || isWebStream(body);
  if (!isStream && !isBareIterator(body) && !isCancellable(body)) return;
  claimed.add(body);
  discardSource(body);
}

/** Discards a source of which nothing was read. */
export function discardSource(source: BodySource): void {
  if (isNodeStream(source)) {
    expectErrors(source).destroy();
  } else if (isWebStream(source)) {
    if (!source.locked) source.cancel().catch(ignore);
  } else if (isIterator(source)) {
    void endIterator(source);
  } else if (isCancellable(source) && !source.used) {
    source.cancel('the request that was to send it is over');
  }
}

/** Ends an iterator. An error that it throws then is ignored. */
export async function endIterator(
  iterator: Iterator<unknown> | AsyncIterator<unknown>,
): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The request is over, so there is no promise that it could reject.
  }
}

/**
 * Keeps an `error` event of a stream from ending the program: the request that sends
 * the stream reports the error. Adds one listener, however often it is called.
 */
export function expectErrors(stream: Readable): Readable {
  return stream.listeners('error').includes(ignore) ? stream : stream.on('error', ignore);
}

function isCancellable(value: object): value is CancellableSource & AsyncIterable<Uint8Array> {
  const { used, cancel } = value as Partial<CancellableSource>;
  return typeof used === 'boolean' && typeof cancel === 'function' && Symbol.asyncIterator in value;
}

/** Whether other code reads a Node stream, which is then not ours to destroy. */
function isInUse(source: BodySource): boolean {
  if (!isNodeStream(source)) return false;
  return source.readableFlowing === true || source.listenerCount('readable') > 0;
}

/** An iterator that is a body: other objects may have a method `next`, too. */
function isBareIterator(value: object): value is IterableIterator<BodyChunk> {
  return isIterator(value) && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

function problemOf(source: BodySource): UnusableSource | undefined {
  if (isNodeStream(source)) {
    const { errored } = source;
    if (errored !== null && errored !== undefined) return { reason: 'failed', cause: errored };
    return Readable.isDisturbed(source) || source.destroyed || source.readableEnded
      ? { reason: 'used_up', detail: 'the stream was read from or destroyed before' }
      : undefined;
  }
  if (isCancellable(source)) {
    return source.used ? { reason: 'used_up', detail: 'it was read before' } : undefined;
  }
  if (!isWebStream(source)) return undefined;
  if (source.locked) {
    return { reason: 'used_up', detail: 'the stream is locked by a reader' };
  }
  // Node's functions take web streams, too; its types do not say so.
  const known = source as unknown as Readable;
  return Readable.isDisturbed(known) && !isErrored(known)
    ? { reason: 'used_up', detail: 'the stream was read from or cancelled before' }
    : undefined;
}

function ignore(): void {}

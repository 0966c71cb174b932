/**
 * Sources of bodies: which kinds there are, which of them can be read only
 * once, and how one is let go of.
 */
import { isErrored, Readable } from 'node:stream';

/** A piece of a body. Text is sent as UTF-8. */
export type BodyChunk = string | Uint8Array;

/** A body that is produced while it is sent. */
export type BodySource = ReadableStream<BodyChunk> | AsyncIterable<BodyChunk> | Iterable<BodyChunk>;

/** Why a source cannot be sent: it failed, or somebody has read from it. */
export type Spoilt =
  | { readonly reason: 'failed'; readonly cause: unknown }
  | { readonly reason: 'used_up'; readonly detail: string };

/** A source that can be given up and tells whether it was read, as the body of `finch.open`. */
export interface CancellableSource {
  /** Whether somebody reads it, or has read it. */
  readonly used: boolean;
  /** Gives up what has not been read. */
  cancel(reason?: unknown): void;
}

/** Sources that a request has: what can be read only once is sent by one request only. */
const taken = new WeakSet<object>();

/** A stream of Node's, of whatever copy of its library. */
export function isNodeStream(value: unknown): value is Readable {
  if (value instanceof Readable) return true;
  if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return false;
  return ['on', 'off', 'pipe', 'destroy'].every(
    (name) => typeof (value as Record<string, unknown>)[name] === 'function',
  );
}

/** A web stream, of whatever realm. */
export function isWebStream(value: unknown): value is ReadableStream<BodyChunk> {
  if (value instanceof ReadableStream) return true;
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { getReader?: unknown }).getReader === 'function'
  );
}

/** An iterator, as generators are; what only makes iterators can be read again. */
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
 * Makes a source the only request's that has it, if it can be read only once.
 * Returns why it cannot be sent, if so.
 */
export function takeSource(source: BodySource): Spoilt | undefined {
  if (!isOneShot(source)) return undefined;
  if (taken.has(source)) {
    return { reason: 'used_up', detail: 'a request was given it before' };
  }
  const spoilt = spoiltBefore(source);
  if (spoilt === undefined) taken.add(source);
  else if (!isInUse(source)) letGo(source);
  return spoilt;
}

/**
 * Lets go of a body that no request will read, unless one has it already:
 * streams are destroyed, iterators ended. Harmless for any other value.
 */
export function letGoUnsent(body: unknown): void {
  if (typeof body !== 'object' || body === null || taken.has(body)) return;
  const isStream = isNodeStream(body) || isWebStream(body);
  if (!isStream && !isBareIterator(body) && !isCancellable(body)) return;
  taken.add(body);
  letGo(body);
}

/** Lets go of a source that was not begun. */
export function letGo(source: BodySource): void {
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

/** Ends an iterator. What it throws meanwhile interests nobody. */
export async function endIterator(
  iterator: Iterator<unknown> | AsyncIterator<unknown>,
): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // Nobody waits for its pieces any more.
  }
}

/**
 * From here on it is not the program that an error of the stream ends: whoever
 * sends it finds the error. Once for each stream.
 */
export function expectErrors(stream: Readable): Readable {
  return stream.listeners('error').includes(ignore) ? stream : stream.on('error', ignore);
}

function isCancellable(value: object): value is CancellableSource & AsyncIterable<Uint8Array> {
  const { used, cancel } = value as Partial<CancellableSource>;
  return typeof used === 'boolean' && typeof cancel === 'function' && Symbol.asyncIterator in value;
}

/** Whether somebody else reads a stream: it is his, then. A locked web stream is never let go of. */
function isInUse(source: BodySource): boolean {
  if (!isNodeStream(source)) return false;
  return source.readableFlowing === true || source.listenerCount('readable') > 0;
}

/** A body, and not something else that happens to have a method `next`. */
function isBareIterator(value: object): value is IterableIterator<BodyChunk> {
  return isIterator(value) && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

function spoiltBefore(source: BodySource): Spoilt | undefined {
  if (isNodeStream(source)) {
    const { errored } = source;
    if (errored !== null && errored !== undefined) return { reason: 'failed', cause: errored };
    return Readable.isDisturbed(source) || source.destroyed || source.readableEnded
      ? { reason: 'used_up', detail: 'the stream was read from or destroyed before' }
      : undefined;
  }
  if (isCancellable(source)) {
    return source.used ? { reason: 'used_up', detail: 'somebody has read it' } : undefined;
  }
  if (!isWebStream(source)) return undefined;
  if (source.locked) {
    return { reason: 'used_up', detail: 'the stream is locked: somebody has a reader of it' };
  }
  // Node's functions take web streams, too; its types do not say so.
  const known = source as unknown as Readable;
  return Readable.isDisturbed(known) && !isErrored(known)
    ? { reason: 'used_up', detail: 'the stream was read from or cancelled before' }
    : undefined;
}

function ignore(): void {}

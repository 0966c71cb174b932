/**
 * A request body that is sent piece by piece, as a wire pulls it: one iterator
 * over any kind of source, which knows whether the source itself failed and
 * which can be let go of while a piece is still awaited. Large pieces are cut
 * into slices: written as a whole, nothing would tell whether the peer still
 * takes them.
 */
import { Readable } from 'node:stream';
import { RequestBodyError } from '../errors/index.ts';
import type { ExchangeFacts } from '../errors/index.ts';
import type { WireBody, WireBodySource, WireChunk, WireHandler } from '../wire.ts';

type Source = AsyncIterator<WireChunk> | Iterator<WireChunk>;

/** Whether a body is sent piece by piece. */
export function isStreamed(body: WireBody | undefined): body is WireBodySource {
  return typeof body === 'object' && body !== null && !(body instanceof Uint8Array);
}

/** Who wants to know whether the source is being waited for. */
export type BodyUser = Pick<WireHandler, 'onBodyWait'>;

/** The pieces of one streamed body; can be iterated once. */
export class RequestBody implements AsyncIterableIterator<Uint8Array, undefined> {
  private readonly source: WireBodySource;
  private readonly user: BodyUser | undefined;
  private iterator: Source | undefined;
  private reader: ReadableStreamDefaultReader<WireChunk> | undefined;
  private finished = false;
  private readonly sliceSize: number;
  /** What is left of a large piece. */
  private rest: Uint8Array | undefined;
  /** What the source threw, or what was wrong with a piece; as its reader gets it. */
  private failure: { readonly error: Error; readonly cause: unknown } | undefined;

  /** Gives pieces of at most `sliceSize` bytes. */
  constructor(source: WireBodySource, sliceSize: number, user?: BodyUser) {
    this.source = source;
    this.sliceSize = sliceSize;
    this.user = user;
  }

  /** Whether a piece was asked for: the source cannot be sent elsewhere any more. */
  get begun(): boolean {
    return this.iterator !== undefined || this.reader !== undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.finished) return { done: true, value: undefined };
    if (this.rest !== undefined) return { done: false, value: this.slice(this.rest) };
    try {
      this.user?.onBodyWait?.(true);
      const result = await this.pull();
      this.user?.onBodyWait?.(false);
      if (result.done === true) {
        this.finished = true;
        return { done: true, value: undefined };
      }
      return { done: false, value: this.slice(bytesOf(result.value)) };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause), { cause });
      this.failure = { error, cause };
      this.cancel();
      throw error;
    }
  }

  /** The error of the request, if what it ended with came from the source. */
  failed(error: Error, facts: ExchangeFacts): RequestBodyError | undefined {
    const { failure } = this;
    if (failure?.error !== error) return undefined;
    return new RequestBodyError({ ...facts, cause: failure.cause });
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Lets go of the source, once: the pieces not yet read are not wanted. */
  cancel(): void {
    if (this.finished) return;
    this.finished = true;
    const { source } = this;
    if (source instanceof Readable) {
      // Its own error comes through the iterator; later ones are ignored.
      source.on('error', ignore).destroy();
    } else if (this.reader !== undefined) {
      this.reader.cancel().catch(ignore);
    } else if (isWebStream(source)) {
      source.cancel().catch(ignore);
    } else {
      // A generator that awaits something ends when that is done, not before.
      void this.stopIterator();
    }
  }

  private slice(bytes: Uint8Array): Uint8Array {
    const { sliceSize } = this;
    if (bytes.length <= sliceSize) {
      this.rest = undefined;
      return bytes;
    }
    this.rest = bytes.subarray(sliceSize);
    return bytes.subarray(0, sliceSize);
  }

  private async stopIterator(): Promise<void> {
    try {
      await this.iterator?.return?.();
    } catch {
      // What a source throws while it is closed is ignored.
    }
  }

  private pull(): Promise<IteratorResult<WireChunk>> | IteratorResult<WireChunk> {
    if (this.iterator === undefined && this.reader === undefined) this.open();
    if (this.reader !== undefined) return this.reader.read() as Promise<IteratorResult<WireChunk>>;
    return (this.iterator as Source).next();
  }

  private open(): void {
    const { source } = this;
    // Not its iterator: only a reader can be cancelled while a piece is awaited.
    if (isWebStream(source)) this.reader = source.getReader();
    else if (Symbol.asyncIterator in source) this.iterator = source[Symbol.asyncIterator]();
    else this.iterator = source[Symbol.iterator]();
  }
}

function isWebStream(source: WireBodySource): source is ReadableStream<WireChunk> {
  return source instanceof ReadableStream;
}

function bytesOf(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) return chunk;
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) {
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  throw new TypeError(
    `A request body must yield strings or bytes, not ${chunk === null ? 'null' : typeof chunk}`,
  );
}

function ignore(): void {}

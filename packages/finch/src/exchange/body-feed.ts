/**
 * The pieces of one source of a request body, for as long as a request has it:
 * whatever the source is, it fails in one way and is let go of in one way, be
 * it in the queue, while it is read, or after the response.
 */
import type { BodyChunk, BodySource } from '../request/index.ts';
import {
  endIterator,
  expectErrors,
  isIterator,
  isNodeStream,
  isWebStream,
  discardSource,
} from '../request/source.ts';
import type { CallerContext } from './caller-context.ts';

type Result = IteratorResult<BodyChunk, undefined>;
type Pieces = Iterator<BodyChunk, undefined> | AsyncIterator<BodyChunk, undefined>;

const end: Result = { done: true, value: undefined };

/** Who is told that the source failed; at most once, and not when it was let go of. */
export interface FeedUser {
  sourceFailed(cause: unknown): void;
}

export class BodyFeed implements AsyncIterableIterator<BodyChunk, undefined> {
  /** Whether a piece was asked for: it cannot be sent from its beginning any more. */
  begun = false;
  private readonly source: BodySource;
  private readonly inCaller: CallerContext;
  private readonly user: FeedUser;
  private reader: ReadableStreamDefaultReader<BodyChunk> | undefined = undefined;
  private pieces: Pieces | undefined = undefined;
  private over = false;

  /** From here on the source is this feed's: a web stream is locked, errors of a stream are heard. */
  constructor(source: BodySource, inCaller: CallerContext, user: FeedUser) {
    this.source = source;
    this.inCaller = inCaller;
    this.user = user;
    if (isNodeStream(source)) {
      expectErrors(source).on('error', this.failed);
    } else if (isWebStream(source)) {
      this.reader = source.getReader();
      this.reader.closed.catch(this.failed);
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next piece: whether it can be sent is for the wire to say. */
  async next(): Promise<Result> {
    this.begun = true;
    // The wire asks while it runs for another request: the answer comes in a turn of its own.
    await Promise.resolve();
    if (this.over) return end;
    try {
      const { done, value } = await this.inCaller(pull, this);
      if (done !== true) return { done: false, value };
      this.finish();
      return end;
    } catch (cause) {
      this.failed(cause);
      throw cause;
    }
  }

  /** The wire wants no more. What was not begun may be sent by another one. */
  return(): Promise<Result> {
    if (this.begun) this.close();
    return Promise.resolve(end);
  }

  /** Lets go of the source, which is destroyed unless it came to its end. */
  close(): void {
    if (this.over) return;
    const { source, reader, pieces } = this;
    this.finish();
    // At once, even while a piece is awaited; a generator ends when that is there.
    if (reader !== undefined) reader.cancel().catch(ignore);
    else if (isNodeStream(source)) source.destroy();
    else if (pieces !== undefined) void this.inCaller(endIterator, pieces);
    else this.inCaller(discardSource, source);
  }

  /** @internal The next piece of the source. */
  pull(): PromiseLike<IteratorResult<BodyChunk, unknown>> | Result {
    if (this.reader !== undefined) return this.reader.read();
    this.pieces ??= iterate(this.source);
    return this.pieces.next();
  }

  private readonly failed = (cause: unknown): void => {
    if (this.over) return;
    this.close();
    this.user.sourceFailed(cause);
  };

  /** Nothing that the source does matters any more. */
  private finish(): void {
    this.over = true;
    if (isNodeStream(this.source)) this.source.off('error', this.failed);
  }
}

function pull(feed: BodyFeed): PromiseLike<IteratorResult<BodyChunk, unknown>> | Result {
  return feed.pull();
}

function iterate(source: BodySource): Pieces {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]() as Pieces;
  if (Symbol.iterator in source) return source[Symbol.iterator]() as Pieces;
  return isIterator(source) ? source : [][Symbol.iterator]();
}

function ignore(): void {}

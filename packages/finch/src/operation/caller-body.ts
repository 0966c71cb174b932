/**
 * Request bodies that run code of the caller's: in the caller's context, whoever
 * happens to have freed the connection on which they are sent.
 */
import { Readable } from 'node:stream';
import { RequestBodyError } from '../errors/index.ts';
import type { ExchangeDetails } from '../errors/index.ts';
import type { HeadersInput } from '../options/index.ts';
import {
  openBody,
  StepBody,
  trailerFields,
  type BodyChunk,
  type BodySource,
  type OpenBody,
  type Request,
  type RequestBody,
} from '../request/index.ts';
import { callerContext, type CallerContext } from './caller-context.ts';

/** The context of the caller, for a request that runs code of his; undefined for one that does not. */
export function contextOf({ body, trailers }: Request): CallerContext | undefined {
  if (typeof trailers === 'function') return callerContext();
  if (body === null || typeof body === 'string' || body instanceof Uint8Array) return undefined;
  return typeof body === 'function' || isIterable(body) ? callerContext() : undefined;
}

/** Opens a request's body, in the context of the caller where code of his makes it. */
export function openRequestBody({ body }: Request, inCaller: CallerContext | undefined): OpenBody {
  if (inCaller === undefined) return openBody(body);
  const open = inCaller(openBody, body);
  return isIterable(open) ? new CallerBody(open, inCaller) : open;
}

/**
 * The fields after a request's body.
 *
 * @throws RequestBodyError when the caller's function throws; InvalidRequestError.
 */
export function makeTrailers(
  { trailers = {} }: Request,
  inCaller: CallerContext | undefined,
  facts: ExchangeDetails,
): readonly string[] {
  if (typeof trailers !== 'function') return trailerFields(trailers);
  let made: HeadersInput;
  try {
    made = inCaller === undefined ? trailers() : inCaller(trailers);
  } catch (cause) {
    throw new RequestBodyError({ ...facts, part: 'trailers', requestSent: true, cause });
  }
  return trailerFields(made);
}

type Pieces = Iterable<BodyChunk> | AsyncIterable<BodyChunk>;

/** Streams run in a context of their own. */
function isIterable(body: RequestBody | OpenBody): body is Pieces & BodySource {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return false;
  return !(
    body instanceof Blob ||
    body instanceof StepBody ||
    body instanceof ReadableStream ||
    body instanceof Readable
  );
}

class CallerBody implements AsyncIterableIterator<BodyChunk, undefined> {
  private readonly source: Pieces;
  private readonly inCaller: CallerContext;
  private iterator: Iterator<BodyChunk> | AsyncIterator<BodyChunk> | undefined = undefined;

  constructor(source: Pieces, inCaller: CallerContext) {
    this.source = source;
    this.inCaller = inCaller;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<BodyChunk, undefined>> {
    // Asked inside somebody else's turn, it is answered in a turn of its own.
    await Promise.resolve();
    return await this.inCaller(() => {
      this.iterator ??= iterate(this.source);
      return this.iterator.next();
    });
  }

  async return(): Promise<IteratorResult<BodyChunk, undefined>> {
    const { iterator } = this;
    if (iterator !== undefined) await this.inCaller(() => iterator.return?.());
    return { done: true, value: undefined };
  }
}

function iterate(source: Pieces): Iterator<BodyChunk> | AsyncIterator<BodyChunk> {
  return Symbol.asyncIterator in source
    ? source[Symbol.asyncIterator]()
    : source[Symbol.iterator]();
}

/** The body of an answer that a stub gives to `open`. */
import { Fields } from '@linnet/mint';
import type { BodyReader } from '../exchange/sinks/reader.ts';
import { RequestCancelledError } from '../errors/index.ts';
import type { ReplyParts } from './reply.ts';

/** Reads the pieces of a reply, one at a time. */
export class StubBody implements BodyReader {
  private readonly pieces: AsyncIterator<Uint8Array, undefined>;
  private readonly ended = Promise.withResolvers<Fields>();
  private readonly trailers: Fields;
  private failure: Error | undefined = undefined;

  constructor(parts: ReplyParts) {
    this.pieces = bytesOf(parts.body);
    this.trailers = Fields.of(parts.trailers);
    // A caller that never asks for the trailers is not told that there are none.
    this.ended.promise.catch(() => {});
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.failure !== undefined) throw this.failure;
    const { done, value } = await this.pieces.next();
    if (done !== true) return value;
    this.ended.resolve(this.trailers);
    return undefined;
  }

  whenEnded(): Promise<Fields> {
    return this.ended.promise;
  }

  discard(reason: unknown): void {
    this.failure ??= new RequestCancelledError({ phase: 'receive', reason });
    this.ended.reject(this.failure);
  }

  endWith(): void {}
}

/** The pieces as bytes. */
export async function* bytesOf(body: ReplyParts['body']): AsyncGenerator<Uint8Array, undefined> {
  for await (const piece of body) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
  return undefined;
}

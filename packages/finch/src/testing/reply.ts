/** What a fake server or a stub answers. */
import { setTimeout as wait } from 'node:timers/promises';
import type { HeadersInput } from '../options/index.ts';
import { trailerFields } from '../request/index.ts';

/** A piece of a body. */
export type FakeChunk = string | Uint8Array;

/** An answer; `{}` is an empty 200. */
export interface FakeReply {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: HeadersInput;
  /** The body: text, bytes, or its pieces, which are sent one by one. */
  readonly body?: FakeChunk | Iterable<FakeChunk> | AsyncIterable<FakeChunk>;
  /** A body in JSON, with its content type; in place of `body`. */
  readonly json?: unknown;
  readonly trailers?: HeadersInput;
  /** How many ms before the answer begins. Default: 0. */
  readonly delay?: number;
}

/** A reply in its parts. */
export interface ReplyParts {
  readonly status: number;
  /** Name, value, name, value, … */
  readonly headers: string[];
  readonly body: Iterable<FakeChunk> | AsyncIterable<FakeChunk>;
  readonly trailers: readonly string[];
}

/** Waits as long as the reply says, and takes it apart. */
export async function partsOf(reply: FakeReply): Promise<ReplyParts> {
  const { status = 200, headers = {}, trailers = {}, delay = 0 } = reply;
  if (delay > 0) await wait(delay);
  const fields = [...trailerFields(headers)];
  if (reply.json === undefined) {
    return {
      status,
      headers: fields,
      body: piecesOf(reply.body),
      trailers: trailerFields(trailers),
    };
  }
  if (!fields.some((text, at) => at % 2 === 0 && text === 'content-type'))
    fields.push('content-type', 'application/json');
  return {
    status,
    headers: fields,
    body: [JSON.stringify(reply.json)],
    trailers: trailerFields(trailers),
  };
}

function piecesOf(body: FakeReply['body']): ReplyParts['body'] {
  if (body === undefined) return [];
  return typeof body === 'string' || body instanceof Uint8Array ? [body] : body;
}

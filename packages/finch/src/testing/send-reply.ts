/** Sending a reply, or what goes wrong in its place. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { FakeChunk, ReplyParts } from './reply.ts';

/**
 * What goes wrong: `'reset'` ends the connection (of HTTP/2 the stream) before an answer; `'hang'` answers
 * never; `'truncate'` sends the head and half of the body, and then ends the connection or the stream;
 * `'garbage'` sends bytes that are no HTTP (HTTP/1.1 only).
 */
export type Fault = 'reset' | 'hang' | 'truncate' | 'garbage';

/** Sends all of it. */
export async function sendReply(response: ServerResponse, parts: ReplyParts): Promise<void> {
  writeHead(response, parts);
  for await (const piece of parts.body) {
    if (response.destroyed || !write(response, piece)) await drained(response);
  }
  if (parts.trailers.length > 0) response.addTrailers(Object.fromEntries(pairsOf(parts.trailers)));
  response.end();
}

/** Does what is to go wrong. */
export async function sendFault(
  fault: Fault,
  request: IncomingMessage,
  response: ServerResponse,
  parts: ReplyParts,
  dropConnection: () => void,
): Promise<void> {
  switch (fault) {
    case 'hang':
      return;
    case 'reset':
      endEarly(response, dropConnection);
      return;
    case 'garbage':
      request.socket.end('I am not HTTP\r\n\r\n');
      return;
    case 'truncate': {
      const body = await collect(parts.body);
      const headers = [...parts.headers, 'content-length', String(body.length)];
      writeHead(response, { ...parts, headers });
      const half = body.subarray(0, Math.floor(body.length / 2));
      response.write(half, () => endEarly(response, dropConnection));
    }
  }
}

/** Of HTTP/2, one stream; of HTTP/1.1, the connection. */
function endEarly(response: ServerResponse, dropConnection: () => void): void {
  const { stream } = response as unknown as Partial<Http2ServerResponse>;
  const internalError = 2; // RFC 9113, section 7
  if (stream === undefined) dropConnection();
  else stream.close(internalError);
}

function writeHead(response: ServerResponse, { status, headers }: ReplyParts): void {
  response.statusCode = status;
  for (const [name, value] of pairsOf(headers)) response.appendHeader(name, value);
  response.flushHeaders();
}

function pairsOf(list: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    pairs.push([list[index] as string, list[index + 1] as string]);
  }
  return pairs;
}

function write(response: ServerResponse, piece: FakeChunk): boolean {
  return response.write(typeof piece === 'string' ? Buffer.from(piece) : piece);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.once('drain', resolve).once('close', resolve);
  });
}

/** All of a body as one. */
export async function collect(body: ReplyParts['body']): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) {
    pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
  }
  return Buffer.concat(pieces);
}

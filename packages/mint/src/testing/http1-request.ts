/**
 * A request of HTTP/1.1 as a server reads it.
 */
import { Fields } from '../fields.ts';

/** A request that came: taken apart for assertions, and not judged. */
export interface Http1Request {
  /** All of it as it came, body and framing included; each character is a byte (latin1). */
  readonly text: string;
  readonly method: string;
  /** The request target as it came: `/users?page=2`. */
  readonly target: string;
  readonly headers: Fields;
  /** The body without its framing. */
  readonly body: Buffer;
  /** What follows a chunked body. */
  readonly trailers: Fields;
}

/** What gives the text of a connection, piece by piece. */
export interface TextSource {
  read(length: number): Promise<string>;
  readUntil(mark: string): Promise<string>;
}

const blankLine = '\r\n\r\n';

/** Reads a request: its head, and the body that this announces. */
export async function readHttp1Request(source: TextSource): Promise<Http1Request> {
  const head = await source.readUntil(blankLine);
  const [, line = '', lines = ''] = /^(.*)\r\n([\s\S]*)\r\n$/.exec(head) ?? [];
  const [method = '', target = ''] = line.split(' ');
  const headers = Fields.ofIrregularLines(lines, -1);
  const rest =
    headers.get('transfer-encoding') === 'chunked'
      ? await readChunks(source)
      : await readLength(source, Number(headers.get('content-length') ?? 0));
  const { text, body, trailers } = rest;
  const bytes = Buffer.from(body, 'latin1');
  return { text: head + text, method, target, headers, body: bytes, trailers };
}

interface Rest {
  readonly text: string;
  readonly body: string;
  readonly trailers: Fields;
}

async function readLength(source: TextSource, length: number): Promise<Rest> {
  const body = await source.read(length);
  return { text: body, body, trailers: Fields.none };
}

async function readChunks(source: TextSource): Promise<Rest> {
  let text = '';
  let body = '';
  for (;;) {
    const line = await source.readUntil('\r\n');
    const size = Number.parseInt(line, 16);
    text += line;
    if (size === 0) break;
    const chunk = await source.read(size + 2);
    body += chunk.slice(0, size);
    text += chunk;
  }
  let lines = '';
  for (;;) {
    const line = await source.readUntil('\r\n');
    text += line;
    if (line === '\r\n') break;
    lines += line;
  }
  return { text, body, trailers: Fields.ofIrregularLines(lines, -1) };
}

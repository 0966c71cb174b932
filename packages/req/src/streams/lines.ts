/** A body as lines of text, and as values of JSON lines. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { check } from '../body/check.ts';
import { charsetOf, corrected } from '../body/text.ts';
import { DecodeError } from '../errors/index.ts';
import type { ReqResponse } from '../message/response.ts';

/** How long one line may be, in characters: the memory that a server can make this program use. */
const longestLine = 16 * 1024 * 1024;

/** The lines of a body, ended by LF or CRLF; the last one may have no end. */
export async function* linesOf(
  response: ReqResponse<AsyncIterable<Uint8Array>>,
): AsyncGenerator<string, void, undefined> {
  const decoder = decoderOf(response);
  /** The line that has not ended. Only what comes is searched: to search it again would take the square of its length. */
  let line = '';
  for await (const chunk of response.body) {
    const text = corrected(decoder.decode(chunk, { stream: true }), decoder);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      line += text.slice(start, end);
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
      line = '';
      start = end + 1;
    }
    line += text.slice(start);
    if (line.length > longestLine) throw lineError(response, 'line_too_long', line);
  }
  line += decoder.decode();
  if (line !== '') yield line;
}

/** By the charset of the content type. @throws DecodeError for an unknown one */
function decoderOf(response: ReqResponse): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charsetOf(response.headers) ?? 'utf-8');
  } catch (cause) {
    response.cancel(cause);
    throw lineError(response, 'charset', '', { cause });
  }
}

/** The values of JSON lines (ndjson); empty lines are left out. */
export async function* jsonLinesOf(
  response: ReqResponse<AsyncIterable<Uint8Array>>,
  schema: StandardSchemaV1 | undefined,
): AsyncGenerator<unknown, void, undefined> {
  for await (const line of linesOf(response)) {
    if (line.trim() === '') continue;
    const value = parseLine(response, line);
    if (schema === undefined) {
      yield value;
      continue;
    }
    const result = await check(schema, value);
    if (!('value' in result)) throw lineError(response, 'schema', line, { issues: result });
    yield result.value;
  }
}

function parseLine(response: ReqResponse, line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    throw lineError(response, 'invalid_json', line, { cause });
  }
}

function lineError(
  { url, status, headers }: ReqResponse,
  reason: DecodeError['reason'],
  line: string,
  more: object = {},
): DecodeError {
  const contentType = headers.get('content-type');
  return new DecodeError({
    url,
    status,
    reason,
    contentType,
    snippet: line.slice(0, 100),
    ...more,
  });
}

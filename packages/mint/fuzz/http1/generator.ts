/** Responses to try: recorded ones, changed here and there as attackers do it. */
import { connectRequest, headRequest, upgradeRequest } from '../../src/http1/parser.ts';
import type { RequestKind } from '../../src/http1/parser.ts';
import { exchanges } from '../../test/http1/exchanges.ts';
import type { Random } from '../random.ts';

/** A response and what it answers. */
export interface Http1Input {
  readonly kind: RequestKind;
  /** Latin1. */
  readonly bytes: string;
}

const seeds = exchanges.filter(({ settings }) => settings?.bareLineFeeds !== true);

/** What is put into a response: what frames it, what separates its parts, and what is not allowed in it. */
const snippets = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\r\n ',
  ' ',
  '\t',
  '\0',
  '\x01',
  '\x0b',
  '\x7f',
  '\x85',
  '\xa0',
  '\xff',
  ':',
  ';',
  ',',
  '=',
  '"',
  '\\',
  '+',
  '-',
  '0',
  '1',
  '5',
  'a',
  'F',
  'x',
  '0x',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.0 200 OK\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'content-length:\t5 \r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'transfer-encoding:,chunked\r\n',
  'transfer-encoding: identity\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'connection: upgrade\r\n',
  'upgrade: x\r\n',
  '5\r\nhello\r\n',
  '0\r\n\r\n',
  ';a=b',
  ';a="b"',
  ' ;a',
  'x: y\r\n',
];

/** A random response. */
export function generate(random: Random): Http1Input {
  const { bytes, settings } = random.of(seeds);
  let text = bytes;
  for (let changes = random.below(4); changes > 0; changes--) text = changed(text, random);
  const kind = settings?.kind ?? (random.once(12) ? random.of(kinds) : 0);
  return { kind, bytes: text };
}

const kinds: readonly RequestKind[] = [headRequest, connectRequest, upgradeRequest];

function changed(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  switch (random.below(8)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + random.of(snippets) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 3:
      return random.once(3) ? text.slice(0, at) : withLines(text, random);
    case 4: {
      const other = random.of(seeds).bytes;
      return text.slice(0, at) + other.slice(random.below(other.length + 1));
    }
    case 5:
      return atLine(text, random, random.of(snippets));
    case 6:
      return recased(text, at);
    default:
      return text.slice(0, at) + random.of(snippets) + text.slice(at);
  }
}

/** Puts something where a line begins. */
function atLine(text: string, random: Random, snippet: string): string {
  const lines = text.split('\r\n');
  const index = random.below(lines.length);
  return lines.map((line, number) => (number === index ? snippet + line : line)).join('\r\n');
}

/** Repeats, drops or moves a line. */
function withLines(text: string, random: Random): string {
  const lines = text.split('\r\n');
  const index = random.below(lines.length);
  const [line = ''] = lines.splice(index, random.below(2));
  lines.splice(random.below(lines.length + 1), 0, ...(random.once(4) ? [] : [line]));
  return lines.join('\r\n');
}

function recased(text: string, at: number): string {
  const char = text.charAt(at);
  const other = char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase();
  // U+00FF has its capital beyond latin1.
  return other.charCodeAt(0) > 0xff ? text : text.slice(0, at) + other + text.slice(at + 1);
}

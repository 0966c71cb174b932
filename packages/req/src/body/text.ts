/** Bytes as text and as JSON, by what the content type says. */
import type { HeaderList } from '../header-list.ts';
import { parameterOf } from '../message/parameters.ts';

/** What a body is, as far as it can be decoded. */
export type BodyKind = 'json' | 'text' | 'bytes';

/** By the media type: `application/json` and `…+json`, what is text, and all else. */
export function kindOf(headers: HeaderList): BodyKind {
  const [type = ''] = (headers.getAll('content-type')[0] ?? '').split(';', 1);
  const media = type.trim().toLowerCase();
  if (media === 'application/json' || media.endsWith('+json')) return 'json';
  if (media.startsWith('text/') || media.endsWith('+xml')) return 'text';
  return otherText.has(media) ? 'text' : 'bytes';
}

const otherText: ReadonlySet<string> = new Set([
  'application/xml',
  'application/javascript',
  'application/x-www-form-urlencoded',
  'application/x-ndjson',
  'application/yaml',
  'application/graphql',
]);

/** The charset that the content type names; undefined without one. */
export function charsetOf(headers: HeaderList): string | undefined {
  const [type = ''] = headers.getAll('content-type');
  return parameterOf(type, 'charset');
}

/** Text in UTF-8, without its byte order mark. Malformed bytes become U+FFFD. */
export function utf8(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/**
 * Text in a charset by its label, unless a byte order mark says another (the Encoding standard, 6).
 *
 * @throws RangeError for an unknown label.
 */
export function decodeText(bytes: Uint8Array, label: string | undefined): string {
  const charset = markedCharset(bytes) ?? label;
  if (charset === undefined || /^utf-?8$/i.test(charset)) return utf8(bytes);
  const decoder = new TextDecoder(charset);
  return corrected(decoder.decode(bytes), decoder);
}

/** The charset of a byte order mark. */
function markedCharset([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return first === 0xff && second === 0xfe ? 'utf-16le' : undefined;
}

/** What the bytes from 0x80 to 0x9f are in windows-1252; those without a meaning stay. */
const c1 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/**
 * Node.js 22 decodes windows-1252, which the labels of latin1 mean too, as ISO-8859-1. What it decoded
 * rightly is not changed.
 */
export function corrected(text: string, { encoding }: { readonly encoding: string }): string {
  if (encoding !== 'windows-1252') return text;
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\x80-\x9f]/g, (character) => c1.charAt(character.charCodeAt(0) - 0x80));
}

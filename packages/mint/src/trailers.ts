/**
 * Trailer fields, both ways: those that frame, route or authenticate a message
 * have no business after its body (RFC 9110, 6.5.1).
 */
import { Fields } from './fields.ts';

const forbidden: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expect',
  'expires',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'location',
  'max-forwards',
  'pragma',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'retry-after',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'warning',
  'www-authenticate',
]);

/** Whether a field of this name may stand in a trailer section. */
export function isTrailerAllowed(name: string): boolean {
  return !forbidden.has(name.toLowerCase());
}

/** The trailer fields that a response may have; the others are dropped. */
export function allowedTrailers(fields: Fields): Fields {
  const { list } = fields;
  const kept: string[] = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    const name = list[index] as string;
    if (isTrailerAllowed(name)) kept.push(name, list[index + 1] as string);
  }
  return kept.length === list.length ? fields : Fields.of(kept);
}

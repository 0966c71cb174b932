/**
 * What a field is to a connection, by its name: told once for each name that
 * the tables have.
 */
import { valueChars } from '../syntax.ts';

/** A field like any other. */
export const regularField = 0;
/** `:status`. */
export const statusField = 1;
/** `content-length`. */
export const lengthField = 2;
/** One that a response must not have: another pseudo-field, one of HTTP/1's connections, a bad name or value. */
export const badField = 3;

/** Fields that belong to a connection of HTTP/1 (RFC 9113, 8.2.2). */
const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** A token without upper case (RFC 9113, 8.2.1; RFC 9110, 5.1). */
const fieldName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** The kind of a field of a response by its name. */
export function kindOfName(name: string): number {
  switch (name) {
    case ':status':
      return statusField;
    case 'content-length':
      return lengthField;
    default:
      return !fieldName.test(name) || connectionFields.has(name) ? badField : regularField;
  }
}

/** Whether the bytes of a value have one that no value may have (RFC 9110, 5.5). */
export function hasBadValue(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (valueChars[bytes[at] as number] === 0) return true;
  }
  return false;
}

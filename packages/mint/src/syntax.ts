/**
 * What may stand in a message, judged in one place for every protocol and both
 * directions: names, values, methods, targets, authorities, lengths, and the
 * bounds on sections of fields.
 */
import { InvalidRequestError } from './errors/index.ts';

/** What HPACK, QPACK and SETTINGS_MAX_HEADER_LIST_SIZE count for each field beside name and value (RFC 9113, 6.5.2). */
export const fieldOverhead = 32;

/** How many fields a section may have beyond what `maxHeaderSize` alone would allow them to take. */
export const maxFieldCount = 1000;

/** How many interim responses (1xx) one request may get: they are kept, so there has to be an end. */
export const maxInterimResponses = 1000;

/** 1 for the bytes of a token (RFC 9110, 5.6.2). */
export const tokenChars = new Uint8Array(256);

/** 1 for the bytes of a field value: visible ones, space, tab, and those above ASCII (RFC 9110, 5.5). */
export const valueChars = new Uint8Array(256);

for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  tokenChars[char.charCodeAt(0)] = 1;
}
for (let code = 0; code < 256; code++) {
  if (code === 0x09 || (code >= 0x20 && code !== 0x7f)) valueChars[code] = 1;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const outsideValue = /[^\t\x20-\x7e\x80-\xff]/;
const requestTarget = /^[\x21-\x7e\x80-\xff]+$/;

/** Methods that are sent often, known to be tokens. */
const knownMethods: ReadonlySet<string> = new Set([
  'GET',
  'POST',
  'PUT',
  'HEAD',
  'DELETE',
  'PATCH',
  'OPTIONS',
]);

/**
 * Whether a text is a token (RFC 9110, 5.6.2): the form of methods, protocols and names of fields.
 *
 * @example
 * isToken('x-request-id'); // true
 */
export function isToken(text: string): boolean {
  return token.test(text);
}

/** Whether a text can be the value of a field. */
export function isFieldValue(text: string): boolean {
  return !outsideValue.test(text);
}

/**
 * The index of the first character that the value of a field may not have (RFC 9110, 5.5), or -1.
 * Allowed are visible ASCII, space, tab, and U+0080 to U+00FF, which are sent as those bytes. A line
 * break would inject a field.
 *
 * @example
 * badValueIndex('a\r\nset-cookie: b'); // 1
 */
export function badValueIndex(text: string): number {
  return text.search(outsideValue);
}

/** @throws InvalidRequestError for a method that is no token. */
export function checkMethod(method: string): void {
  if (knownMethods.has(method) || token.test(method)) return;
  throw invalidPart('method', method, 'a token');
}

/** @throws InvalidRequestError for a request target that cannot stand in a request. */
export function checkTarget(target: string): void {
  if (requestTarget.test(target)) return;
  throw invalidPart('target', target, 'a target without white space and control characters');
}

/** @throws InvalidRequestError for a field that cannot be sent. Its value is not shown: it may be a secret. */
export function checkField(name: string, value: string): void {
  if (!token.test(name)) throw invalidPart('headers', name, 'a token as name of a field');
  if (isFieldValue(value)) return;
  throw new InvalidRequestError({
    option: 'headers',
    value: name,
    allowed: 'visible ASCII, spaces, tabs and U+0080 to U+00FF',
    problem: `The value of the header ${name} has a character that cannot be sent`,
  });
}

/**
 * A part of a text, by default all of it, without the spaces and tabs around it (RFC 9110, 5.6.3).
 * `String.trim` takes off more: U+00A0 around `chunked` would make a coding of what is none to others.
 *
 * @example
 * withoutBlanks('\t gzip '); // 'gzip'
 */
export function withoutBlanks(text: string, start = 0, stop = text.length): string {
  let from = start;
  let to = stop;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The length that `content-length` declares. @throws InvalidRequestError when it declares none. */
export function declaredLength(value: string): number {
  const length = /^\d+$/.test(value) ? Number(value) : -1;
  if (length >= 0 && Number.isSafeInteger(length)) return length;
  throw reserved('content-length', 'a decimal number of bytes');
}

/** The number that the digits from `start` to `stop` are; -1 when they are none, or too large to count with. */
export function parseLength(bytes: Uint8Array, start: number, stop: number): number {
  if (start === stop) return -1;
  let length = 0;
  for (let i = start; i < stop; i++) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
    if (length > Number.MAX_SAFE_INTEGER) return -1;
  }
  return length;
}

/** Whether a request of this method is expected to have a body: without one it says so (RFC 9110, 8.6). */
export function expectsBody(method: string): boolean {
  switch (method) {
    case 'PUT':
    case 'POST':
    case 'PATCH':
    case 'QUERY':
    case 'PROPFIND':
    case 'PROPPATCH':
      return true;
    default:
      return false;
  }
}

/** A part of a request that cannot be sent. */
export function invalidPart(option: string, value: string, allowed: string): InvalidRequestError {
  return new InvalidRequestError({
    option,
    value,
    allowed,
    problem: `The ${option} ${JSON.stringify(value)} cannot be sent`,
  });
}

/** A field that the wire writes itself, or that means something else than it may. */
export function reserved(name: string, allowed: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value: name,
    allowed,
    problem: `The header ${name} cannot be sent like that`,
  });
}

/** The body gives another number of bytes than `content-length` says. */
export function lengthMismatch(declared: number, sent: number): InvalidRequestError {
  return new InvalidRequestError({
    option: 'body',
    value: sent,
    allowed: 'a body of exactly the length that content-length declares',
    problem: `The request body is not ${declared} bytes long, as its content-length says`,
  });
}

/** A field that has no place after a body, or is none. */
export function invalidTrailer(name: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'trailers',
    value: name,
    allowed: 'fields with valid names and values that neither frame, route nor authenticate',
    problem: `The field ${JSON.stringify(name)} cannot stand in a trailer section`,
  });
}

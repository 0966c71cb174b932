/**
 * Request headers: from what a caller gives to the flat list that is sent, checked and
 * completed with the defaults.
 */
import { badValueIndex, isToken, withoutBlanks } from '@linnet/mint';
import { describeValue } from '@linnet/otp/options';
import { InvalidRequestError } from '../errors/input-errors.ts';
import type { HeadersInput } from '../options/headers-input.ts';
import { BoundedCache } from '../identity/index.ts';
import {
  checkLength,
  rejectReserved,
  type HeaderContext,
  type SeenHeaders,
} from './header-rules.ts';
import { userAgent } from './user-agent.ts';

/** The headers, ready for the wire. */
export interface BuiltHeaders {
  /** Flat: name, value, name, value…; names in lower case, `host` first. */
  readonly headers: readonly string[];
  /** Whether the caller asked for `expect: 100-continue`, which the wire sends. */
  readonly expectContinue: boolean;
}

/** Names in lower case, by their spelling: programs use few. */
const names = new BoundedCache<string, string>(256);

/**
 * Checks and completes the headers of a request.
 *
 * Defaults, which a header of the caller's replaces: `host` from the URL,
 * `user-agent`, `content-length` of a body whose length is known (0 for an
 * empty one, none for no body), `content-type` of URLSearchParams and Blobs.
 *
 * Refused, because they concern the connection and not the request: `upgrade`,
 * `keep-alive`, `proxy-connection`, `http2-settings`, `connection` other than
 * `close` or `keep-alive`, `te` other than `trailers`, `transfer-encoding` other
 * than `chunked` with a streamed body (which is sent so anyway).
 *
 * @throws InvalidRequestError
 */
export function buildHeaders(
  input: HeadersInput | null | undefined,
  context: HeaderContext,
): BuiltHeaders {
  const fields: string[] = [];
  const seen: SeenHeaders = {};
  if (input !== undefined && input !== null) readAll(input, fields, seen);
  checkLength(seen, context);
  const headers = ['host', seen.host ?? context.host, ...fields];
  if (seen.userAgent === undefined) headers.push('user-agent', userAgent);
  if (seen.contentType === undefined && context.contentType !== undefined) {
    headers.push('content-type', context.contentType);
  }
  if (seen.contentLength !== undefined) {
    headers.push('content-length', seen.contentLength);
  } else if (context.hasBody && context.bodyLength !== undefined) {
    headers.push('content-length', String(context.bodyLength));
  }
  return { headers: Object.freeze(headers), expectContinue: seen.expect === true };
}

/**
 * The trailer fields of a request, checked as headers are; a wire refuses those that must not come
 * after a body (RFC 9110, 6.5.1).
 *
 * @throws InvalidRequestError
 */
export function trailerFields(input: HeadersInput): readonly string[] {
  const fields: string[] = [];
  readAll(input, fields, undefined);
  return fields;
}

/**
 * The headers of a request with one more, which replaces those of its name. What the request itself
 * decides (host, framing, the connection) stays as it is.
 *
 * @throws InvalidRequestError
 */
export function withHeader(
  headers: readonly string[],
  name: string,
  value: string,
): readonly string[] {
  const lower = lowerName(name);
  const text = valueText(lower, value);
  rejectReserved(lower, text);
  if (ofTheMessage.has(lower)) throw notToBeSet(lower);
  const fields: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const known = headers[index] as string;
    if (known !== lower) fields.push(known, headers[index + 1] as string);
  }
  fields.push(lower, text);
  return fields;
}

const ofTheMessage: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'expect',
]);

function notToBeSet(name: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value: name,
    problem: `The header ${name} cannot be set by a subscriber`,
    allowed: 'a header that concerns neither the connection nor the length of the body',
  });
}

/** Fields with rules of their own are noted in `seen`, unless it is undefined. */
function readAll(input: unknown, fields: string[], seen: SeenHeaders | undefined): void {
  if (typeof input !== 'object' || input === null) throw badHeaders(input);
  const pairs: Iterable<unknown> =
    Symbol.iterator in input ? (input as Iterable<unknown>) : Object.entries(input);
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw badHeaders(pair);
    const [name, value] = pair as [unknown, unknown];
    const lower = lowerName(name);
    if (Array.isArray(value)) {
      for (const item of value as unknown[]) addField(lower, item, fields, seen);
    } else {
      addField(lower, value, fields, seen);
    }
  }
}

function lowerName(name: unknown): string {
  if (typeof name === 'string') {
    const known = names.get(name);
    if (known !== undefined) return known;
    if (isToken(name)) {
      const lower = name.toLowerCase();
      names.set(name, lower);
      return lower;
    }
  }
  throw new InvalidRequestError({
    option: 'headers',
    value: name,
    problem: `Invalid header name ${describeValue(name)}`,
    allowed: "a token (RFC 9110 section 5.6.2): letters, digits and !#$%&'*+-.^_`|~",
  });
}

function addField(
  name: string,
  given: unknown,
  fields: string[],
  seen: SeenHeaders | undefined,
): void {
  const value = valueText(name, given);
  if (seen === undefined) {
    fields.push(name, value);
    return;
  }
  switch (name) {
    case 'host':
      once(name, seen.host);
      seen.host = value;
      return;
    case 'content-length':
      once(name, seen.contentLength);
      seen.contentLength = value;
      return;
    case 'transfer-encoding':
      once(name, seen.transferEncoding);
      seen.transferEncoding = value;
      return;
    case 'user-agent':
      seen.userAgent = true;
      break;
    case 'content-type':
      once(name, seen.contentType);
      seen.contentType = true;
      break;
    case 'expect':
      rejectReserved(name, value);
      seen.expect = true;
      return;
    case 'connection':
      rejectReserved(name, value);
      if (value.toLowerCase() === 'keep-alive') return;
      break;
    default:
      rejectReserved(name, value);
  }
  fields.push(name, value);
}

function valueText(name: string, given: unknown): string {
  if (typeof given === 'number') return String(given);
  if (typeof given !== 'string') {
    throw badValue(name, given, `is ${describeValue(given)}`);
  }
  const index = badValueIndex(given);
  if (index === -1) return withoutBlanks(given);
  const code = given.charCodeAt(index).toString(16).toUpperCase().padStart(4, '0');
  throw badValue(name, given, `has the character U+${code} at index ${index}`);
}

function once(name: string, before: unknown): void {
  if (before === undefined) return;
  throw new InvalidRequestError({
    option: 'headers',
    value: name,
    problem: `The header ${name} is given more than once`,
    allowed: `one ${name}`,
  });
}

/** Does not show the value: it may be that of an authorization header. */
function badValue(name: string, value: unknown, problem: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value,
    secret: true,
    problem: `The value of the header ${name} ${problem}`,
    allowed:
      'a string of visible ASCII, spaces, tabs and U+0080 to U+00FF; a number; a list of them',
  });
}

function badHeaders(value: unknown): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value,
    secret: true,
    problem: `Invalid headers: found ${Array.isArray(value) ? 'an array that is not a pair' : typeof value}`,
    allowed: 'an object, Headers, a Map, or an iterable of [name, value]',
  });
}

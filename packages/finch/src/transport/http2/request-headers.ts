/**
 * From a request to the header section of HTTP/2: pseudo-header fields first,
 * names in lower case, `host` as `:authority`, and nothing that could be read
 * as something else behind a translation to HTTP/1 (RFC 9113, 8.2 and 10.3).
 * node:http2 cuts characters above U+00FF to a byte and does not look at line
 * breaks, so all of it is checked here.
 */
import { InvalidRequestError } from '../../errors/index.ts';
import type { WireRequest } from '../wire.ts';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const badInValue = /[^\t\x20-\x7e\x80-\xff]/;
const badInPath = /[^\x21-\x7e\x80-\xff]/;
const badInAuthority = /[^\x21-\x7e]|[/?#@\\,]/;
const absoluteForm = /^(https?):\/\/([^/?#]+)([^#]*)$/i;

/** Where a request goes when it does not say so itself. */
export interface RequestTarget {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
}

/** A header section as node:http2 takes it, and what the wire has to know of it. */
export interface RequestHeaders {
  /** Name, value, name, value… */
  readonly list: string[];
  /** The length that `content-length` declares. */
  readonly contentLength: number | undefined;
  /** How many bytes it may take uncompressed, with HPACK's overhead. */
  readonly size: number;
}

/** Methods whose request is expected to have a body: without one they say so. */
const expectsBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Makes the header section.
 *
 * @param bodyLength the length of the body: 0 for none, undefined when it is not known.
 * @throws {InvalidRequestError} when a part of the request cannot be sent.
 */
export function requestHeaders(
  request: WireRequest,
  target: RequestTarget,
  bodyLength: number | undefined,
): RequestHeaders {
  const { method, path, headers, upgrade } = request;
  if (!token.test(method)) throw invalid('method', method, 'a token');
  const list = [':method', upgrade === undefined ? method : 'CONNECT'];
  const fields = new Fields(list, path.length + target.authority.length + 200);
  if (upgrade !== undefined && !token.test(upgrade)) throw invalid('upgrade', upgrade, 'a token');
  if (badInPath.test(path)) {
    throw invalid('path', path, 'a target without spaces and control characters');
  }
  if (method === 'CONNECT' && upgrade === undefined) {
    list.push(':authority', checkedAuthority(path));
  } else {
    fields.isRelative = pushTarget(list, path, target);
    if (upgrade !== undefined) list.push(':protocol', upgrade);
  }
  for (let index = 0; index + 1 < headers.length; index += 2) {
    fields.add(headers[index] as string, headers[index + 1] as string);
  }
  if (request.expectContinue !== undefined && bodyLength !== 0) {
    fields.push('expect', '100-continue');
  }
  fields.checkLength(method, bodyLength);
  return fields;
}

/** Trailer fields for `sendTrailers`, which takes an object only. */
export function trailerFields(
  flat: readonly string[],
  isAllowed: (name: string) => boolean,
): Record<string, string | string[]> {
  const fields = Object.create(null) as Record<string, string | string[]>;
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = (flat[index] ?? '').toLowerCase();
    const value = flat[index + 1] ?? '';
    if (!token.test(name) || badInValue.test(value) || !isAllowed(name)) {
      throw new InvalidRequestError({
        option: 'trailers',
        value: name,
        allowed: 'fields with valid names and values that neither frame, route nor authenticate',
        problem: `The field ${JSON.stringify(name)} cannot stand in a trailer section`,
      });
    }
    const before = fields[name];
    if (before === undefined) fields[name] = value;
    else if (typeof before === 'string') fields[name] = [before, value];
    else before.push(value);
  }
  return fields;
}

/** Where a header section has the value of `:authority`, which a field `host` replaces. */
const authorityIndex = 5;

/**
 * `:scheme`, `:authority` and `:path` of a target in origin-form, absolute-form,
 * or `*`; returns whether the authority is not of the target itself.
 */
function pushTarget(list: string[], path: string, target: RequestTarget): boolean {
  if (path.charCodeAt(0) === 0x2f || path === '*') {
    list.push(':scheme', target.scheme, ':authority', target.authority, ':path', path);
    return true;
  }
  const [, scheme, authority, rest = ''] = absoluteForm.exec(path) ?? [];
  if (scheme === undefined || authority === undefined) {
    throw invalid('path', path, 'a target that begins with / or is an absolute URL');
  }
  list.push(':scheme', scheme.toLowerCase(), ':authority', checkedAuthority(authority));
  list.push(':path', rest.startsWith('/') ? rest : `/${rest}`);
  return false;
}

function checkedAuthority(authority: string): string {
  if (authority !== '' && !badInAuthority.test(authority)) return authority;
  throw invalid('headers', authority, 'a host name or address with or without a port');
}

class Fields implements RequestHeaders {
  readonly list: string[];
  contentLength: number | undefined;
  size: number;
  /** The target names no authority of its own. */
  isRelative = false;
  private host = false;

  constructor(list: string[], size: number) {
    this.list = list;
    this.size = size;
  }

  add(given: string, value: string): void {
    if (!token.test(given)) throw invalid('headers', given, 'a token as name of a field');
    const name = given.toLowerCase();
    if (badInValue.test(value)) throw badValue(name);
    switch (name) {
      case 'host':
        this.setAuthority(value);
        return;
      case 'content-length':
        this.setLength(value);
        break;
      case 'connection':
        if (!/^(?:close|keep-alive)$/i.test(value)) throw reserved(name, 'close, or none');
        return;
      case 'te':
        if (value.toLowerCase() !== 'trailers') throw reserved(name, 'trailers, or none');
        this.push(name, 'trailers');
        return;
      case 'keep-alive':
      case 'proxy-connection':
      case 'transfer-encoding':
      case 'upgrade':
      case 'http2-settings':
      case 'expect':
        throw reserved(name, 'none: HTTP/2 and the wire have their own means');
    }
    this.push(name, trimmed(value));
  }

  push(name: string, value: string): void {
    this.list.push(name, value);
    this.size += name.length + value.length + 32;
  }

  /** Declares the body's length where it is known, or compares it with what was declared. */
  checkLength(method: string, bodyLength: number | undefined): void {
    if (bodyLength === undefined) return;
    if (this.contentLength === undefined) {
      if (bodyLength === 0 && !expectsBody.has(method)) return;
      this.contentLength = bodyLength;
      this.push('content-length', String(bodyLength));
    } else if (this.contentLength !== bodyLength) {
      throw lengthMismatch(this.contentLength, bodyLength);
    }
  }

  private setAuthority(value: string): void {
    if (this.host) throw reserved('host', 'one host');
    this.host = true;
    if (this.isRelative && value === this.list[authorityIndex]) return;
    checkedAuthority(value);
    // An absolute URL and CONNECT name it themselves (RFC 9112, 3.2.2).
    if (this.isRelative) this.list[authorityIndex] = value;
  }

  private setLength(value: string): void {
    if (this.contentLength !== undefined) throw reserved('content-length', 'one content-length');
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(Number(value))) {
      throw reserved('content-length', 'a decimal number of bytes');
    }
    this.contentLength = Number(value);
  }
}

/** RFC 9113, 8.2.1: no white space around a value. */
function trimmed(value: string): string {
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  const isPadded = first === 0x20 || first === 0x09 || last === 0x20 || last === 0x09;
  return isPadded ? value.replace(/^[ \t]+|[ \t]+$/g, '') : value;
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

function invalid(option: string, value: string, allowed: string): InvalidRequestError {
  return new InvalidRequestError({
    option,
    value,
    allowed,
    problem: `The ${option} ${JSON.stringify(value)} cannot be sent`,
  });
}

/** Shows no value: an authorization header may be what is wrong. */
function badValue(name: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value: name,
    allowed: 'visible ASCII, spaces, tabs and U+0080 to U+00FF',
    problem: `The value of the header ${name} has a character that cannot be sent`,
  });
}

function reserved(name: string, allowed: string): InvalidRequestError {
  return new InvalidRequestError({
    option: 'headers',
    value: name,
    allowed,
    problem: `The header ${name} cannot be sent like that on HTTP/2`,
  });
}

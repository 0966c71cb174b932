/** What a dispatch is asked for: undici's options of one, and a request of ours made of them. */
import { isIP } from 'node:net';
import { stringify, type ParsedUrlQueryInput } from 'node:querystring';
import { describeValue } from '@linnet/otp/options';
import { InvalidRequestError } from '../../errors/index.ts';
import { checkProtocol } from '../../exchange/upgrade.ts';
import type { BuildOptions, HeaderValue } from '../../options/index.ts';
import { buildRequest, type BodyInput } from '../../request/index.ts';
import { Request, withTarget } from '../../request/request.ts';
import { parseTarget } from '../../request/target.ts';
import type { RecentHeaders } from './recent-headers.ts';

/** Headers as undici takes them: an object, pairs, or a flat list of names and values. */
type DispatchHeaders =
  | Readonly<Record<string, unknown>>
  | readonly string[]
  | Iterable<readonly [string, unknown]>;

/** The options of one dispatch, as undici names them. */
export interface DispatchOptions {
  readonly origin?: string | URL | undefined;
  /** Path and query. */
  readonly path: string;
  readonly method: string;
  /** As undici takes it, and whatever else `Finch.build` takes. */
  readonly body?: unknown;
  readonly headers?: DispatchHeaders | null | undefined;
  /** Appended to the path. */
  readonly query?: Readonly<Record<string, unknown>> | null | undefined;
  /** How long the server may be silent before the head of the response, in ms; 0 for no limit. */
  readonly headersTimeout?: number | null | undefined;
  /** How long it may be silent after that, in ms; 0 for no limit. */
  readonly bodyTimeout?: number | null | undefined;
  /** Close the connection after the response. */
  readonly reset?: boolean | null | undefined;
  /** Wait for `100 Continue` before the body is sent. */
  readonly expectContinue?: boolean | null | undefined;
  /** The protocol to switch to. */
  readonly upgrade?: boolean | string | null | undefined;
  /** No effect: nothing is pipelined. */
  readonly blocking?: boolean | null | undefined;
  /** No effect: a request is sent again only where the server provably did not process it. */
  readonly idempotent?: boolean | null | undefined;
}

/** Options that undici or its interceptors know, and that are refused or read here only. */
interface OtherOptions {
  readonly throwOnError?: unknown;
  readonly maxRedirections?: unknown;
  readonly typeOfService?: unknown;
  readonly servername?: unknown;
}

/** What a request needs that is sent as it is: anything else must be made of a URL object. */
const odd = /[^\w\-.~:/?[\]@!$&'()*+,;=%]|%(?![0-9A-Fa-f]{2})/;

/** The request that is meant. @throws InvalidRequestError, OptionsError */
export function requestOf(
  options: DispatchOptions,
  build: BuildOptions,
  recent: RecentHeaders,
): Request {
  refuseUnsupported(options);
  const { method, path } = options;
  if (typeof path !== 'string') throw badPath(path);
  const origin = originOf(options);
  if (method === 'CONNECT') {
    return connectRequest(path, buildRequest('GET', origin, headersOf(options), null, build));
  }
  if (!path.startsWith('/')) throw badPath(path);
  const target = withQuery(path, options.query);
  const url = odd.test(target) ? new URL(origin + target) : origin + target;
  const body = bodyOf(options.body);
  const { headers } = options;
  if (body !== null || options.reset === true || !isObject(headers) || /^[^?]*\?$/.test(target)) {
    return asGiven(method, target, buildRequest(method, url, headersOf(options), body, build));
  }
  const parsed = parseTarget(url);
  const last = recent.find(parsed.origin, method, headers);
  if (last !== undefined) return withTarget(last, method, parsed);
  const request = asGiven(
    method,
    target,
    buildRequest(method, url, headersOf(options), null, build),
  );
  recent.keep(parsed.origin, headers, request);
  return request;
}

/**
 * Undici sends a method as it is given, as fetch has put those that it knows in upper case, and the
 * question mark before an empty query.
 */
function asGiven(method: string, target: string, request: Request): Request {
  const sent = target === `${request.target}?` ? target : request.target;
  if (sent === request.target && request.method === method) return request;
  return withTarget(request, method, { path: request.path, query: request.query, target: sent });
}

/** Whether headers are given by name, as fetch gives them. */
function isObject(headers: DispatchOptions['headers']): headers is Record<string, unknown> {
  return headers !== undefined && headers !== null && !(Symbol.iterator in headers);
}

/** The protocol that a dispatch asks to switch to. @throws InvalidRequestError */
export function protocolOf({ upgrade }: DispatchOptions): string | undefined {
  if (upgrade === undefined || upgrade === null || upgrade === false) return undefined;
  checkProtocol(upgrade);
  return upgrade;
}

/** How long the server may be silent, before the head of the response and after it. */
export interface Silences {
  readonly headers: number | 'infinity';
  readonly body: number | 'infinity';
}

/** The limits on silence of a dispatch: its own, in which 0 is none, else the dispatcher's. */
export function silencesOf(options: DispatchOptions, fallback: Silences): Silences {
  const { headersTimeout = null, bodyTimeout = null } = options;
  if (headersTimeout === null && bodyTimeout === null) return fallback;
  return {
    headers: silence('headersTimeout', headersTimeout, fallback.headers),
    body: silence('bodyTimeout', bodyTimeout, fallback.body),
  };
}

function silence(
  option: 'headersTimeout' | 'bodyTimeout',
  given: number | null,
  fallback: number | 'infinity',
): number | 'infinity' {
  if (given === null) return fallback;
  if (!Number.isFinite(given) || given < 0) {
    throw unsupported(option, given, 'a number of ms from 0, where 0 is no limit');
  }
  return given === 0 ? 'infinity' : Math.ceil(given);
}

/** CONNECT asks for a tunnel: its target is the authority alone (RFC 9110, 9.3.6). */
function connectRequest(path: string, { headers, pool, ...origin }: Request): Request {
  // The function `connect` of undici puts a slash before it.
  const target = path.replace(/^\//, '');
  return new Request(
    {
      method: 'CONNECT',
      path: target,
      query: undefined,
      target,
      headers: headers.map((text, at) => (headers[at - 1] === 'host' ? target : text)),
      body: null,
      contentLength: 0,
      trailers: undefined,
      expectContinue: false,
      pool,
    },
    origin,
  );
}

/** The origin, without a slash at its end. */
function originOf({ origin, servername }: DispatchOptions & OtherOptions): string {
  if (origin === undefined || origin === '') {
    throw unsupported('origin', origin, 'the origin of the server, such as https://example.com');
  }
  const text = String(origin).replace(/\/$/, '');
  if (typeof servername !== 'string' || !text.startsWith('https:')) return text;
  // The `dns` interceptor puts an address there. TLS needs the name, and the pool looks it up itself.
  const url = new URL(text);
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0) return text;
  url.hostname = servername;
  return url.origin;
}

function withQuery(path: string, query: DispatchOptions['query']): string {
  if (query === undefined || query === null) return path;
  if (path.includes('?') || path.includes('#')) {
    throw unsupported('query', query, 'a query here, or in the path, but not both');
  }
  const text = stringify(query as ParsedUrlQueryInput);
  return text === '' ? path : `${path}?${text}`;
}

/** Undici sends an empty body as none. */
function bodyOf(body: unknown): BodyInput {
  if (body === undefined || body === null || body === '') return null;
  return body as BodyInput;
}

function headersOf(options: DispatchOptions): (readonly [string, HeaderValue])[] {
  const { headers, reset, expectContinue, body } = options;
  const list: (readonly [string, HeaderValue])[] = [];
  let closes = reset === true;
  for (const [name, given] of pairsOf(headers)) {
    if (given === undefined) continue;
    const lower = name.toLowerCase();
    if (lower === 'connection') closes ||= says(given, 'close');
    else if (lower === 'content-length') list.push([lower, single(valueOf(name, given))]);
    else list.push([name, valueOf(name, given)]);
  }
  if (closes) list.push(['connection', 'close']);
  if (expectContinue === true && bodyOf(body) !== null) list.push(['expect', '100-continue']);
  return list;
}

function pairsOf(headers: DispatchOptions['headers']): Iterable<readonly [string, unknown]> {
  if (headers === undefined || headers === null) return [];
  if (!(Symbol.iterator in headers)) return Object.entries(headers);
  if (!Array.isArray(headers) || Array.isArray(headers[0])) {
    return headers as Iterable<readonly [string, unknown]>;
  }
  const flat = headers as readonly string[];
  if (flat.length % 2 !== 0) {
    throw unsupported('headers', flat.length, 'a list of names and values in turn');
  }
  const pairs: (readonly [string, unknown])[] = [];
  for (let at = 0; at < flat.length; at += 2) pairs.push([flat[at] as string, flat[at + 1]]);
  return pairs;
}

/** Undici takes null for an empty value, and writes what else is no object as text. */
function valueOf(name: string, value: unknown): HeaderValue {
  if (Array.isArray(value)) return value.map((item) => String(valueOf(name, item)));
  if (value === null) return '';
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new InvalidRequestError({
      option: 'headers',
      value,
      secret: true,
      problem: `The value of the header ${name} is ${describeValue(value)}`,
      allowed: 'text, a number, or a list of them',
    });
  }
  return String(value);
}

/**
 * The fetch of Node.js 22 adds a content-length to that of its caller, `4, 4`: a list of the same
 * number is that number (RFC 9110, 8.6).
 */
function single(value: HeaderValue): HeaderValue {
  const [, one] = typeof value === 'string' ? (/^(\d+)(?:, \1)+$/.exec(value) ?? []) : [];
  return one ?? value;
}

/** Whether a list of tokens has this one. */
function says(value: unknown, token: string): boolean {
  return String(value)
    .split(',')
    .some((part) => part.trim().toLowerCase() === token);
}

/** What undici dropped itself, or what would otherwise be ignored. */
function refuseUnsupported(options: DispatchOptions & OtherOptions): void {
  const { throwOnError, maxRedirections, typeOfService } = options;
  if (throwOnError !== undefined && throwOnError !== null && throwOnError !== false) {
    throw unsupported('throwOnError', throwOnError, 'the interceptor responseError of undici');
  }
  if (maxRedirections !== undefined && maxRedirections !== null && maxRedirections !== 0) {
    throw unsupported('maxRedirections', maxRedirections, 'the interceptor redirect of undici');
  }
  if (typeOfService !== undefined && typeOfService !== null) {
    throw unsupported('typeOfService', typeOfService, 'none: a connection serves many requests');
  }
}

function badPath(path: unknown): InvalidRequestError {
  return unsupported(
    'path',
    path,
    'a path that begins with a slash, with the query if there is one',
  );
}

function unsupported(option: string, value: unknown, allowed: string): InvalidRequestError {
  return new InvalidRequestError({
    option,
    value,
    problem: `The option ${option} of the dispatch cannot be ${describeValue(value)}`,
    allowed,
  });
}

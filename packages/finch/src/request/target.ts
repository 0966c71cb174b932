/**
 * From a URL to what a request needs of it: server, Host header, path, query, pool.
 * Programs request the same URLs often, and parsing one takes a good part of the time
 * of a whole request, so the results are cached.
 */
import { describeValue, hidden } from '@linnet/otp/options';
import { InvalidRequestError } from '../errors/input-errors.ts';
import {
  BoundedCache,
  defaultTag,
  hostHeader,
  parseOrigin,
  PoolIdentity,
  type Scheme,
  unixPool,
  type UrlProblem,
} from '../identity/index.ts';
import { userAgent } from './user-agent.ts';

/** A server, with what requests to it share. */
export class TargetOrigin {
  readonly scheme: Scheme;
  readonly host: string;
  readonly port: number;
  /** The Host header. */
  readonly hostHeader: string;
  /** The headers of a request that has no others. */
  readonly plainHeaders: readonly string[];
  /** The pool of requests without tag and socket. */
  readonly pool: PoolIdentity;
  #others: BoundedCache<string, PoolIdentity> | undefined;

  constructor(scheme: Scheme, host: string, port: number) {
    this.scheme = scheme;
    this.host = host;
    this.port = port;
    this.hostHeader = hostHeader(this);
    this.plainHeaders = Object.freeze(['host', this.hostHeader, 'user-agent', userAgent]);
    this.pool = new PoolIdentity(scheme, host, port, defaultTag, undefined);
  }

  /** The pool of requests with a tag, a Unix socket, or both. */
  poolOf(tag: string, unixSocket: string | undefined): PoolIdentity {
    if (unixSocket === undefined && tag === defaultTag) return this.pool;
    // A tag holds no NUL.
    const name = unixSocket === undefined ? tag : `${tag}\0${unixSocket}`;
    this.#others ??= new BoundedCache(32);
    const known = this.#others.get(name);
    if (known !== undefined) return known;
    const pool =
      unixSocket === undefined
        ? new PoolIdentity(this.scheme, this.host, this.port, tag, undefined)
        : unixPool(this.scheme, unixSocket, tag);
    this.#others.set(name, pool);
    return pool;
  }
}

/** The parts of a URL. */
export interface Target {
  readonly origin: TargetOrigin;
  /** At least `/`. */
  readonly path: string;
  /** Without the `?`; undefined when there is none or it is empty. */
  readonly query: string | undefined;
  /** Path and query as they stand in the request line. */
  readonly target: string;
}

/** Longer URLs are rarely the same twice. */
const longestCached = 512;

/**
 * By the text of the URL. One miss in four is stored: a URL that is used again is soon
 * found, and URLs that are all different cost little.
 */
class TargetCache {
  readonly #targets = new BoundedCache<string, Target>(256);
  #misses = 0;

  get(url: string): Target | undefined {
    return this.#targets.get(url);
  }

  missed(url: string, target: Target): void {
    this.#misses++;
    if (this.#misses % 4 === 0 && url.length <= longestCached) this.#targets.set(url, target);
  }
}

const targets = new TargetCache();

/** By scheme and authority as they were written. */
const origins = new BoundedCache<string, TargetOrigin>(256);

/**
 * Parses a URL. The fragment is dropped; path and query of a string are
 * sent as they are, percent-encoding and dot segments left alone, after a check
 * that they hold nothing but the characters of RFC 3986. Those of a `URL` object
 * are sent as WHATWG serialises them, a `%` that encodes nothing included; only
 * the few characters that RFC 3986 does not have (`|`, `{`) are percent-encoded.
 *
 * @throws InvalidRequestError
 */
export function parseTarget(url: unknown): Target {
  if (typeof url === 'string') {
    const known = targets.get(url);
    if (known !== undefined) return known;
    const target = targetOf(url);
    targets.missed(url, target);
    return target;
  }
  if (url instanceof URL) return targetOf(encodeLeftovers(url.href), true);
  throw badUrl(url, {
    problem: 'not a URL',
    allowed: 'an http:// or https:// URL as a string or a URL object',
  });
}

function targetOf(url: string, serialised = false): Target {
  const pathStart = authorityEnd(url);
  const prefix = url.slice(0, pathStart);
  let origin = origins.get(prefix);
  if (origin === undefined) {
    const parsed = parseOrigin(prefix);
    if ('problem' in parsed) throw badUrl(url, withHint(parsed, url));
    origin = new TargetOrigin(parsed.scheme, parsed.host, parsed.port);
    origins.set(prefix, origin);
  }
  const hash = url.indexOf('#', pathStart);
  const rest = hash === -1 ? url.slice(pathStart) : url.slice(pathStart, hash);
  if (serialised) checkSerialised(url, rest);
  else checkTarget(url, rest);
  const question = rest.indexOf('?');
  const path = question === -1 ? rest : rest.slice(0, question);
  const query = question === -1 ? '' : rest.slice(question + 1);
  const fullPath = path === '' ? '/' : path;
  return {
    origin,
    path: fullPath,
    query: query === '' ? undefined : query,
    target: query === '' ? fullPath : `${fullPath}?${query}`,
  };
}

/** Where path, query or fragment begins. */
function authorityEnd(url: string): number {
  const start = url.indexOf('://');
  if (start === -1) return url.length;
  for (let index = start + 3; index < url.length; index++) {
    const unit = url.charCodeAt(index);
    if (unit === 0x2f || unit === 0x3f || unit === 0x23) return index;
  }
  return url.length;
}

/**
 * Unreserved and reserved characters and percent-encodings, as Mint checks a
 * target. A `#` cannot come.
 */
const validTarget = /^[\w\-.~:/?[\]@!$&'()*+,;=]*(?:%[0-9A-Fa-f]{2}[\w\-.~:/?[\]@!$&'()*+,;=]*)*$/;
const badCharacter = /[^\w\-.~:/?[\]@!$&'()*+,;=%]|%(?![0-9A-Fa-f]{2})/;

function checkTarget(url: string, target: string): void {
  if (validTarget.test(target)) return;
  const index = target.search(badCharacter);
  const found = target[index] === '%' ? 'an incomplete percent-encoding' : 'a character';
  throw badUrl(url, {
    problem: `invalid path or query, which has ${found} at ${JSON.stringify(target.slice(index, index + 3))}, in url`,
    allowed:
      'the characters of RFC 3986; percent-encode others with encodeURIComponent, or pass new URL(…)',
  });
}

/** In a URL object a `%` may stand for itself; WHATWG's serialiser gives no other characters than these. */
function checkSerialised(url: string, target: string): void {
  if (/^[\w\-.~:/?[\]@!$&'()*+,;=%]*$/.test(target)) return;
  throw badUrl(url, {
    problem: 'a path or query that no URL object has, in url',
    allowed: 'a URL object as it was made by new URL(…)',
  });
}

/** Encodes characters that the WHATWG serialiser leaves in a path or query, and RFC 3986 does not allow. */
function encodeLeftovers(href: string): string {
  return href.replace(/[\\^`{|}"<>]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

function withHint(problem: UrlProblem, url: string): UrlProblem {
  return /^https?\+unix:/i.test(url)
    ? { ...problem, allowed: 'an http:// or https:// URL, and the socket in the option unixSocket' }
    : problem;
}

function badUrl(url: unknown, { problem, allowed, secret }: UrlProblem): InvalidRequestError {
  const shown = secret === true ? hidden : describeValue(url);
  return new InvalidRequestError({
    option: 'url',
    value: url,
    problem: `${problem}: ${shown}`,
    allowed,
    secret,
  });
}

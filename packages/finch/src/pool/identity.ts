/**
 * Which pool: scheme, host, port and tag, or a Unix socket and tag, as a frozen
 * value with one canonical printable key. Equal servers have equal keys,
 * however their URLs are written.
 */
import { OptionsError } from '../errors/input-errors.ts';
import { allowedSocketPath, isSocketPath, isTag, string } from '../options/fields.ts';
import { defineSchema } from '../options/schema.ts';
import type { InputOf } from '../options/schema.ts';
import { BoundedCache } from '../request/bounded-cache.ts';
import { originOf, parseOrigin, printOrigin } from '../request/origin.ts';
import type { Scheme, UrlProblem } from '../request/origin.ts';

/** The tag of pools without one. */
export const defaultTag = 'default';

/** Survives two copies of the package. */
const brand: unique symbol = Symbol.for('@linnet/finch/pool') as never;

/**
 * The identity of a pool. Made by `Pool.new` and `Pool.from`; frozen; two of
 * them mean the same pool if and only if their `key` is the same string.
 */
export class PoolIdentity {
  readonly scheme: Scheme;
  /** Lower case, punycode, without brackets; `'localhost'` for a Unix socket. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  readonly tag: string;
  /** The path of the Unix socket, if it is one. */
  readonly unixSocket: string | undefined;
  /** The server without the tag: `https://api.example.com:443`. */
  readonly origin: string;
  /** The canonical key: the origin, and `#tag` unless the tag is `'default'`. */
  readonly key: string;

  /** @internal Takes canonical parts; use `newPool` or `poolFrom`. */
  constructor(
    scheme: Scheme,
    host: string,
    port: number,
    tag: string,
    unixSocket: string | undefined,
  ) {
    this.scheme = scheme;
    this.host = host;
    this.port = port;
    this.tag = tag;
    this.unixSocket = unixSocket;
    this.origin =
      unixSocket === undefined
        ? printOrigin(this)
        : `${scheme}+unix://${encodeURIComponent(unixSocket)}`;
    this.key = tag === defaultTag ? this.origin : `${this.origin}#${encodeURIComponent(tag)}`;
    Object.freeze(this);
  }

  /** The key. */
  toString(): string {
    return this.key;
  }
}

Object.defineProperty(PoolIdentity.prototype, brand, { value: true });

/** The parts of a pool's identity as plain data. */
export interface PoolParts {
  readonly scheme: Scheme;
  readonly host: string;
  readonly port: number;
  readonly tag?: string | undefined;
  readonly unixSocket?: string | undefined;
}

/** Whatever names a pool. */
export type PoolLike =
  | PoolIdentity
  | PoolParts
  | string
  | URL
  | readonly [scheme: Scheme, host: string, port: number];

const newPoolSchema = defineSchema('options of Pool.new', {
  tag: string({
    doc: 'Tells pools of the same server apart.',
    defaultText: "`'default'`",
    allowed: 'a string that is not empty and has no lone surrogate',
    accepts: isTag,
  }),
});

/** The options of `Pool.new`. */
export type NewPoolOptions = InputOf<(typeof newPoolSchema)['fields']>;

const allowedPool = 'an http, https, http+unix or https+unix URL, a Pool, or [scheme, host, port]';

/**
 * Makes the identity of a pool from a URL: `Pool.new`.
 *
 * Use it to declare a pool, to ask for one, or to send requests to a tagged
 * one. Path and query of the URL are ignored. The host is made canonical: case,
 * IDNA, IPv4 and IPv6 spelling, trailing dot, default port. A fragment is the
 * tag, so that a pool's key is itself a URL of that pool. `http+unix:///run/x.sock`
 * and `http+unix://%2Frun%2Fx.sock` name a Unix socket; `%`, `?` and `#` in its
 * path are written `%25`, `%3F` and `%23`.
 *
 * Mirrors `Finch.Pool.new/2`.
 *
 * @throws OptionsError for a URL without scheme or host, another scheme,
 * credentials in the URL, an invalid port or tag, or an unknown option.
 *
 * @example
 * Pool.new('https://API.example.com', { tag: 'api' }).key; // 'https://api.example.com:443#api'
 */
export function newPool(url: string | URL, options?: NewPoolOptions): PoolIdentity {
  const tag = options === undefined ? undefined : newPoolSchema.parse(options).tag;
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw badPool(url, { problem: 'not a URL', allowed: 'a URL as a string or a URL object' });
  }
  return fromUrl(String(url), tag);
}

/** Identities by the text they were made of: the same URLs come again and again. */
const cache = new BoundedCache<string, PoolIdentity>(256);

/**
 * The identity of whatever names a pool: `Pool.from`.
 *
 * @throws OptionsError as `Pool.new`, or when it is nothing of the kind.
 *
 * @example
 * Pool.from('https://api.internal').host;         // 'api.internal'
 * Pool.from(['https', 'api.internal', 443]).key; // 'https://api.internal:443'
 */
export function poolFrom(pool: PoolLike): PoolIdentity {
  if (pool instanceof PoolIdentity) return pool;
  if (typeof pool === 'string') {
    const known = cache.get(pool);
    if (known !== undefined) return known;
    const made = fromUrl(pool, undefined);
    cache.set(pool, made);
    return made;
  }
  if (pool instanceof URL) return fromUrl(pool.href, undefined);
  if (isTuple(pool)) {
    const [scheme, host, port] = pool;
    return fromParts({ scheme, host, port }, pool);
  }
  if (isParts(pool)) return fromParts(pool, pool);
  throw badPool(pool, { problem: 'not a pool', allowed: allowedPool });
}

/**
 * The canonical printable key of a pool: `Pool.key`. It is a URL of the pool:
 * `Pool.from(Pool.key(pool))` is the same pool.
 *
 * The counterpart of `hackney_pool:to_pool_name/1`, without making atoms.
 *
 * @throws OptionsError as `Pool.from`.
 *
 * @example
 * Pool.key('http://[::1]');                    // 'http://[::1]:80'
 * Pool.key(Pool.new('http+unix:///run/x.sock')) // 'http+unix://%2Frun%2Fx.sock'
 */
export function poolKey(pool: PoolLike): string {
  return poolFrom(pool).key;
}

/** Tells whether a value is a pool's identity, whichever copy of the package made it. */
export function isPool(value: unknown): value is PoolIdentity {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * The identity of a Unix socket by its path, not by a URL. On Linux `\0name` is
 * an abstract socket, which is in no file system (unix(7)).
 *
 * @throws OptionsError for an empty path, one with a lone surrogate or any other
 * NUL, and for an abstract socket where there is none.
 */
export function unixPool(scheme: Scheme, path: string, tag: string = defaultTag): PoolIdentity {
  if (!isSocketPath(path)) {
    throw badPool(path, { problem: 'invalid path of a Unix socket', allowed: allowedSocketPath });
  }
  return new PoolIdentity(scheme, 'localhost', 0, tag, path);
}

function fromUrl(text: string, tag: string | undefined): PoolIdentity {
  const unix = /^(https?)\+unix:\/\//i.exec(text);
  const origin = unix === null ? parseOrigin(text) : undefined;
  if (origin !== undefined && 'problem' in origin) throw badPool(text, origin);
  const named = fragmentTag(text);
  if (tag !== undefined && named !== undefined && tag !== named) {
    throw badPool(text, {
      problem: `the fragment names the tag "${named}", the option "${tag}"`,
      allowed: 'one tag',
    });
  }
  const theTag = tag ?? named ?? defaultTag;
  if (origin !== undefined) {
    return new PoolIdentity(origin.scheme, origin.host, origin.port, theTag, undefined);
  }
  const [prefix = '', scheme = ''] = unix ?? [];
  const path = unixPath(text, text.slice(prefix.length));
  return unixPool(scheme.toLowerCase() === 'https' ? 'https' : 'http', path, theTag);
}

function fromParts(parts: PoolParts, given: unknown): PoolIdentity {
  const { scheme, unixSocket, tag = defaultTag } = parts;
  newPoolSchema.parse({ tag });
  if (unixSocket !== undefined) {
    if (scheme !== 'http' && scheme !== 'https') {
      throw badPool(given, { problem: 'invalid scheme', allowed: "'http' or 'https'" });
    }
    return unixPool(scheme, unixSocket, tag);
  }
  const origin = originOf(scheme, parts.host, parts.port);
  if ('problem' in origin) throw badPool(given, origin);
  return new PoolIdentity(origin.scheme, origin.host, origin.port, tag, undefined);
}

function isTuple(value: unknown): value is readonly [Scheme, string, number] {
  return (
    Array.isArray(value) &&
    value.length === 3 &&
    typeof value[0] === 'string' &&
    typeof value[1] === 'string' &&
    typeof value[2] === 'number'
  );
}

function isParts(value: unknown): value is PoolParts {
  if (typeof value !== 'object' || value === null) return false;
  const { scheme, host, port, unixSocket } = value as Record<string, unknown>;
  return (
    typeof scheme === 'string' &&
    (typeof unixSocket === 'string' || (typeof host === 'string' && typeof port === 'number'))
  );
}

function fragmentTag(text: string): string | undefined {
  const start = text.indexOf('#');
  if (start === -1 || start === text.length - 1) return undefined;
  const tag = decode(text, text.slice(start + 1));
  if (isTag(tag)) return tag;
  throw badPool(text, { problem: 'invalid tag in the fragment', allowed: allowedPool });
}

/**
 * The socket's path in what follows `http+unix://`. With an encoded slash
 * before the first plain one it is the host part (and the rest a request's
 * path, which is ignored); else it is everything.
 */
function unixPath(text: string, rest: string): string {
  const [path = ''] = rest.split(/[?#]/, 1);
  const [host = ''] = path.split('/', 1);
  return decode(text, /%2f/i.test(host) ? host : path);
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badPool(text, { problem: 'invalid percent-encoding', allowed: allowedPool });
  }
}

function badPool(value: unknown, { problem, allowed, secret }: UrlProblem): OptionsError {
  return new OptionsError({ option: 'pool', value, allowed, detail: problem, secret });
}

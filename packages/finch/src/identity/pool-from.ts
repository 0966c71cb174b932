/** Pools from what a caller names them by: a URL, a `URL` object, or their parts. */
import { OptionsError } from '../errors/input-errors.ts';
import { BoundedCache } from './bounded-cache.ts';
import { originOf, parseOrigin, type Scheme, type UrlProblem } from './origin.ts';
import { PoolIdentity } from './pool-identity.ts';
import { allowedSocketPath, isSocketPath } from './socket-path.ts';
import { allowedTag, defaultTag, isTag } from './tag.ts';

/** The parts of a pool's identity as plain data. */
export interface PoolParts {
  readonly scheme: Scheme;
  readonly host: string;
  readonly port: number;
  readonly tag?: string | undefined;
  readonly unixSocket?: string | undefined;
}

/** What names a pool. */
export type PoolLike =
  | PoolIdentity
  | PoolParts
  | string
  | URL
  | readonly [scheme: Scheme, host: string, port: number];

const allowedPool = 'an http, https, http+unix or https+unix URL, a Pool, or [scheme, host, port]';

/**
 * The identity of the pool that a URL and a tag name.
 *
 * @throws OptionsError as `Pool.new`.
 */
export function poolFromUrl(url: string | URL, tag: string | undefined): PoolIdentity {
  if (typeof url === 'string' || url instanceof URL) return fromUrl(String(url), tag);
  throw badPool(url, { problem: 'not a URL', allowed: 'a URL as a string or a URL object' });
}

/** Identities by their text: programs use few URLs, and each often. */
const cache = new BoundedCache<string, PoolIdentity>(256);

/**
 * The identity of a pool from a URL, its parts or `[scheme, host, port]`: `Pool.from`.
 *
 * @throws OptionsError as `Pool.new`, or for another kind of value.
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
  checkTag(tag);
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

/** Parts may come from plain JavaScript: nothing is known of their types. */
function checkTag(tag: unknown): void {
  if (typeof tag === 'string' && isTag(tag)) return;
  throw new OptionsError({
    option: 'tag',
    value: tag,
    scope: 'parts of a pool',
    allowed: allowedTag,
  });
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

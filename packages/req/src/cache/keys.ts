/** Under which key a response is kept, and how requests and responses look to the rules of RFC 9111. */
import { createHash } from 'node:crypto';
import type { HeaderList } from '../header-list.ts';
import type { ResolvedOptions } from '../options/index.ts';
import type { RuleHeaders, RuleRequest } from './http-cache.ts';

/** What is asked of the cache. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderList;
  readonly options: Pick<ResolvedOptions, 'unixSocket'>;
}

/**
 * The key of a request. A private cache belongs to one user (RFC 9111, 1), and one program may speak for
 * many: what identifies the user is part of the key, as a hash. For a shared cache the rules leave out
 * what is for one user.
 */
export function keyOf(request: Asked, shared: boolean): string {
  const { method, url, headers } = request;
  const user = shared
    ? []
    : ['authorization', 'cookie']
        .map((name) => headers.get(name))
        .filter((value) => value !== undefined);
  const base = baseOf(method, url, request);
  if (user.length === 0) return base;
  return `${base} ${createHash('sha256').update(user.join('\n')).digest('base64')}`;
}

/**
 * What the keys of all users for a method and URL begin with. Behind a Unix socket, or with a `host` of its own,
 * a URL is that of another resource.
 */
export function baseOf(
  method: string,
  url: string,
  { headers, options: { unixSocket } }: Pick<Asked, 'headers' | 'options'>,
): string {
  const target = resourceOf(url);
  const host = headers.get('host');
  const server =
    host === undefined && unixSocket === undefined ? [] : [host ?? '', unixSocket ?? ''];
  return [method, target, ...server].join(' ');
}

/** A URL as the platform spells it, without fragment: `http://host#a` and `HTTP://HOST/` are one resource. */
function resourceOf(url: string): string {
  const [resource = ''] = (URL.parse(url)?.href ?? url).split('#', 1);
  return resource;
}

/** A request as the rules take it. */
export function ruleRequest({ method, url, headers }: Omit<Asked, 'options'>): RuleRequest {
  return { method, url: resourceOf(url), headers: ruleHeaders(headers) };
}

/** Header fields as the rules take them: of one name joined, but for `set-cookie`. */
export function ruleHeaders(headers: HeaderList): RuleHeaders {
  const object: RuleHeaders = {};
  for (const [name, value] of Object.entries(headers.toObject())) {
    if (name === 'set-cookie') object[name] = [value].flat();
    else object[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return object;
}

/**
 * Rules for pools that are started on demand: options for all servers whose
 * host matches a pattern, or for all pools of a tag. The first rule that fits,
 * in the order of `byPrecedence`, gives a pool its options.
 */
import { domainToASCII } from 'node:url';
import { OptionsError } from '../errors/input-errors.ts';
import { isTag, type PoolIdentity } from '../identity/index.ts';
import type { ResolvedPoolOptions } from './pool-options.ts';

/** All pools of a tag, whatever their server: as a key of an object, `'#bulk'`. */
export interface TagRule {
  readonly tag: string;
}

/** Which pools a rule is for. What is undefined does not matter. */
export interface PoolPattern {
  /** In canonical form: two rules with the same key are one too many. */
  readonly key: string;
  /** Of the host: the characters that are not `*`. The more, the more specific. */
  readonly literals: number;
  readonly host: RegExp | undefined;
  readonly scheme: string | undefined;
  readonly port: number | undefined;
  readonly tag: string | undefined;
}

/** A pattern, and what pools that fit it run with. */
export interface PoolRule {
  readonly pattern: PoolPattern;
  readonly options: ResolvedPoolOptions;
}

const allowed =
  "a pattern such as 'https://*.example.com', '*.example.com', 'https://*.example.com:8443#tag', or '#tag'";

/** Scheme, host with at least one `*`, port and tag; what an exact URL has beyond that is refused. */
const hostPattern =
  /^(?:(https?):\/\/)?([^/?#@:[\]\\]*\*[^/?#@:[\]\\]*)(?::(\d{1,5}|\*))?\/?(?:#(.+))?$/i;

/**
 * The pattern that a key of `pools` is, or undefined when it names one pool.
 *
 * @throws OptionsError for a key that is meant as a pattern and is none.
 */
export function poolPattern(key: unknown): PoolPattern | undefined {
  if (isTagRule(key)) return tagPattern(key.tag, key);
  if (typeof key !== 'string') return undefined;
  if (key.startsWith('#')) return tagPattern(decode(key, key.slice(1)), key);
  const [authority = ''] = key.replace(/^[a-z+]+:\/\//i, '').split(/[/?#]/, 1);
  return authority.includes('*') && !/^https?\+unix:/i.test(key) ? parseHost(key) : undefined;
}

/** Whether a rule is for this pool. */
export function fits({ host, scheme, port, tag }: PoolPattern, pool: PoolIdentity): boolean {
  return (
    (host === undefined || (pool.unixSocket === undefined && host.test(pool.host))) &&
    (scheme === undefined || scheme === pool.scheme) &&
    (port === undefined || port === pool.port) &&
    (tag === undefined || tag === pool.tag)
  );
}

/**
 * Rules for hosts before rules for tags. Among the former, the longer pattern
 * first; of equal ones that with a tag, then that with a scheme, then that with
 * a port; what is equal in all of that keeps its order.
 */
export function byPrecedence({ pattern: a }: PoolRule, { pattern: b }: PoolRule): number {
  return (
    Number(b.host !== undefined) - Number(a.host !== undefined) ||
    b.literals - a.literals ||
    Number(b.tag !== undefined) - Number(a.tag !== undefined) ||
    Number(b.scheme !== undefined) - Number(a.scheme !== undefined) ||
    Number(b.port !== undefined) - Number(a.port !== undefined)
  );
}

function isTagRule(key: unknown): key is TagRule {
  return typeof key === 'object' && key !== null && Object.keys(key).join() === 'tag';
}

function tagPattern(tag: unknown, given: unknown): PoolPattern {
  if (typeof tag !== 'string' || !isTag(tag)) throw badPattern(given);
  const anywhere = { host: undefined, scheme: undefined, port: undefined, literals: 0 };
  return { ...anywhere, tag, key: `#${encodeURIComponent(tag)}` };
}

function parseHost(text: string): PoolPattern {
  const [, givenScheme, givenHost = '', givenPort, fragment] = hostPattern.exec(text) ?? [];
  const labels = givenHost.replace(/\.$/, '').split('.').map(canonicalLabel);
  const port = portOf(givenPort, givenScheme);
  if (labels.some((label) => label === '') || port === 0 || (port ?? 1) > 65_535) {
    throw badPattern(text);
  }
  const host = labels.join('.').replaceAll(/\*+/g, '*');
  const scheme = givenScheme?.toLowerCase();
  const tag = fragment === undefined ? undefined : decode(text, fragment);
  const end = `:${port ?? '*'}${tag === undefined ? '' : `#${encodeURIComponent(tag)}`}`;
  return {
    key: `${scheme ?? '*'}://${host}${end}`,
    literals: host.replaceAll('*', '').length,
    host: new RegExp(`^${host.split('*').map(escapeDots).join('.+')}$`),
    scheme,
    port,
    tag,
  };
}

/** As with an exact key, a URL without a port means that of its scheme. */
function portOf(port: string | undefined, scheme: string | undefined): number | undefined {
  if (port !== undefined) return port === '*' ? undefined : Number(port);
  return scheme === undefined ? undefined : scheme.toLowerCase() === 'https' ? 443 : 80;
}

/** As hosts are compared: lower case, punycode. Empty when it is no part of a host's name. */
function canonicalLabel(label: string): string {
  if (/^[a-z0-9_*-]+$/i.test(label)) return label.toLowerCase();
  return label.includes('*') ? '' : domainToASCII(label);
}

function escapeDots(text: string): string {
  return text.replaceAll('.', String.raw`\.`);
}

function decode(given: string, tag: string): string {
  try {
    const text = decodeURIComponent(tag);
    if (isTag(text)) return text;
  } catch {
    // No percent-encoding of any text.
  }
  throw badPattern(given);
}

function badPattern(value: unknown): OptionsError {
  return new OptionsError({
    option: 'pools',
    value,
    scope: 'Finch options',
    detail: 'not a pattern of pools',
    allowed,
  });
}

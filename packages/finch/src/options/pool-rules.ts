/**
 * Rules for pools that are started on demand: options for all servers whose
 * host matches a pattern, or for all pools of a tag. A pool gets the options of the
 * first rule that matches it, in the order of `byPrecedence`.
 */
import { domainToASCII } from 'node:url';
import { OptionsError } from '../errors/input-errors.ts';
import { isTag, type PoolIdentity } from '../identity/index.ts';
import type { ResolvedPoolOptions } from './pool-options.ts';

/** All pools of a tag, of any server; as a key of an object: `'#bulk'`. */
export interface TagRule {
  readonly tag: string;
}

/** Which pools a rule matches. A field that is undefined matches all. */
export interface PoolPattern {
  /** In canonical form: there must not be two rules with the same key. */
  readonly key: string;
  /** How many characters of the host are not `*`: the more, the more specific. */
  readonly literals: number;
  readonly host: RegExp | undefined;
  readonly scheme: string | undefined;
  readonly port: number | undefined;
  readonly tag: string | undefined;
}

/** A pattern, and the options of pools that match it. */
export interface PoolRule {
  readonly pattern: PoolPattern;
  readonly options: ResolvedPoolOptions;
}

const allowed =
  "a pattern such as 'https://*.example.com', '*.example.com', 'https://*.example.com:8443#tag', or '#tag'";

/** Scheme, host with at least one `*`, port and tag; nothing else that a URL may have. */
const hostPattern =
  /^(?:(https?):\/\/)?([^/?#@:[\]\\]*\*[^/?#@:[\]\\]*)(?::(\d{1,5}|\*))?\/?(?:#(.+))?$/i;

/**
 * The pattern that a key of `pools` is, or undefined when it names one pool.
 *
 * @throws OptionsError for a pattern that is not valid.
 */
export function poolPattern(key: unknown): PoolPattern | undefined {
  if (isTagRule(key)) return tagPattern(key.tag, key);
  if (typeof key !== 'string') return undefined;
  if (key.startsWith('#')) return tagPattern(decode(key, key.slice(1)), key);
  const [authority = ''] = key.replace(/^[a-z+]+:\/\//i, '').split(/[/?#]/, 1);
  return authority.includes('*') && !/^https?\+unix:/i.test(key) ? parseHost(key) : undefined;
}

/** Whether a pattern matches a pool. */
export function fits({ host, scheme, port, tag }: PoolPattern, pool: PoolIdentity): boolean {
  return (
    (host === undefined || (pool.unixSocket === undefined && host.test(pool.host))) &&
    (scheme === undefined || scheme === pool.scheme) &&
    (port === undefined || port === pool.port) &&
    (tag === undefined || tag === pool.tag)
  );
}

/**
 * Rules for hosts come before rules for tags. Of two rules for hosts, the one with the
 * longer pattern comes first, then the one with a tag, with a scheme, with a port; else
 * they keep their order.
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

/** Without a port it is that of the scheme, as in an exact key. */
function portOf(port: string | undefined, scheme: string | undefined): number | undefined {
  if (port !== undefined) return port === '*' ? undefined : Number(port);
  return scheme === undefined ? undefined : scheme.toLowerCase() === 'https' ? 443 : 80;
}

/** In lower case and punycode, as hosts are compared; empty when it is not valid. */
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
    // Not a valid percent-encoding.
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

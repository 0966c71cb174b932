/**
 * The part of a URL that a connection depends on: scheme, host and port, in
 * canonical form, so that equal servers are equal strings.
 */

/** The schemes of URLs that can be requested. */
export type Scheme = 'http' | 'https';

/** A server in canonical form. */
export interface Origin {
  readonly scheme: Scheme;
  /** Lower case, punycode, no trailing dot; an IPv6 address without brackets. */
  readonly host: string;
  /** From 1 to 65535; the scheme's default when the URL has none. */
  readonly port: number;
}

/** Why a URL cannot be used. */
export interface UrlProblem {
  readonly problem: string;
  readonly allowed: string;
  /** Whether the URL holds credentials, so that no message may show it. */
  readonly secret?: boolean;
}

/** An origin, and where in the text the path begins. */
export interface ParsedOrigin extends Origin {
  readonly pathStart: number;
}

const httpUrl = 'an http:// or https:// URL with a host';

/** Scheme and authority. Stricter than WHATWG, which reads `http:///a` as host `a`. */
const schemeAndAuthority = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#\\]*)/;

/**
 * Reads scheme, host and port of an absolute http or https URL.
 *
 * The host goes through the WHATWG parser: lower case, IDNA, canonical IPv4 and
 * IPv6. In addition, a trailing dot is dropped (RFC 9110 section 4.2.3 compares
 * origins by host, and `a.example.` is the same server), and what WHATWG repairs
 * silently (missing slashes, backslashes, white space) is refused.
 */
export function parseOrigin(text: string): ParsedOrigin | UrlProblem {
  const match = schemeAndAuthority.exec(text);
  if (match === null) {
    const missing = /^https?:/i.test(text) ? 'host' : 'scheme';
    return { problem: `${missing} is required for url`, allowed: httpUrl };
  }
  const [prefix, givenScheme = '', authority = ''] = match;
  const scheme = givenScheme.toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') {
    return { problem: `invalid scheme "${scheme}" for url`, allowed: httpUrl };
  }
  const problem = authorityProblem(text, prefix.length, authority);
  if (problem !== undefined) return problem;
  const parsed = hostAndPort(scheme, authority);
  if ('problem' in parsed) return text.includes('@') ? { ...parsed, secret: true } : parsed;
  return { scheme, host: parsed.host, port: parsed.port, pathStart: prefix.length };
}

/**
 * The origin of separate parts, as in `[scheme, host, port]`.
 */
export function originOf(scheme: string, host: string, port: number): Origin | UrlProblem {
  const inUrl = host.startsWith('[') ? host : bracketed(host);
  if (/[/?#@\\]/.test(host)) return { problem: 'invalid host', allowed: 'a host name or address' };
  if (!Number.isInteger(port)) return { problem: 'invalid port', allowed: portRange };
  const parsed = parseOrigin(`${scheme}://${inUrl}:${port}`);
  if ('problem' in parsed) return parsed;
  return { scheme: parsed.scheme, host: parsed.host, port: parsed.port };
}

/** `https://api.example.com:443`, IPv6 in brackets, the port always there. */
export function printOrigin({ scheme, host, port }: Origin): string {
  return `${scheme}://${bracketed(host)}:${port}`;
}

/** The Host header: `api.example.com:8443`; without the default port, and the 0 of a Unix socket. */
export function hostHeader({ scheme, host, port }: Origin): string {
  const isImplied = port === 0 || port === defaultPort(scheme);
  return isImplied ? bracketed(host) : `${bracketed(host)}:${port}`;
}

const portRange = 'a port from 1 to 65535';

function defaultPort(scheme: Scheme): number {
  return scheme === 'https' ? 443 : 80;
}

/** A host as a URL has it: an IPv6 address stands in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function authorityProblem(
  text: string,
  pathStart: number,
  authority: string,
): UrlProblem | undefined {
  if (authority.includes('@')) {
    return {
      problem: 'credentials in url',
      allowed: 'a URL without user and password; send them in an authorization header',
      secret: true,
    };
  }
  if (authority === '' || authority.startsWith(':')) {
    return { problem: 'host is required for url', allowed: httpUrl };
  }
  if (text[pathStart] === '\\' || hasBlank(authority)) {
    return { problem: 'invalid host in url', allowed: httpUrl };
  }
  return undefined;
}

/** A control character or white space, which the WHATWG parser would drop. */
function hasBlank(authority: string): boolean {
  for (let index = 0; index < authority.length; index++) {
    const unit = authority.charCodeAt(index);
    if (unit <= 0x20 || unit === 0x7f) return true;
  }
  return false;
}

function hostAndPort(
  scheme: Scheme,
  authority: string,
): { readonly host: string; readonly port: number } | UrlProblem {
  let url: URL;
  try {
    url = new URL(`${scheme}://${authority}/`);
  } catch {
    return { problem: 'invalid host or port in url', allowed: `${httpUrl}, and ${portRange}` };
  }
  const port = url.port === '' ? defaultPort(scheme) : Number(url.port);
  if (port === 0) return { problem: 'invalid port 0 in url', allowed: portRange };
  const { hostname } = url;
  if (hostname.includes('*')) {
    return {
      problem: 'a pattern in place of a host in url',
      allowed: `${httpUrl} without *; patterns have their place in the pools option of an instance`,
    };
  }
  const host = hostname.startsWith('[')
    ? hostname.slice(1, -1)
    : hostname.endsWith('.')
      ? hostname.slice(0, -1)
      : hostname;
  if (host === '' || host.endsWith('.')) {
    return { problem: 'host is required for url', allowed: httpUrl };
  }
  return { host, port };
}

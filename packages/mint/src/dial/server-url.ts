/**
 * The server that a user's URL is for, and options that do not go with it.
 */
import type { ConnectOptions } from './connect-options.ts';
import { invalidOption } from './option-rules.ts';

/** What a URL says of the server. */
export interface Server {
  readonly scheme: 'http' | 'https';
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** The `host` of requests: the port only where it is not the scheme's own. */
  readonly authority: string;
}

const allowedUrl = 'an http or https URL of a host and a port, with nothing after them';

/** @throws OptionsError for anything else than the URL of a server. */
export function serverOf(given: string | URL): Server {
  const url = typeof given === 'string' || given instanceof URL ? URL.parse(String(given)) : null;
  if (url === null) throw invalidOption('url', given, allowedUrl);
  const { protocol, hostname, host: authority, username, password, pathname, search, hash } = url;
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw invalidOption('url', given, allowedUrl, 'its scheme is another one');
  }
  if (username !== '' || password !== '') {
    throw invalidOption('url', given, allowedUrl, 'it has credentials');
  }
  if (pathname !== '/' || search !== '' || hash !== '') {
    throw invalidOption('url', given, allowedUrl, 'it has a path, a query or a fragment');
  }
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  return { scheme, host, port, authority };
}

/**
 * Options that mean nothing with what others say.
 *
 * @throws OptionsError for the first of them that is given.
 */
export function refuse(
  given: ConnectOptions,
  names: readonly (keyof ConnectOptions)[],
  allowed: string,
): void {
  for (const name of names) {
    if (given[name] !== undefined) throw invalidOption(name, given[name], allowed);
  }
}

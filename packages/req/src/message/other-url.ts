/** The options of a call for a URL that a server named: of a redirect, of a next page. */
import type { HeaderList } from '../header-list.ts';
import { machinesOnly, type ResolvedOptions } from '../options/index.ts';

/** Options that may be changed. */
export type OpenOptions = { -readonly [K in keyof ResolvedOptions]: ResolvedOptions[K] };

/** Headers that are for one origin only. */
const credentials = ['authorization', 'cookie', 'proxy-authorization'] as const;

/**
 * The URL is complete, so that nothing is added to it; and credentials do not go to another origin,
 * unless `redirectTrusted` says so.
 */
export function optionsForUrl(options: ResolvedOptions, from: string, to: string): OpenOptions {
  const changed: OpenOptions = {
    ...options,
    baseUrl: undefined,
    params: undefined,
    pathParams: undefined,
    headers: options.headers?.clone(),
  };
  if (!isSameOrigin(from, to)) leaveOrigin(changed, changed.headers);
  return changed;
}

/** As the platform compares them: with the default port or without, in any spelling of the host. */
function isSameOrigin(one: string, other: string): boolean {
  const origin = URL.parse(one)?.origin;
  return origin !== undefined && origin === URL.parse(other)?.origin;
}

/** A Unix socket is the old origin's; a netrc file has its own login for each host. */
function leaveOrigin(options: OpenOptions, headers: HeaderList | undefined): void {
  options.unixSocket = undefined;
  headers?.delete('host');
  if (options.redirectTrusted) return;
  for (const name of credentials) headers?.delete(name);
  const { auth } = options;
  options.auth = typeof auth === 'object' && 'netrc' in auth ? machinesOnly(auth) : undefined;
}

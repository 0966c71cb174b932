/** Through which proxy the connections of a pool go, if any. */
import { parsePoolOptions } from '../options/index.ts';
import type { ProxySettings, ResolvedPoolOptions } from '../options/index.ts';
import type { PoolIdentity } from '../identity/index.ts';
import { openTlsSource } from './tls.ts';
import { environmentProxy } from '@linnet/mint';
import type { Environment, ProxyServer } from '@linnet/mint';

/** What was made of a set of options: pools go on to share them by reference. */
const resolvedOptions = new WeakMap<ResolvedPoolOptions, Map<string, ResolvedPoolOptions>>();

/** One proxy, with one TLS identity, for each set of a proxy's options. */
const servers = new WeakMap<ProxySettings, ProxyServer>();

/**
 * The options of a pool that starts, its proxy resolved: the environment is read,
 * and a server that is to be reached without a proxy has none. A Unix socket
 * never has one.
 *
 * @throws OptionsError when the environment names a proxy that cannot be used.
 */
export function resolveProxy(
  pool: PoolIdentity,
  options: ResolvedPoolOptions,
  environment: Environment = process.env,
): ResolvedPoolOptions {
  const given = options.connOpts.proxy;
  if (given === undefined) return options;
  if (pool.unixSocket !== undefined) return withProxy(options, 'none', () => undefined);
  const { noProxy } = given;
  if (given.address === undefined) {
    const named = environmentProxy(pool, environment, noProxy);
    if (named === undefined) return withProxy(options, 'none', () => undefined);
    const { variable, url } = named;
    return withProxy(options, `${variable} ${url}`, () => given.at(url, variable));
  }
  const isDirect = noProxy?.includes(pool.host, pool.port) === true;
  return isDirect ? withProxy(options, 'none', () => undefined) : options;
}

/**
 * The proxy of a pool, as the transport takes it; undefined while it is not
 * resolved.
 *
 * @throws OptionsError if a key, certificate or cipher list cannot be used.
 */
export function proxyOf({ connOpts }: ResolvedPoolOptions): ProxyServer | undefined {
  const { proxy } = connOpts;
  if (proxy?.address === undefined) return undefined;
  let server = servers.get(proxy);
  if (server === undefined) {
    const { servername, ...tls } = proxy.tls;
    const source =
      proxy.address.protocol === 'https' ? openTlsSource(tls, 'connOpts.proxy.tls') : undefined;
    server = {
      ...proxy.address,
      headers: proxy.headers,
      servername,
      // With each dial, since its files may have changed.
      get tls() {
        return source?.refresh();
      },
    };
    servers.set(proxy, server);
  }
  return server;
}

/**
 * Whether the proxy of a pool takes requests and forwards them, rather than
 * opening tunnels: that is for `http://` and HTTP/1.1 only.
 */
export function isForwarded(
  pool: PoolIdentity,
  { connOpts, protocols }: ResolvedPoolOptions,
): boolean {
  const { proxy } = connOpts;
  return (
    proxy?.address?.protocol.startsWith('http') === true &&
    pool.scheme === 'http' &&
    !proxy.tunnel &&
    protocols.includes('http1')
  );
}

function withProxy(
  options: ResolvedPoolOptions,
  key: string,
  proxy: () => ProxySettings | undefined,
): ResolvedPoolOptions {
  let known = resolvedOptions.get(options);
  if (known === undefined) {
    known = new Map();
    resolvedOptions.set(options, known);
  }
  let resolved = known.get(key);
  if (resolved === undefined) {
    const connOpts = { ...options.connOpts, proxy: proxy() };
    resolved = parsePoolOptions({ ...options, connOpts });
    known.set(key, resolved);
  }
  return resolved;
}

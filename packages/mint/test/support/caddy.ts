/** Caddy as a server of tests: how it is run, and what all of its configurations have. */
import type { Folder, ProgramOptions } from './program.ts';

/** What runs Caddy in a folder, to which its configuration is written. */
export function caddyIn(
  folder: Folder,
  configuration: object,
): Pick<ProgramOptions, 'command' | 'env'> {
  const file = folder.write('caddy.json', JSON.stringify(configuration));
  const env = { HOME: folder.path, XDG_CONFIG_HOME: folder.path, XDG_DATA_HOME: folder.path };
  return { command: ['caddy', 'run', '--config', file], env };
}

/** The configuration of these servers of HTTP, with the certificate in the folder. */
export function caddyConfiguration(folder: Folder, http: object): object {
  const certificate = { certificate: folder.at('server.crt'), key: folder.at('server.key') };
  return {
    admin: { disabled: true, config: { persist: false } },
    storage: { module: 'file_system', root: folder.path },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: { tls: { certificates: { load_files: [certificate] } }, http },
  };
}

/** A server on a port: it serves these routes in these protocols, and keeps idle connections. */
export function caddyServer(
  port: number,
  protocols: readonly string[],
  routes: readonly object[],
): object {
  return {
    listen: [`127.0.0.1:${port}`],
    automatic_https: { disable: true },
    protocols,
    idle_timeout: '1h',
    routes,
  };
}

/** A route to a port: what is below `prefix` is asked for without it. */
export function caddyProxy(prefix: string, port: number): object {
  return {
    match: [{ path: [`${prefix}/*`] }],
    handle: [
      { handler: 'rewrite', strip_path_prefix: prefix },
      {
        handler: 'reverse_proxy',
        flush_interval: -1,
        upstreams: [{ dial: `127.0.0.1:${port}` }],
      },
    ],
  };
}

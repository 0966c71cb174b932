/** Caddy as an HTTP/2 server, which is that of Go. */
import type { H2Recipe, H2Site } from './h2-server.ts';

export const caddyH2: H2Recipe = {
  name: 'caddy',
  packages: { caddy: 'caddy' },
  ports: ['main'],
  upload: { path: '/origin/digest', answer: 'digest' },
  configure: (site) => {
    const { folder } = site;
    const file = folder.write('caddy.json', JSON.stringify(caddyConfiguration(site, ['h1', 'h2'])));
    const home = { HOME: folder.path, XDG_CONFIG_HOME: folder.path, XDG_DATA_HOME: folder.path };
    return { command: ['caddy', 'run', '--config', file], env: home };
  },
};

/** With these protocols on its port `main`. */
export function caddyConfiguration(
  { folder, www, ports, origin }: H2Site,
  protocols: readonly string[],
): object {
  const routes = [
    {
      match: [{ path: ['/large-head'] }],
      handle: [
        {
          handler: 'static_response',
          status_code: 204,
          headers: { 'x-large': ['x'.repeat(3000)], 'x-larger': ['y'.repeat(3000)] },
        },
      ],
    },
    {
      match: [{ path: ['/origin/*'] }],
      handle: [
        { handler: 'rewrite', strip_path_prefix: '/origin' },
        {
          handler: 'reverse_proxy',
          flush_interval: -1,
          upstreams: [{ dial: `127.0.0.1:${origin}` }],
        },
      ],
    },
    { handle: [{ handler: 'file_server', root: www }] },
  ];
  return {
    admin: { disabled: true, config: { persist: false } },
    storage: { module: 'file_system', root: folder.path },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      tls: {
        certificates: {
          load_files: [{ certificate: folder.at('server.crt'), key: folder.at('server.key') }],
        },
      },
      http: {
        grace_period: '20s',
        servers: {
          main: {
            listen: [`127.0.0.1:${ports['main']}`],
            automatic_https: { disable: true },
            protocols,
            idle_timeout: '1h',
            routes,
            tls_connection_policies: [{}],
          },
        },
      },
    },
  };
}

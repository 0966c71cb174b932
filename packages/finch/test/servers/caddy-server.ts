/** Caddy as a server of tests. It has no limit of requests on a connection. */
import type { Recipe, Site } from './web-server.ts';

export const caddy: Recipe = {
  name: 'caddy',
  packages: { caddy: 'caddy' },
  lacks: ['three'],
  configure: (site) => {
    const { folder } = site;
    const file = folder.write('caddy.json', JSON.stringify(configuration(site)));
    const home = { HOME: folder.path, XDG_CONFIG_HOME: folder.path, XDG_DATA_HOME: folder.path };
    return { command: ['caddy', 'run', '--config', file], env: home };
  },
};

function configuration({ folder, www, socketPath, shortIdle, ports }: Site): object {
  const path = (pattern: string) => [{ path: [pattern] }];
  const proxy = (prefix: string, port: number) => ({
    match: path(`${prefix}/*`),
    handle: [
      { handler: 'rewrite', strip_path_prefix: prefix },
      {
        handler: 'reverse_proxy',
        flush_interval: -1,
        upstreams: [{ dial: `127.0.0.1:${port}` }],
      },
    ],
  });
  const known = {
    'X-Port': ['{http.request.remote.port}'],
    'X-Sni': ['{http.request.tls.server_name}'],
    'X-Resumed': ['{http.request.tls.resumed}'],
    'X-Client': ['{http.request.tls.client.subject}'],
  };
  const routes = [
    {
      match: path('/whoami'),
      handle: [
        { handler: 'headers', response: { set: known } },
        { handler: 'static_response', status_code: 200, body: 'whoami' },
      ],
    },
    proxy('/origin', ports.origin),
    proxy('/down', ports.down),
    { handle: [{ handler: 'file_server', root: www }] },
  ];
  const closing = {
    handle: [{ handler: 'headers', response: { set: { Connection: ['close'] } } }],
  };
  const server = (port: number, more: object = {}) => ({
    listen: [`127.0.0.1:${port}`],
    automatic_https: { disable: true },
    protocols: ['h1', 'h2'],
    idle_timeout: '1h',
    routes,
    ...more,
  });
  const certificate = {
    certificate: folder.at('server.crt'),
    key: folder.at('server.key'),
  };
  const trust = { trusted_ca_certs_pem_files: [folder.at('ca.crt')], mode: 'require_and_verify' };
  return {
    admin: { disabled: true, config: { persist: false } },
    storage: { module: 'file_system', root: folder.path },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      tls: { certificates: { load_files: [certificate] } },
      http: {
        // A stop does not wait longer for those who are still being served.
        grace_period: '1s',
        servers: {
          plain: server(ports.plain, {
            listen: [`127.0.0.1:${ports.plain}`, `unix/${socketPath}`],
          }),
          tls: server(ports.tls, { tls_connection_policies: [{}] }),
          mutualTls: server(ports.mutualTls, {
            tls_connection_policies: [{ client_authentication: trust }],
          }),
          short: server(ports.short, { idle_timeout: `${shortIdle}ms` }),
          closing: server(ports.closing, { routes: [closing, ...routes] }),
        },
      },
    },
  };
}

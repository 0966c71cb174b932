/** Caddy as a server of tests. It has no limit of requests on a connection. */
import {
  caddyConfiguration,
  caddyIn,
  caddyProxy,
  caddyServer,
} from '../../../../mint/test/support/caddy.ts';
import type { Recipe, Site } from '../web-server.ts';

export const caddy: Recipe = {
  name: 'caddy',
  packages: { caddy: 'caddy' },
  lacks: ['three'],
  configure: (site) => caddyIn(site.folder, configuration(site)),
};

function configuration({ folder, www, socketPath, shortIdle, ports }: Site): object {
  const known = {
    'X-Port': ['{http.request.remote.port}'],
    'X-Sni': ['{http.request.tls.server_name}'],
    'X-Resumed': ['{http.request.tls.resumed}'],
    'X-Client': ['{http.request.tls.client.subject}'],
  };
  const routes = [
    {
      match: [{ path: ['/whoami'] }],
      handle: [
        { handler: 'headers', response: { set: known } },
        { handler: 'static_response', status_code: 200, body: 'whoami' },
      ],
    },
    caddyProxy('/origin', ports.origin),
    caddyProxy('/down', ports.down),
    { handle: [{ handler: 'file_server', root: www }] },
  ];
  const closing = {
    handle: [{ handler: 'headers', response: { set: { Connection: ['close'] } } }],
  };
  const server = (port: number, more: object = {}) => ({
    ...caddyServer(port, ['h1', 'h2'], routes),
    ...more,
  });
  const trust = { trusted_ca_certs_pem_files: [folder.at('ca.crt')], mode: 'require_and_verify' };
  return caddyConfiguration(folder, {
    // A stop does not wait longer for those who are still being served.
    grace_period: '1s',
    servers: {
      plain: server(ports.plain, { listen: [`127.0.0.1:${ports.plain}`, `unix/${socketPath}`] }),
      tls: server(ports.tls, { tls_connection_policies: [{}] }),
      mutualTls: server(ports.mutualTls, {
        tls_connection_policies: [{ client_authentication: trust }],
      }),
      short: server(ports.short, { idle_timeout: `${shortIdle}ms` }),
      closing: server(ports.closing, { routes: [closing, ...routes] }),
    },
  });
}

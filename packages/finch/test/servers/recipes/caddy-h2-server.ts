/** Caddy as an HTTP/2 server, which is that of Go, and as one of all three protocols. */
import {
  caddyConfiguration,
  caddyIn,
  caddyProxy,
  caddyServer,
} from '../../../../mint/test/support/caddy.ts';
import type { H2Recipe, H2Site } from '../h2-server.ts';

export const caddyH2: H2Recipe = recipe(['h1', 'h2']);

/** HTTP/1.1 and HTTP/2 announce HTTP/3. */
export const caddyH3: H2Recipe = recipe(['h1', 'h2', 'h3']);

function recipe(protocols: readonly string[]): H2Recipe {
  return {
    name: 'caddy',
    packages: { caddy: 'caddy' },
    ports: ['main'],
    upload: { path: '/origin/digest', answer: 'digest' },
    configure: (site) => caddyIn(site.folder, configuration(site, protocols)),
  };
}

function configuration(
  { folder, www, ports: { main = 0 }, origin }: H2Site,
  protocols: readonly string[],
): object {
  const large = { 'x-large': ['x'.repeat(3000)], 'x-larger': ['y'.repeat(3000)] };
  const routes = [
    {
      match: [{ path: ['/large-head'] }],
      handle: [{ handler: 'static_response', status_code: 204, headers: large }],
    },
    caddyProxy('/origin', origin),
    { handle: [{ handler: 'file_server', root: www }] },
  ];
  return caddyConfiguration(folder, {
    grace_period: '20s',
    servers: {
      main: { ...caddyServer(main, protocols, routes), tls_connection_policies: [{}] },
    },
  });
}

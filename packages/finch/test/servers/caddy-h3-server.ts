/** Caddy as a server of all three protocols: HTTP/1.1 and HTTP/2 announce HTTP/3. */
import { caddyConfiguration } from './caddy-h2-server.ts';
import type { H2Recipe } from './h2-server.ts';

export const caddyH3: H2Recipe = {
  name: 'caddy',
  packages: { caddy: 'caddy' },
  ports: ['main'],
  upload: { path: '/origin/digest', answer: 'digest' },
  configure: (site) => {
    const { folder } = site;
    const configuration = caddyConfiguration(site, ['h1', 'h2', 'h3']);
    const file = folder.write('caddy.json', JSON.stringify(configuration));
    const home = { HOME: folder.path, XDG_CONFIG_HOME: folder.path, XDG_DATA_HOME: folder.path };
    return { command: ['caddy', 'run', '--config', file], env: home };
  },
};

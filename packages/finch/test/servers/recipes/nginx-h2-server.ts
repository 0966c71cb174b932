/** nginx as an HTTP/2 server: with a master, so that it can be reloaded. */
import type { H2Recipe, H2Site } from '../h2-server.ts';
import { nginxConfiguration, nginxFiles, nginxIn } from './nginx-configuration.ts';

/** How many requests the port `few` serves on a connection before it says GOAWAY. */
export const fewRequests = 10;

export const nginxH2: H2Recipe = {
  name: 'nginx',
  packages: { nginx: 'nginx-light' },
  ports: ['main', 'two', 'few'],
  upload: { path: '/origin/digest', answer: 'digest' },
  configure: (site) => nginxIn(site.folder, configuration(site)),
};

function configuration({ folder, www, ports, origin }: H2Site): string {
  const common = `${nginxFiles(www, origin)}
    location = /whoami { return 200 $connection/$connection_requests/$server_protocol; }
    location = /large-head {
      add_header x-large "${'x'.repeat(3000)}";
      add_header x-larger "${'y'.repeat(3000)}";
      return 204;
    }`;
  return nginxConfiguration(
    folder,
    'worker_processes 1;\nuser root;',
    `server {
    listen 127.0.0.1:${ports['main']} ssl http2;${common}
  }
  server {
    listen 127.0.0.1:${ports['two']} ssl http2;
    http2_max_concurrent_streams 2;${common}
  }
  server {
    listen 127.0.0.1:${ports['few']} ssl http2;
    keepalive_requests ${fewRequests};${common}
  }`,
  );
}

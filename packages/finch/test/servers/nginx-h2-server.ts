/** nginx as an HTTP/2 server: with a master, so that it can be reloaded. */
import type { H2Recipe, H2Site } from './h2-server.ts';

/** How many requests the port `few` serves on a connection before it says GOAWAY. */
export const fewRequests = 10;

export const nginxH2: H2Recipe = {
  name: 'nginx',
  packages: { nginx: 'nginx-light' },
  ports: ['main', 'two', 'few'],
  upload: { path: '/origin/digest', answer: 'digest' },
  configure: (site) => {
    const { folder } = site;
    const file = folder.write('nginx.conf', configuration(site));
    return { command: ['nginx', '-p', folder.path, '-c', file, '-e', folder.at('error.log')] };
  },
};

function configuration({ folder, www, ports, origin }: H2Site): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${folder.at(what)};`)
    .join('\n  ');
  const common = `
    root ${www};
    client_max_body_size 100m;
    location = /whoami { return 200 $connection/$connection_requests/$server_protocol; }
    location = /large-head {
      add_header x-large "${'x'.repeat(3000)}";
      add_header x-larger "${'y'.repeat(3000)}";
      return 204;
    }
    location /origin/ {
      proxy_pass http://127.0.0.1:${origin}/;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
    }`;
  return `daemon off;
worker_processes 1;
user root;
pid ${folder.at('pid')};
error_log ${folder.at('error.log')};
events { worker_connections 256; }
http {
  ${temporary}
  access_log off;
  default_type text/plain;
  keepalive_timeout 1h;
  keepalive_requests 1000000;
  ssl_certificate ${folder.at('server.crt')};
  ssl_certificate_key ${folder.at('server.key')};
  server {
    listen 127.0.0.1:${ports['main']} ssl http2;${common}
  }
  server {
    listen 127.0.0.1:${ports['two']} ssl http2;
    http2_max_concurrent_streams 2;${common}
  }
  server {
    listen 127.0.0.1:${ports['few']} ssl http2;
    keepalive_requests ${fewRequests};${common}
  }
}
`;
}

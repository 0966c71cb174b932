/** nginx as a server of tests: `/page.shtml` is sent in chunks, `/put/` takes files. */
import type { Recipe, Site } from './web-server.ts';

export const nginx: Recipe = {
  name: 'nginx',
  packages: { nginx: 'nginx-light' },
  configure: (site) => {
    const { folder } = site;
    folder.write('www/included', 'included');
    folder.write('www/page.shtml', 'before <!--#include file="included" --> after');
    const file = folder.write('nginx.conf', configuration(site));
    return { command: ['nginx', '-p', folder.path, '-c', file, '-e', folder.at('error.log')] };
  },
};

function configuration({ folder, www, socketPath, shortIdle, ports }: Site): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${folder.at(what)};`)
    .join('\n  ');
  const common = `
    root ${www};
    client_max_body_size 100m;
    location = /whoami {
      add_header x-port $remote_port;
      add_header x-sni $ssl_server_name;
      add_header x-resumed $ssl_session_reused;
      add_header x-client $ssl_client_s_dn;
      return 200 $connection/$connection_requests;
    }
    location /origin/ {
      proxy_pass http://127.0.0.1:${ports.origin}/;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
    }
    location /down/ { proxy_pass http://127.0.0.1:${ports.down}/; }
    location = /page.shtml { ssi on; ssi_types text/plain; }
    location = /broken { return 500 'broken'; }
    location /put/ { dav_methods PUT DELETE; }`;
  return `daemon off;
master_process off;
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
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:1m;
  server {
    listen 127.0.0.1:${ports.plain};
    listen 127.0.0.1:${ports.tls} ssl;
    listen unix:${socketPath};${common}
  }
  server {
    listen 127.0.0.1:${ports.mutualTls} ssl;
    ssl_client_certificate ${folder.at('ca.crt')};
    ssl_verify_client on;${common}
  }
  server { listen 127.0.0.1:${ports.short}; keepalive_timeout ${shortIdle}ms;${common}
  }
  server { listen 127.0.0.1:${ports.closing}; keepalive_timeout 0;${common}
  }
  server { listen 127.0.0.1:${ports.three}; keepalive_requests 3;${common}
  }
}
`;
}

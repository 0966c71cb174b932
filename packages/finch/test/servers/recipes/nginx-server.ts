/** nginx as a server of tests: `/page.shtml` is sent in chunks, `/put/` takes files. */
import { nginxConfiguration, nginxFiles, nginxIn } from './nginx-configuration.ts';
import type { Recipe, Site } from '../web-server.ts';

export const nginx: Recipe = {
  name: 'nginx',
  packages: { nginx: 'nginx-light' },
  configure: (site) => {
    site.folder.write('www/included', 'included');
    site.folder.write('www/page.shtml', 'before <!--#include file="included" --> after');
    return nginxIn(site.folder, configuration(site));
  },
};

function configuration({ folder, www, socketPath, shortIdle, ports }: Site): string {
  const common = `${nginxFiles(www, ports.origin)}
    location = /whoami {
      add_header x-port $remote_port;
      add_header x-sni $ssl_server_name;
      add_header x-resumed $ssl_session_reused;
      add_header x-client $ssl_client_s_dn;
      return 200 $connection/$connection_requests;
    }
    location /down/ { proxy_pass http://127.0.0.1:${ports.down}/; }
    location = /page.shtml { ssi on; ssi_types text/plain; }
    location = /broken { return 500 'broken'; }
    location /put/ { dav_methods PUT DELETE; }`;
  return nginxConfiguration(
    folder,
    'master_process off;',
    `ssl_protocols TLSv1.2 TLSv1.3;
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
  }`,
  );
}

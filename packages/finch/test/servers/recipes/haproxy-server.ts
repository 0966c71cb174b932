/** HAProxy as a server of tests: its files are those of the origin behind it. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Recipe, Site, WebServer } from '../web-server.ts';

export const haproxy: Recipe = {
  name: 'haproxy',
  packages: { haproxy: 'haproxy' },
  configure: (site) => {
    const file = site.folder.write('haproxy.cfg', configuration(site));
    return { command: ['haproxy', '-W', '-db', '-f', file] };
  },
};

/** What HAProxy answers to a command of its administrator. */
export async function command(server: WebServer, line: string): Promise<string> {
  const socket = connect({ path: server.folder.at('admin') });
  socket.end(`${line}\n`);
  return (await text(socket)).trim();
}

function configuration({ folder, socketPath, shortIdle, ports }: Site): string {
  const rules = `
  http-request return status 200 content-type text/plain string whoami hdr x-port "%[src_port]" hdr x-sni "%[ssl_fc_sni]" hdr x-resumed "%[ssl_fc_is_resumed]" hdr x-client "%{+Q}[ssl_c_s_dn(cn)]" if { path /whoami }
  use_backend down if { path_beg /down/ }
  default_backend origin`;
  const tls = `ssl crt ${folder.at('server.pem')}`;
  return `global
  stats socket ${folder.at('admin')} mode 600 level admin expose-fd listeners
  maxconn 500
  hard-stop-after 30s
defaults
  mode http
  retries 0
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
backend origin
  http-request replace-path /origin(/.*) \\1
  server origin 127.0.0.1:${ports.origin}
backend down
  server down 127.0.0.1:${ports.down}
frontend plain
  bind 127.0.0.1:${ports.plain}
  bind unix@${socketPath}
  bind 127.0.0.1:${ports.tls} ${tls}
  bind 127.0.0.1:${ports.mutualTls} ${tls} ca-file ${folder.at('ca.crt')} verify required${rules}
frontend short
  bind 127.0.0.1:${ports.short}
  timeout http-keep-alive ${shortIdle}ms${rules}
frontend closing
  bind 127.0.0.1:${ports.closing}
  option httpclose${rules}
frontend three
  bind 127.0.0.1:${ports.three}
  http-request set-var(sess.requests) var(sess.requests,0),add(1)
  http-after-response set-header connection close if { var(sess.requests) -m int ge 3 }${rules}
`;
}

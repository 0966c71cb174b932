/** Apache's httpd as a server of tests. It does not listen on Unix sockets. */
import { existsSync } from 'node:fs';
import type { Recipe, Site } from '../web-server.ts';

export const apache: Recipe = {
  name: 'apache',
  packages: { apache2: 'apache2' },
  // It tells how long in `Keep-Alive`, in seconds.
  shortIdle: 1000,
  lacks: ['socket'],
  configure: (site) => {
    const file = site.folder.write('apache.conf', configuration(site));
    return { command: ['apache2', '-d', site.folder.path, '-f', file, '-DFOREGROUND'] };
  },
};

const modules = [
  'mpm_event',
  'authz_core',
  'headers',
  'proxy',
  'proxy_http',
  'ssl',
  'socache_shmcb',
];

function configuration({ folder, www, shortIdle, ports }: Site): string {
  const load = modules
    .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
    .join('\n');
  // Root is given up where there is anybody to become.
  const user = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  const host = (port: number, more: string) => `Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
  ${more}
</VirtualHost>`;
  const tls = `SSLEngine on
  SSLCertificateFile ${folder.at('server.crt')}
  SSLCertificateKeyFile ${folder.at('server.key')}`;
  return `ServerName localhost
ServerTokens Full
PidFile ${folder.at('pid')}
DefaultRuntimeDir ${folder.path}
ErrorLog ${folder.at('error.log')}
${load}
${user ? 'User www-data\nGroup www-data' : ''}
StartServers 1
ServerLimit 2
ThreadsPerChild 64
MaxRequestWorkers 128
GracefulShutdownTimeout 5
DocumentRoot ${www}
<Directory ${www}>
  Require all granted
</Directory>
FileETag MTime Size
KeepAlive On
KeepAliveTimeout 3600
MaxKeepAliveRequests 0
SSLSessionCache shmcb:${folder.at('sessions')}(512000)
SSLSessionTickets on
# A thread that waits for the origin would hold the listening sockets open after a stop.
ProxyPass /origin/silence http://127.0.0.1:${ports.origin}/silence flushpackets=on timeout=1
ProxyPass /origin/ http://127.0.0.1:${ports.origin}/ flushpackets=on
ProxyPass /down/ http://127.0.0.1:${ports.down}/ retry=0
<Location /whoami>
  Header set x-port "expr=%{REMOTE_PORT}"
  Header set x-sni "%{SSL_TLS_SNI}s"
  Header set x-resumed "%{SSL_SESSION_RESUMED}s"
  Header set x-client "%{SSL_CLIENT_S_DN_CN}s"
</Location>
${host(ports.plain, '')}
${host(ports.tls, tls)}
${host(ports.mutualTls, `${tls}\n  SSLCACertificateFile ${folder.at('ca.crt')}\n  SSLVerifyClient require`)}
${host(ports.short, `KeepAliveTimeout ${shortIdle / 1000}`)}
${host(ports.closing, 'KeepAlive Off')}
# It counts the responses after which it keeps the connection: the third one is the last.
${host(ports.three, 'MaxKeepAliveRequests 2')}
`;
}

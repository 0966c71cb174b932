/** The programs of nghttp2: `nghttpd`, a server of files, and `nghttpx`, a proxy. */
import type { H2Recipe } from '../h2-server.ts';

export const nghttpd: H2Recipe = {
  name: 'nghttpd',
  packages: { nghttpd: 'nghttp2-server' },
  ports: ['main'],
  upload: { path: '/echo', answer: 'body' },
  configure: ({ folder, www, ports }) => ({
    command: [
      'nghttpd',
      '--address=127.0.0.1',
      `--htdocs=${www}`,
      '--max-concurrent-streams=100',
      '--echo-upload',
      '--trailer=x-trailer: at the end',
      String(ports['main']),
      folder.at('server.key'),
      folder.at('server.crt'),
    ],
  }),
};

/** How many requests the port `few` of nghttpx serves on a connection before it says GOAWAY. */
export const fewRequests = 10;

const proxy = (ports: readonly string[], more: readonly string[]): H2Recipe => ({
  name: 'nghttpx',
  packages: { nghttpx: 'nghttp2-proxy' },
  ports,
  upload: { path: '/digest', answer: 'digest' },
  configure: ({ folder, ports: numbers, origin }) => ({
    command: [
      'nghttpx',
      ...ports.map((name) => `--frontend=127.0.0.1,${numbers[name]}`),
      `--backend=127.0.0.1,${origin}`,
      '--workers=1',
      '--no-ocsp',
      '--conf=/dev/null',
      '--accesslog-file=/dev/null',
      `--errorlog-file=${folder.at('error.log')}`,
      `--pid-file=${folder.at('pid')}`,
      ...more,
      folder.at('server.key'),
      folder.at('server.crt'),
    ],
  }),
});

export const nghttpx = proxy(['main'], []);

/** The same with a limit of requests on a connection, which is a limit of the whole program. */
export const nghttpxFew = proxy(['main'], [`--frontend-max-requests=${fewRequests}`]);

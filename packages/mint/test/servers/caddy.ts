/** Caddy as a server of all three protocols, for tests and for the benchmark. */
import { freePorts, Program } from '../support/program.ts';
import type { Folder } from '../support/program.ts';
import { untilQuic } from './until-quic.ts';

export interface Caddy {
  readonly program: Program;
  readonly port: number;
}

/**
 * Starts Caddy with the certificate in a folder (`server.crt`, `server.key`): `/hello`, the file
 * `large` of the folder, and with `upstream` all else from that port.
 */
export async function startCaddy(folder: Folder, upstream?: number): Promise<Caddy> {
  const [port = 0] = await freePorts(1);
  const config = JSON.stringify(configuration(folder, port, upstream));
  const file = folder.write(`caddy-${port}.json`, config);
  const home = { HOME: folder.path, XDG_CONFIG_HOME: folder.path, XDG_DATA_HOME: folder.path };
  const program = await Program.start({
    command: ['caddy', 'run', '--config', file],
    folder,
    listens: [port],
    env: home,
    stopSignal: 'SIGKILL',
  });
  await untilQuic(port, folder.ca);
  return { program, port };
}

function configuration(folder: Folder, port: number, upstream: number | undefined): object {
  const proxied =
    upstream === undefined
      ? []
      : [{ handler: 'reverse_proxy', upstreams: [{ dial: `127.0.0.1:${upstream}` }] }];
  return {
    admin: { disabled: true, config: { persist: false } },
    storage: { module: 'file_system', root: folder.path },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      tls: {
        certificates: {
          load_files: [{ certificate: folder.at('server.crt'), key: folder.at('server.key') }],
        },
      },
      http: {
        servers: {
          main: {
            listen: [`127.0.0.1:${port}`],
            automatic_https: { disable: true },
            protocols: ['h1', 'h2', 'h3'],
            tls_connection_policies: [{ default_sni: 'localhost' }],
            routes: [
              {
                match: [{ path: ['/hello'] }],
                handle: [{ handler: 'static_response', body: 'hello' }],
              },
              {
                match: [{ path: ['/large'] }],
                handle: [{ handler: 'file_server', root: folder.path }],
              },
              { handle: proxied },
            ],
          },
        },
      },
    },
  };
}

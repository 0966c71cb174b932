/** Caddy as a server of all three protocols, for tests and for the benchmark. */
import { caddyConfiguration, caddyIn, caddyServer } from '../support/caddy.ts';
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
  const program = await Program.start({
    ...caddyIn(folder, configuration(folder, port, upstream)),
    folder,
    listens: [port],
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
  const routes = [
    { match: [{ path: ['/hello'] }], handle: [{ handler: 'static_response', body: 'hello' }] },
    {
      match: [{ path: ['/large'] }],
      handle: [{ handler: 'file_server', root: folder.path }],
    },
    { handle: proxied },
  ];
  return caddyConfiguration(folder, {
    servers: {
      main: {
        ...caddyServer(port, ['h1', 'h2', 'h3'], routes),
        tls_connection_policies: [{ default_sni: 'localhost' }],
      },
    },
  });
}

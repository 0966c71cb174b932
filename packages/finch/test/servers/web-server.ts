/**
 * What the servers under test have in common: where they listen, and what is at which path. Each
 * has its files at `/file/<n>`, an origin behind `/origin/`, nobody behind `/down/`, and at
 * `/whoami` headers with what it knows of the connection: `x-port` (of the client), `x-sni`,
 * `x-resumed`, `x-client`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from '@linnet/mint/testing';
import { bodyOf, servedLengths } from './bodies.ts';
import { Folder, freePorts, Program, type ProgramOptions } from './program.ts';
import { program as originProgram } from './origin.ts?program';

/** A server, by what it does with connections. */
export interface WebServer extends AsyncDisposable {
  /** Keeps them open. */
  readonly url: string;
  /** The same with TLS: a certificate for `localhost`, `127.0.0.1`, `first.test` and `second.test`. */
  readonly tlsPort: number;
  /** Wants a certificate of the client. */
  readonly mutualTlsPort: number;
  /** Ends those that are idle for `shortIdle`. */
  readonly shortUrl: string;
  /** In ms. */
  readonly shortIdle: number;
  /** Ends them after each response. */
  readonly closingUrl: string;
  /** Ends them after three requests; not every server can. */
  readonly threeUrl: string;
  /** Not every server listens on one. */
  readonly socketPath: string;
  readonly ca: string;
  readonly clientCertificate: Certificate;
  readonly folder: Folder;
  readonly program: Program;
  stop(): Promise<void>;
}

/** What a configuration is made from. */
export interface Site {
  readonly folder: Folder;
  readonly www: string;
  readonly socketPath: string;
  /** In ms. */
  readonly shortIdle: number;
  readonly ports: {
    readonly plain: number;
    readonly tls: number;
    readonly mutualTls: number;
    readonly short: number;
    readonly closing: number;
    readonly three: number;
    readonly origin: number;
    /** Nobody listens there. */
    readonly down: number;
  };
}

export interface Recipe {
  readonly name: string;
  /** The Debian packages that it needs, by command. */
  readonly packages: Readonly<Record<string, string>>;
  /** Writes the configuration, and says how the program is run. */
  readonly configure: (site: Site) => Pick<ProgramOptions, 'command' | 'env'>;
  /** After how many ms of idleness `shortUrl` ends a connection. Default: 200. */
  readonly shortIdle?: number;
  /** What the server does not have: a limit of requests on a connection, Unix sockets. */
  readonly lacks?: readonly ('three' | 'socket')[];
}

export async function startWebServer({
  name,
  configure,
  shortIdle = 200,
  lacks = [],
}: Recipe): Promise<WebServer> {
  const folder = new Folder(name);
  const [
    plain = 0,
    tls = 0,
    mutualTls = 0,
    short = 0,
    closing = 0,
    three = 0,
    origin = 0,
    down = 0,
  ] = await freePorts(8);
  const ports = { plain, tls, mutualTls, short, closing, three, origin, down };
  const www = folder.at('www');
  mkdirSync(join(www, 'put'), { recursive: true });
  for (const length of servedLengths) folder.write(`www/file/${length}`, bodyOf(length));
  folder.write('www/whoami', 'whoami');
  folder.issue(['localhost', '127.0.0.1', 'first.test', 'second.test']);
  const clientCertificate = folder.issue(['a client'], 'client');
  const socketPath = folder.at('socket');
  const listens: (number | string)[] = [plain, tls, mutualTls, short, closing];
  if (!lacks.includes('three')) listens.push(three);
  if (!lacks.includes('socket')) listens.push(socketPath);
  const run = configure({ folder, www, socketPath, shortIdle, ports });
  const behind = await Program.start({
    command: [process.execPath, originProgram, String(origin)],
    folder,
    listens: [origin],
  });
  const program = new Program({ ...run, folder, listens });
  const stop = async (): Promise<void> => {
    await Promise.all([program.stop(), behind.stop()]);
    folder[Symbol.dispose]();
  };
  try {
    await program.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${plain}`,
    tlsPort: tls,
    mutualTlsPort: mutualTls,
    shortUrl: `http://127.0.0.1:${short}`,
    shortIdle,
    closingUrl: `http://127.0.0.1:${closing}`,
    threeUrl: `http://127.0.0.1:${three}`,
    socketPath,
    ca: folder.ca,
    clientCertificate,
    folder,
    program,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

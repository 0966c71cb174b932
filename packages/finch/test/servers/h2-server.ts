/**
 * Programs that speak HTTP/2 over TLS, as servers of tests: what they have in common, and how they
 * are started. Each has its files at `/file/<n>`, and takes bodies at `uploadPath`.
 */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { bodyOf, servedLengths } from './bodies.ts';
import { Folder, freePorts, Program, type ProgramOptions } from './program.ts';
import { program as originProgram } from './origin.ts?program';

/** What a configuration is made from. */
export interface H2Site {
  readonly folder: Folder;
  readonly www: string;
  /** The ports that the recipe asked for, by name, all with TLS. */
  readonly ports: Readonly<Record<string, number>>;
  /** Where the origin listens: see origin.ts. */
  readonly origin: number;
}

export interface H2Recipe {
  readonly name: string;
  /** The Debian packages that it needs, by command. */
  readonly packages: Readonly<Record<string, string>>;
  /** The names of its ports; `main` has no peculiarities. */
  readonly ports: readonly string[];
  /** Where bodies can be sent, and what comes back: the body, or its length and hash. */
  readonly upload: { readonly path: string; readonly answer: 'body' | 'digest' };
  readonly configure: (site: H2Site) => Pick<ProgramOptions, 'command' | 'env' | 'stopSignal'>;
}

export interface H2Server {
  readonly recipe: H2Recipe;
  readonly program: Program;
  readonly folder: Folder;
  /** The certificate of the authority that the server's is from. */
  readonly ca: string;
  /** Lets the requests go that the origin holds, until this one is answered. */
  release(held: Promise<unknown>): Promise<void>;
  port(name: string): number;
  stop(): Promise<void>;
}

export async function startH2Server(recipe: H2Recipe): Promise<H2Server> {
  const folder = new Folder(recipe.name);
  const [origin = 0, ...numbers] = await freePorts(recipe.ports.length + 1);
  const ports = Object.fromEntries(recipe.ports.map((name, index) => [name, numbers[index] ?? 0]));
  for (const length of servedLengths) folder.write(`www/file/${length}`, bodyOf(length));
  folder.issue(['localhost', '127.0.0.1']);
  const run = recipe.configure({ folder, www: folder.at('www'), ports, origin });
  const behind = await Program.start({
    command: [process.execPath, originProgram, String(origin)],
    folder,
    listens: [origin],
  });
  const program = await Program.start({ ...run, folder, listens: numbers });
  return {
    recipe,
    program,
    folder,
    ca: folder.ca,
    release: async (held) => {
      let settled = false;
      const settle = (): void => void (settled = true);
      held.then(settle, settle);
      while (!settled) await release(origin);
    },
    port: (name) => {
      const port = ports[name];
      if (port === undefined) throw new Error(`${recipe.name} has no port ${name}`);
      return port;
    },
    stop: async () => {
      await Promise.all([program.stop(), behind.stop()]);
      folder[Symbol.dispose]();
    },
  };
}

async function release(port: number): Promise<void> {
  const request = get({ host: '127.0.0.1', port, path: '/release', agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'close');
}

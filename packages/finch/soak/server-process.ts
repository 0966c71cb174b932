/** The misbehaving server, as its parent sees it. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface ServerSetup {
  readonly seed: number;
  readonly slow: boolean;
  /** Of its Unix socket. */
  readonly path: string;
  readonly key: string;
  readonly cert: string;
}

export interface ServerWhere {
  readonly port: number;
  readonly tlsPort: number;
  /** HTTP/2 without TLS. */
  readonly h2cPort: number;
}

export interface ServerFigures {
  readonly connections: number;
  readonly requests: number;
  /** Requests and connections that were treated badly. */
  readonly faults: number;
  /** How often it did what. */
  readonly answered: Readonly<Record<string, number>>;
  /** Open at this moment. */
  readonly sockets: number;
}

export class ServerProcess {
  private readonly child: ChildProcess;
  readonly where: ServerWhere;

  private constructor(child: ChildProcess, where: ServerWhere) {
    this.child = child;
    this.where = where;
  }

  static async start(setup: ServerSetup): Promise<ServerProcess> {
    // Its own options, not those of the tests that may start it: packages are their sources.
    const execArgv = ['--conditions=@linnet/source'];
    const child = fork(join(import.meta.dirname, 'server.ts'), { execArgv });
    child.on('exit', (code, signal) => {
      if (!child.killed) throw new Error(`the server ended: ${signal ?? code}`);
    });
    child.send(setup);
    const [where] = (await once(child, 'message')) as [ServerWhere];
    return new ServerProcess(child, where);
  }

  async figures(): Promise<ServerFigures> {
    this.child.send('figures');
    const [figures] = (await once(this.child, 'message')) as [ServerFigures];
    return figures;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill();
    await ended;
  }
}

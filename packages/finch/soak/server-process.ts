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
  /** HTTP/3, on UDP; 0 without. */
  readonly h3Port: number;
}

export interface ServerFigures {
  readonly connections: number;
  readonly requests: number;
  /** Requests and connections that were treated badly. */
  readonly faults: number;
  /** How often it did what. */
  readonly answered: Readonly<Record<string, number>>;
  /** What the client has sent that it must not send: the first of it. */
  readonly complaints: readonly string[];
  /** Open at this moment. */
  readonly sockets: number;
}

/** The program of the server: its source, of which a bundle starts faster. */
const serverSource = join(import.meta.dirname, 'server.ts');

/** How much of what the process complained of is kept, in characters. */
const complaintSize = 4000;

export class ServerProcess {
  readonly where: ServerWhere;
  readonly pid: number;
  /** Rejects when the process ends by itself: how it ended, and what it complained of at last. */
  readonly failure: Promise<never>;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, where: ServerWhere, failure: Promise<never>) {
    this.child = child;
    this.where = where;
    this.pid = child.pid as number;
    this.failure = failure;
  }

  /** Rejects when the process ends before it listens. */
  static async start(setup: ServerSetup, program: string = serverSource): Promise<ServerProcess> {
    // Its own options, not those of the tests that may start it: packages are their sources.
    const execArgv = ['--conditions=@linnet/source'];
    const child = fork(program, {
      execArgv,
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    const failure = failureOf(child);
    const where = await ask<ServerWhere>(child, setup, failure);
    return new ServerProcess(child, where, failure);
  }

  /** Rejects when the process ends before it answers. */
  figures(): Promise<ServerFigures> {
    return ask(this.child, 'figures', this.failure);
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }
}

/** Sends a message, and waits for the answer. */
async function ask<T>(
  child: ChildProcess,
  message: ServerSetup | 'figures',
  failure: Promise<never>,
): Promise<T> {
  const waiting = new AbortController();
  try {
    const answer = once(child, 'message', { signal: waiting.signal });
    // A message that cannot be sent is one to a process that has ended.
    child.send(message, () => {});
    const [value] = (await Promise.race([answer, failure])) as [T];
    return value;
  } finally {
    waiting.abort();
  }
}

function failureOf(child: ChildProcess): Promise<never> {
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-complaintSize);
  });
  const failure = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    // Unlike 'exit', it comes after the last of the output.
    child.once('close', (code, signal) => {
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      reject(new Error(`The server of the soak ended ${how}.\n${complaints.trimEnd()}`.trimEnd()));
    });
  });
  // Stopped on purpose, or waited for by nobody at the moment.
  failure.catch(() => {});
  return failure;
}

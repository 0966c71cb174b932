/** A NATS server of a test: the program `nats-server` on a free port, which can be killed and started again. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Whether the program `nats-server` is there: a test that needs one is skipped without it.
 * @example
 * test.skipIf(!hasNatsServer())('a call survives the end of the server', …);
 */
export const hasNatsServer = (): boolean => spawnSync('nats-server', ['--version']).status === 0;

/** Where a server runs. */
export interface NatsServerPlace {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The words before its command, such as those that put it into a network namespace. Default none. */
  readonly within?: readonly string[];
}

/**
 * A NATS server for a test. It finds out soon when a client is gone (`ping_interval` 2 s), has a folder of
 * its own under that for temporary files, and ends when this program exits.
 * @example
 * const server = await NatsServer.start();
 * await Cluster.start({ name, cookie, carrier: nats({ servers: server.url }) });
 * await server.kill();
 * await server.restart();
 * await server.stop();
 */
export class NatsServer implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly #folder: string;
  readonly #config: string;
  readonly #place: NatsServerPlace;
  #process: ChildProcess;
  readonly #endWithProgram = (): void => void this.#process.kill('SIGKILL');

  private constructor(
    port: number,
    folder: string,
    config: string,
    place: NatsServerPlace,
    child: ChildProcess,
  ) {
    this.host = place.host ?? '127.0.0.1';
    this.port = port;
    this.#folder = folder;
    this.#config = config;
    this.#place = place;
    this.#process = child;
    process.on('exit', this.#endWithProgram);
  }

  /**
   * Starts one, and waits until it listens.
   * @param config Lines of its configuration file, such as `authorization { user: a, password: b }`.
   * @throws when the program is not there, or ends.
   */
  static async start(config = '', place: NatsServerPlace = {}): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), 'linnet-nats-'));
    const child = await launch(folder, -1, config, place);
    const file = join(folder, `nats-server_${child.pid}.ports`);
    const { nats } = JSON.parse(await readFile(file, 'utf8')) as { nats: [string] };
    // With TLS, the address has another scheme, which `URL` may not know.
    const port = Number(/:(\d+)$/.exec(nats[0])?.[1]);
    return new NatsServer(port, folder, config, place, child);
  }

  /** Of its program. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** For the option `servers` of `nats()`. */
  get url(): string {
    return `nats://${this.host}:${this.port}`;
  }

  /** Sends it a signal, and waits for its end: `SIGUSR2` has it send its clients elsewhere first. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill(signal);
    await once(this.#process, 'exit');
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Starts it again, on the same port. */
  async restart(): Promise<void> {
    this.#process = await launch(this.#folder, this.port, this.#config, this.#place);
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    process.off('exit', this.#endWithProgram);
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts a server, and waits until it has written its ports. */
async function launch(
  folder: string,
  port: number,
  config: string,
  { host = '127.0.0.1', within = [] }: NatsServerPlace,
): Promise<ChildProcess> {
  const file = join(folder, 'nats.conf');
  await writeFile(file, `ping_interval: 2s\nping_max: 2\nwrite_deadline: 3s\n${config}`);
  const args = ['-c', file, '-a', host, '-p', String(port), '--ports_file_dir', folder];
  const [command = '', ...rest] = [...within, 'nats-server', ...args];
  const child = spawn(command, rest, { stdio: 'ignore' });
  // Rejects when it cannot be started at all.
  await once(child, 'spawn');
  const ports = join(folder, `nats-server_${child.pid}.ports`);
  while (!(await readFile(ports, 'utf8').catch(() => '')).includes('}')) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`nats-server ended with ${child.exitCode ?? child.signalCode}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return child;
}

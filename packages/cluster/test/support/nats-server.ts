/** Real NATS servers for the tests. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether the program is there; without it, the tests that need it are skipped. */
export const hasNatsServer = spawnSync('nats-server', ['--version']).status === 0;
if (!hasNatsServer) {
  console.warn('nats-server is not installed: the tests of the NATS carrier are skipped');
}

/** Where a server runs. */
export interface Place {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The words before its command, such as those that put it into a network namespace. */
  readonly within?: readonly string[];
}

export class NatsServer implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly #folder: string;
  readonly #config: string;
  readonly #place: Place;
  #process: ChildProcess;

  private constructor(
    port: number,
    folder: string,
    config: string,
    place: Place,
    child: ChildProcess,
  ) {
    this.host = place.host ?? '127.0.0.1';
    this.port = port;
    this.#folder = folder;
    this.#config = config;
    this.#place = place;
    this.#process = child;
  }

  static async start(config = '', place: Place = {}): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), 'linnet-nats-'));
    const child = await launch(folder, -1, config, place);
    const file = join(folder, `nats-server_${child.pid}.ports`);
    const { nats } = JSON.parse(await readFile(file, 'utf8')) as { nats: [string] };
    // With TLS, the address has another scheme, which `URL` may not know.
    const port = Number(/:(\d+)$/.exec(nats[0])?.[1]);
    return new NatsServer(port, folder, config, place, child);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get url(): string {
    return `nats://${this.host}:${this.port}`;
  }

  /** Sends it a signal, and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill(signal);
    await once(this.#process, 'exit');
  }

  /** As kill -9. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Starts it again, on the same port. */
  async restart(): Promise<void> {
    this.#process = await launch(this.#folder, this.port, this.#config, this.#place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Starts a server, and waits until it has written its ports. */
async function launch(
  folder: string,
  port: number,
  config: string,
  { host = '127.0.0.1', within = [] }: Place,
): Promise<ChildProcess> {
  const file = join(folder, 'nats.conf');
  await writeFile(file, `ping_interval: 2s\nping_max: 2\nwrite_deadline: 3s\n${config}`);
  const args = ['-c', file, '-a', host, '-p', String(port), '--ports_file_dir', folder];
  const [command = '', ...rest] = [...within, 'nats-server', ...args];
  const child = spawn(command, rest, { stdio: 'ignore' });
  const ports = join(folder, `nats-server_${child.pid}.ports`);
  while (!(await readFile(ports, 'utf8').catch(() => '')).includes('}')) {
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return child;
}

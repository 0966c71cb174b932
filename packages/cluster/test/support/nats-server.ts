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

export class NatsServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #config: string;
  #process: ChildProcess;

  private constructor(port: number, folder: string, config: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#config = config;
    this.#process = child;
  }

  static async start(config = ''): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), 'linnet-nats-'));
    const child = await launch(folder, -1, config);
    const file = join(folder, `nats-server_${child.pid}.ports`);
    const { nats } = JSON.parse(await readFile(file, 'utf8')) as { nats: [string] };
    return new NatsServer(Number(new URL(nats[0]).port), folder, config, child);
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** As kill -9. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  /** Starts it again, on the same port. */
  async restart(): Promise<void> {
    this.#process = await launch(this.#folder, this.port, this.#config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Starts a server, and waits until it has written its ports. */
async function launch(folder: string, port: number, config: string): Promise<ChildProcess> {
  const file = join(folder, 'nats.conf');
  await writeFile(file, `ping_interval: 2s\nping_max: 2\nwrite_deadline: 3s\n${config}`);
  const args = ['-c', file, '-a', '127.0.0.1', '-p', String(port), '--ports_file_dir', folder];
  const child = spawn('nats-server', args, { stdio: 'ignore' });
  const ports = join(folder, `nats-server_${child.pid}.ports`);
  while (!(await readFile(ports, 'utf8').catch(() => '')).includes('}')) {
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return child;
}

/**
 * Other programs as servers of a test file: nginx, caddy, haproxy, apache2, nghttpd and the like.
 * A program has a folder of its own with its configuration, its certificates and its sockets,
 * listens on free ports, is ready when it takes connections, and is stopped by its pid.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
} from 'node:fs';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority } from '../../src/testing/index.ts';
import type { Certificate } from '../../src/testing/index.ts';

/** Servers are often where only root looks for programs. */
const path = [process.env['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);

const isInstalled = (command: string): boolean =>
  path.split(delimiter).some((folder) => isExecutable(join(folder, command)));

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * What the title of tests ends with that are skipped because of missing programs, and nothing when
 * all are there. It is also printed, so that a skipped file does not go unnoticed. `packages` are
 * the Debian packages by command: `{ nginx: 'nginx-light' }`.
 */
export function whyToSkip(packages: Readonly<Record<string, string>>): string {
  const missing = Object.entries(packages).filter(([command]) => !isInstalled(command));
  if (missing.length === 0) return '';
  const commands = missing.map(([command]) => command).join(', ');
  const install = missing.map(([, debianPackage]) => debianPackage).join(' ');
  const notice = ` — SKIPPED: missing ${commands} (Debian: apt-get install ${install})`;
  console.warn(notice.slice(3));
  return notice;
}

/** The folder of a program, below the system's folder for temporary files. */
export class Folder implements Disposable {
  readonly path: string;
  readonly #authority = createAuthority();

  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), `linnet-${name}-`));
    // A server that is started by root gives its rights up, and reads its files without them.
    chmodSync(this.path, 0o755);
  }

  /** The certificate of the authority that `issue` uses: what clients trust. */
  get ca(): string {
    return this.#authority.ca;
  }

  /** The path of a file or socket in the folder. */
  at(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: string | Uint8Array): string {
    const file = this.at(name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** A certificate for these names; it, its key, both together and the authority's are in files. */
  issue(names: readonly string[], name = 'server'): Certificate {
    const { key, cert } = this.#authority.issue(names);
    this.write(`${name}.key`, key);
    this.write(`${name}.crt`, cert);
    this.write(`${name}.pem`, cert + key);
    this.write('ca.crt', this.ca);
    return { key, cert };
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** How a program is run. */
export interface ProgramOptions {
  readonly command: readonly [string, ...string[]];
  /** Its folder, where what it prints becomes a file: pipes would be open handles of the test. */
  readonly folder: Folder;
  /** Ports of 127.0.0.1 and paths of Unix sockets: it is ready when it takes connections at all. */
  readonly listens: readonly (number | string)[];
  readonly env?: NodeJS.ProcessEnv;
  /** The signal that ends it at once. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

/** A program that runs in the foreground. It can be stopped, and started again where it was. */
export class Program {
  readonly #options: ProgramOptions;
  #child: ChildProcess | undefined;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  /** Starts a program, and waits until it is ready. */
  static async start(options: ProgramOptions): Promise<Program> {
    const program = new Program(options);
    await program.start();
    return program;
  }

  /** @throws Error with what it printed, when it ends instead of getting ready. */
  async start(): Promise<void> {
    const { command, folder, env, listens } = this.#options;
    const [name, ...args] = command;
    const log = folder.at(`${basename(name)}.log`);
    const output = openSync(log, 'w');
    const child = spawn(name, args, {
      // The options of this process's own Node are not for others.
      env: { ...process.env, PATH: path, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#child = child;
    // It does not outlive the tests.
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    await once(child, 'spawn');
    const isReady = await untilListening(listens, () => this.running);
    if (!isReady) throw new Error(`${name} ended: ${readFileSync(log, 'utf8')}`);
  }

  /** @throws Error when it does not run. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#options.command[0]} does not run`);
    return pid;
  }

  get running(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Fulfilled when it has ended, which something else has to bring about. */
  async ended(): Promise<void> {
    if (this.#child !== undefined && this.running) await once(this.#child, 'exit');
  }

  /** Ends it, after 10 seconds by force. */
  async stop(): Promise<void> {
    this.signal(this.#options.stopSignal ?? 'SIGTERM');
    const force = setTimeout(() => this.signal('SIGKILL'), 10_000);
    await this.ended();
    clearTimeout(force);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}

/** Waits until there are servers at all ports and sockets; false when `isRunning` no longer. */
export async function untilListening(
  listens: readonly (number | string)[],
  isRunning: () => boolean,
): Promise<boolean> {
  for (const where of listens) {
    while (!(await takesConnections(where))) {
      if (!isRunning()) return false;
      await sleep(10);
    }
  }
  // Another program may have had one of its ports.
  return isRunning();
}

function takesConnections(where: number | string): Promise<boolean> {
  const address: NetConnectOpts =
    typeof where === 'number' ? { port: where, host: '127.0.0.1' } : { path: where };
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/**
 * A port that is free stays so until its server listens, so files that run at once do not choose
 * among the same ones: Vitest numbers the processes that run them.
 */
const portsOfEach = 1000;
const firstPort = 15_000 + (Number(process.env['VITEST_POOL_ID'] ?? 0) % 17) * portsOfEach;

/**
 * Ports that nobody listens on. They are below those that systems give to clients (from 32768), or
 * else a client could take the port of a server that is about to be started again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = firstPort + Math.floor(Math.random() * portsOfEach);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** For TCP and for UDP: servers of QUIC take a port that another of them has, and get half of its datagrams. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  const bound = await Promise.allSettled([once(server, 'listening'), once(socket, 'listening')]);
  await server[Symbol.asyncDispose]().catch(() => {});
  await socket[Symbol.asyncDispose]().catch(() => {});
  return bound.every(({ status }) => status === 'fulfilled');
}

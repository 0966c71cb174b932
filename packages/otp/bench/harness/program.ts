/** Other programs: finding, installing, pinning, and talking to them line by line. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}

/**
 * Whether the program is there, after an attempt to install it where that is possible (root on
 * Debian). Says so when it is not: a peer that is missing must not go unnoticed.
 */
export function ensureInstalled(program: string, debianPackage: string): boolean {
  if (isInstalled(program)) return true;
  if (process.getuid?.() === 0 && isInstalled('apt-get')) {
    console.error(`${program} is missing: installing ${debianPackage} with apt-get`);
    const install = `(apt-get update -qq; RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${debianPackage})`;
    spawnSync('sh', ['-c', install], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (isInstalled(program)) return true;
  }
  console.error(`SKIPPED: ${program} is not installed (Debian: apt-get install ${debianPackage})`);
  return false;
}

/** What a command printed, or undefined and its complaint on standard error when it failed. */
export function output(command: readonly string[]): string | undefined {
  const [program = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  console.error(`${command.join(' ')} failed\n${stdout}${stderr}`);
  return undefined;
}

/** The command with its arguments, bound to one core where `taskset` is there to do it. */
export function pinned(core: number, command: readonly string[]): readonly string[] {
  if (availableParallelism() < 2 || !isInstalled('taskset')) return command;
  return ['taskset', '-c', String(core), ...command];
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** A child process that answers each line with one line. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #command: string;
  readonly #waiting: Array<{ resolve: (line: string) => void; reject: (error: Error) => void }> =
    [];

  constructor(command: readonly string[], env?: NodeJS.ProcessEnv) {
    const [program = '', ...args] = command;
    this.#command = command.join(' ');
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    children.add(this.#child);
    const { stdout, stdin } = this.#child;
    if (stdout === null || stdin === null) throw new Error('a child process without pipes');
    createInterface({ input: stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    stdin.on('error', () => {});
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code, signal) => {
      children.delete(this.#child);
      this.#fail(new Error(`${this.#command} ended (${signal ?? `exit code ${code}`})`));
    });
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Processor time of all its threads so far, in nanoseconds. Undefined where the system does not
   * tell (it is Linux that does).
   */
  get processorTime(): number | undefined {
    const tasks = `/proc/${this.#child.pid ?? 0}/task`;
    let sum = 0;
    try {
      for (const task of readdirSync(tasks)) sum += onProcessor(`${tasks}/${task}/schedstat`);
      return sum;
    } catch {
      return undefined;
    }
  }

  ask(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (!this.running) {
        reject(new Error(`${this.#command} is not running`));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#child.stdin?.write(`${line}\n`);
    });
  }

  /** Ends the process: by the end of its input, or by force when it does not listen. */
  async close(): Promise<void> {
    if (!this.running) return;
    const over = once(this.#child, 'exit');
    this.#child.stdin?.end();
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 1000);
    await over;
    clearTimeout(force);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** The first of the three figures; a thread that has ended meanwhile counts nothing. */
function onProcessor(schedstat: string): number {
  try {
    return Number(readFileSync(schedstat, 'latin1').split(' ')[0]);
  } catch {
    return 0;
  }
}

/** The other side of a {@link Peer} in Node: answers the lines of standard input until it ends. */
export async function answerLines(answer: (line: string) => Promise<string>): Promise<never> {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${await answer(line)}\n`);
  }
  process.exit(0);
}

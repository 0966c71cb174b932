/** The programs of the tutorial do what it says, and it shows them as they are. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const hasServer = spawnSync('nats-server', ['--version']).status === 0;
const fileOf = (name: string): string => join(import.meta.dirname, 'tutorial', name);

test.each(['counter.ts', 'client.ts'])('the page shows %s', (name) => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/tutorial/cluster.md'), 'utf8');
  expect(page).toContain(readFileSync(fileOf(name), 'utf8').trim());
});

/** A program that ends with the test, and the lines that it has printed. */
class Program {
  readonly lines: string[] = [];
  readonly process: ChildProcess;

  constructor(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(command, args, { stdio: [...stdio], env: { ...process.env, ...env } });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.lines.push(...text.trim().split('\n'));
        child.emit('printed');
      });
    }
    this.process = child;
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  /** Waits until it has printed something so often. */
  async prints(text: string, times = 1): Promise<void> {
    const seen = (): number => this.lines.filter((line) => line.includes(text)).length;
    while (seen() < times) await once(this.process, 'printed');
  }
}

test.skipIf(!hasServer)(
  'the client calls the counter, sees it go, and calls its next run',
  { timeout: 120_000 },
  async () => {
    const port = await freePort();
    const server = new Program('nats-server', ['-a', '127.0.0.1', '-p', String(port)]);
    await server.prints('Server is ready');
    const start = (name: string): Program =>
      new Program(
        process.execPath,
        ['--conditions=@linnet/source', '--no-warnings', fileOf(name)],
        { NATS_URL: `nats://127.0.0.1:${port}` },
      );
    const counter = start('counter.ts');
    await counter.prints('counter@127.0.0.1 is ready');
    const client = start('client.ts');
    await client.prints('3');
    counter.process.kill('SIGKILL');
    await client.prints('the counter is down: noconnection');
    start('counter.ts');
    await client.prints('3', 2);
    const all = ['1', '2', '3', 'the counter is down: noconnection', '1', '2', '3'];
    expect(client.lines.filter((line) => !line.startsWith('waiting'))).toEqual(all);
  },
);

/** A port that is free just now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

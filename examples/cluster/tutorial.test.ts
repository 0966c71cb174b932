/** The programs of the tutorial do what it says, and it shows them as they are. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasNatsServer, NatsServer } from '@linnet/cluster/testing';
import { expect, onTestFinished, test } from 'vitest';
import { program as clientProgram } from './tutorial/client.ts?program';
import { program as counterProgram } from './tutorial/counter.ts?program';

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

test.skipIf(!hasNatsServer())(
  'the client calls the counter, sees it go, and calls its next run',
  { timeout: 120_000 },
  async () => {
    const server = await NatsServer.start();
    onTestFinished(() => server.stop());
    const start = (...args: readonly string[]): Program =>
      new Program(process.execPath, args, { NATS_URL: server.url });
    // From its source; the others take their bundles, which start in half of the processor time.
    const source = fileOf('counter.ts');
    const counter = start('--conditions=@linnet/source', '--no-warnings', source);
    await counter.prints('counter@127.0.0.1 is ready');
    const client = start(clientProgram);
    await client.prints('3');
    counter.process.kill('SIGKILL');
    await client.prints('the counter is down: noconnection');
    start(counterProgram);
    await client.prints('3', 2);
    const all = ['1', '2', '3', 'the counter is down: noconnection', '1', '2', '3'];
    expect(client.lines.filter((line) => !line.startsWith('waiting'))).toEqual(all);
  },
);

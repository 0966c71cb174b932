import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { program } from './main.ts?program';
import { startServer } from './server.ts';

const run = promisify(execFile);
// Workers of vitest run with its own options.
const env = { ...process.env, NODE_OPTIONS: '' };

test('shows the tree, survives a killed connection and a killed pool, and exits 0', async () => {
  // As `npm start` does; the others take its bundle, which starts in half of the processor time.
  const main = join(import.meta.dirname, 'main.ts');
  const args = ['--conditions=@linnet/source', main, '--requests', '300'];
  const { stdout } = await run(process.execPath, args, { env });

  expect(stdout).toContain('300 answered');
  expect(stdout).toMatch(/Killed connection .* in mid-request: ERR_FINCH_CONNECTION_CLOSED/);
  expect(stdout).toMatch(/Killed pool #PID<.*> under 200 requests/);
  expect(stdout).toMatch(/has started #PID<.*> in its place/);
  expect(stdout).toContain('1 of 3 restarts');
  expect(stdout).toContain('nothing is left running');
});

test("takes a URL of the user's", async () => {
  const server = await startServer();
  const { stdout } = await run(process.execPath, [program, '--requests', '30', server.url], {
    env,
  });
  await server.close();

  expect(stdout).toContain(`Sending 30 requests to ${server.url}`);
  expect(stdout).toContain('30 answered');
});

test('stays up with its dashboard, under load and with failures, until it is interrupted', async () => {
  const args = [program, '--requests', '30', '--stay'];
  const running = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void running.kill('SIGKILL'));
  let output = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text));
  const url = await vi.waitUntil(() => /stays up at (\S+),/.exec(output)?.[1], {
    timeout: 100_000,
  });
  const response = await fetch(`${url}api/tree?search=orders`);
  expect(await response.text()).toContain('"orders"');
  running.kill('SIGINT');
  const [code] = (await once(running, 'exit')) as [number | null];
  expect(code).toBe(0);
  expect(output).toContain('nothing is left running');
});

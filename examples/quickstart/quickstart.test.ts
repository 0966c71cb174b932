import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startServer } from './server.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, 'main.ts');

function quickstart(...args: string[]) {
  // Workers of vitest run with its own options; the quickstart is run as `npm start` does.
  const env = { ...process.env, NODE_OPTIONS: '' };
  return run(process.execPath, ['--conditions=@linnet/source', main, ...args], { env });
}

test('shows the tree, survives a killed connection and a killed pool, and exits 0', async () => {
  const { stdout } = await quickstart('--requests', '300');

  expect(stdout).toContain('300 answered');
  expect(stdout).toMatch(/Killed connection .* in mid-request: ERR_FINCH_CONNECTION_CLOSED/);
  expect(stdout).toMatch(/Killed pool #PID<.*> under 200 requests/);
  expect(stdout).toMatch(/has started #PID<.*> in its place/);
  expect(stdout).toContain('1 of 3 restarts');
  expect(stdout).toContain('nothing is left running');
}, 60_000);

test("takes a URL of the user's", async () => {
  const server = await startServer();
  const { stdout } = await quickstart('--requests', '30', server.url);
  await server.close();

  expect(stdout).toContain(`Sending 30 requests to ${server.url}`);
  expect(stdout).toContain('30 answered');
}, 60_000);

import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const hasServer = spawnSync('nats-server', ['--version']).status === 0;
if (!hasServer) console.warn('nats-server is not installed: the example of the cluster is skipped');

test.skipIf(!hasServer)('the children of a killed node run on the others', async () => {
  const args = ['--conditions=@linnet/source', '--no-warnings', 'main.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: import.meta.dirname,
  });
  const lines = stdout.trim().split('\n');
  expect(lines.filter((line) => line.includes('job-1 runs on')).length).toBeGreaterThan(0);
  expect(lines.some((line) => line.startsWith('kill -9'))).toBe(true);
  expect(lines.at(-1)).toBe('all jobs run on the nodes that are left');
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasNatsServer } from '@linnet/cluster/testing';
import { expect, test } from 'vitest';

const hasServer = hasNatsServer();
if (!hasServer) console.warn('nats-server is not installed: the example of the cluster is skipped');

test.skipIf(!hasServer)(
  'the children of a killed node run on the others',
  { timeout: 120_000 },
  async () => {
    const args = ['--conditions=@linnet/source', '--no-warnings', 'main.ts'];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: import.meta.dirname,
      timeout: 100_000,
    });
    const lines = stdout.trim().split('\n');
    expect(lines.filter((line) => line.includes('mail-1 runs on')).length).toBeGreaterThan(0);
    // All three nodes have some of them, before one is killed.
    const killed = lines.findIndex((line) => line.startsWith('kill -9'));
    const places = lines.slice(0, killed).map((line) => line.split(' runs on ')[1]);
    expect(places).toHaveLength(6);
    expect(new Set(places).size).toBe(3);
    expect(lines.at(-1)).toBe('all jobs run on the nodes that are left');
  },
);

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

// `await using` is no syntax of Node.js 22.
test.skipIf(Number.parseInt(process.versions.node, 10) < 24)(
  'the fake origin and the stub work in node:test, which ends by itself',
  async () => {
    const file = join(import.meta.dirname, 'node-test.ts');
    const args = ['--conditions=@linnet/source', '--test', '--test-reporter=tap', file];
    const { stdout } = await run(process.execPath, args, {
      timeout: 20_000,
      env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined },
    });
    expect(stdout).toMatch(/^# pass 2$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  },
);

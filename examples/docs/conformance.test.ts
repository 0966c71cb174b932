import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../../scripts/conformance.mjs');

test('every case is tested or listed with a reason, and the pages say so', async () => {
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stderr } = await run(process.execPath, [script, '--check'], {
    env,
  }).catch((error: { stderr: string }) => error);

  expect(stderr).toBe('');
});

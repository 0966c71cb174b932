// Runs the tests on the older supported Node.js lines: `node scripts/test-matrix.mjs [22] [24]`.
// Their binaries come from npm packages in .ci/nodes, installed here on demand (Linux x64 only).
// Type tests are left out: they do not depend on the version that runs them.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { installTools } from './install-tools.mjs';

const root = join(import.meta.dirname, '..');
const folder = installTools('nodes');
const lines = process.argv.length > 2 ? process.argv.slice(2) : ['22', '24'];

/**
 * Runs the tests on one line of Node.js.
 *
 * @param {string} line such as '22'
 * @returns {boolean} whether they passed
 */
function test(line) {
  const binary = join(folder, 'node_modules', `node-${line}`, 'bin', 'node');
  if (!existsSync(binary)) {
    console.error(`.ci/nodes has no Node.js ${line} for ${process.platform} ${process.arch}`);
    return false;
  }
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`\nTests on Node.js ${version}`);

  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status } = spawnSync(binary, [vitest, 'run', '--project', '!types'], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      // What tests start as plain "node" must be of this version, too.
      PATH: [dirname(binary), process.env['PATH']].join(delimiter),
    },
  });
  return status === 0;
}

const failed = lines.filter((line) => !test(line));
if (failed.length > 0) {
  console.error(`The tests failed on Node.js ${failed.join(' and ')}`);
  process.exit(1);
}

// Runs the tests on the other supported Node.js lines: `node scripts/test-matrix.mjs [22] [24]`.
// Their binaries come from npm packages in .ci/nodes, installed here on demand.
// Type tests are left out: they do not depend on the version that runs them.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = join(root, '.ci', 'nodes');
const lines = process.argv.length > 2 ? process.argv.slice(2) : ['22', '24'];

/**
 * @param {string} line such as '22'
 */
function binaryOf(line) {
  const name = `node-${line}-${process.platform}-${process.arch}`;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  return join(folder, 'node_modules', name, 'bin', file);
}

function install() {
  const stamp = join(folder, 'node_modules', '.lockfile-hash');
  const hash = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  console.log('Installing the Node.js versions of the matrix into .ci/nodes');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['ci', '--prefix', folder, '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(1);
  writeFileSync(stamp, hash);
}

/**
 * @param {string} line such as '22'
 * @returns {boolean} whether the tests passed
 */
function test(line) {
  const binary = binaryOf(line);
  if (!existsSync(binary)) {
    console.error(`There is no Node.js ${line} in .ci/nodes for ${process.platform}-${process.arch}`);
    return false;
  }
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`\nTests on Node.js ${version}`);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reports = process.env['LINNET_TEST_REPORTS'];
  const { status } = spawnSync(binary, [vitest, 'run', '--project', '!*:types'], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      // Child processes that tests start by name must be of this version, too.
      PATH: `${join(binary, '..')}${process.platform === 'win32' ? ';' : ':'}${process.env['PATH']}`,
      ...(reports === undefined ? {} : { LINNET_TEST_REPORT: join(reports, `node-${line}.json`) }),
    },
  });
  return status === 0;
}

install();
const failed = lines.filter((line) => !test(line));
if (failed.length > 0) {
  console.error(`The tests failed on Node.js ${failed.join(' and ')}`);
  process.exit(1);
}

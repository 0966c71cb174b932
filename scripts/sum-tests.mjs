// Sums vitest's JSON reports for .ci/run: `node sum-tests.mjs <folder> <failed steps>`.
// Runs on whatever Node.js the machine has, also when nothing could be installed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ fullName: string, status: string }} Test
 * @typedef {{ name: string, status: string, assertionResults: Test[] }} TestFile
 */

const [folder = '', failedSteps = '0'] = process.argv.slice(2);
let passed = 0;
let failed = 0;

/**
 * @param {Test[]} tests
 * @param {string} status
 */
function count(tests, status) {
  return tests.filter((test) => test.status === status).length;
}

for (const file of readdirSync(folder).sort()) {
  const text = readFileSync(join(folder, file), 'utf8');
  const { testResults } = /** @type {{ testResults: TestFile[] }} */ (JSON.parse(text));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  // A file that failed without a failed test could not be loaded.
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && count(assertionResults, 'failed') === 0,
  );
  const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');

  passed += count(tests, 'passed');
  failed += count(tests, 'failed') + broken.length;
  console.log(`${file.replace(/\.json$/, '')}: ${tests.length} tests, ${skipped.length} skipped`);
  for (const { name } of broken) console.log(`  not loaded: ${name}`);
  for (const { fullName } of skipped) console.log(`  skipped: ${fullName}`);
}

// Lint, build, examples and the like are no tests, but must not look like a success.
if (failed === 0) failed = Number(failedSteps);
if (passed + failed === 0) failed = 1; // no test ran
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

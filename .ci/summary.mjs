// Sums vitest's JSON reports: `node summary.mjs <folder> <failed steps>`.
// Runs on whatever Node.js the machine has, also when nothing could be installed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, failedSteps] = process.argv.slice(2);
let passed = 0;
let failed = 0;

for (const file of readdirSync(folder).sort()) {
  const report = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const skipped = [];
  for (const suite of report.testResults) {
    const tests = suite.assertionResults;
    const failures = tests.filter(({ status }) => status === 'failed').length;
    passed += tests.filter(({ status }) => status === 'passed').length;
    // A file that fails with no failed test could not be loaded.
    failed += failures === 0 && suite.status === 'failed' ? 1 : failures;
    for (const test of tests) {
      if (test.status !== 'passed' && test.status !== 'failed') skipped.push(test.fullName);
    }
  }
  const name = file.replace(/\.json$/, '');
  console.log(`${name}: ${report.numTotalTests} tests, ${skipped.length} skipped`);
  for (const title of skipped) console.log(`  skipped: ${title}`);
}

// Lint, build, examples and the like are no tests, but must not look like a success.
if (failed === 0) failed = Number(failedSteps);
if (passed + failed === 0) failed = 1; // no test ran
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

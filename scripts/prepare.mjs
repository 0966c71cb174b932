// Builds the packages, and bundles the page of the observer, after `npm install` in a clone, so that
// `dist` exists.
// A failed build must not fail the installation: tests and examples use the
// sources, and `npm run build` reports the same errors.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** @returns {string | undefined} */
function findCompiler() {
  try {
    const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
    return join(dirname(manifest), 'bin', 'tsc');
  } catch {
    return undefined; // installed without development dependencies
  }
}

const compiler = findCompiler();
if (compiler !== undefined) {
  const packages = [
    'packages/otp',
    'packages/mint',
    'packages/finch',
    'packages/req',
    'packages/cluster',
    'packages/observer',
  ];
  const build = spawnSync(process.execPath, [compiler, '-b', ...packages], {
    cwd: root,
    stdio: 'inherit',
  });
  if (build.status !== 0) {
    console.warn('The packages did not build without errors; see "npm run build".');
  }
  const bundle = spawnSync(process.execPath, [join(root, 'packages/observer/scripts/bundle.mjs')], {
    cwd: root,
    stdio: 'inherit',
  });
  if (bundle.status !== 0) console.warn('The page of the observer was not bundled.');
}

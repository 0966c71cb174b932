// Runs a first program on Bun and Deno, on which the packages are to run as far as these are
// compatible with Node.js: `node scripts/test-runtimes.mjs`, after a build.
// Their binaries come from npm packages in .ci/runtimes, installed there on demand (Linux x64 only).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installTools } from './install-tools.mjs';

const root = join(import.meta.dirname, '..');
const folder = installTools('runtimes');
const program = join(import.meta.dirname, 'runtimes', 'smoke.mjs');

const runtimes = [
  { name: 'Bun', binary: '@oven/bun-linux-x64/bin/bun', args: [program] },
  {
    name: 'Deno',
    binary: '@deno/linux-x64-glibc/deno',
    args: ['run', '--allow-all', '--node-modules-dir=manual', program],
  },
];

/** @param {typeof runtimes[number]} runtime */
function passes({ name, binary, args }) {
  const file = join(folder, 'node_modules', binary);
  if (!existsSync(file)) {
    console.error(`.ci/runtimes has no ${name} for ${process.platform} ${process.arch}`);
    return false;
  }
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  const ok = status === 0 && stdout.trim() === 'ok';
  console.log(ok ? `${name}: ok` : `${name} failed: ${error?.message ?? `${stdout}\n${stderr}`}`);
  return ok;
}

if (runtimes.filter((runtime) => !passes(runtime)).length > 0) process.exit(1);

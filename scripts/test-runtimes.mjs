// Runs a first program on Bun and Deno, on which the packages are to run as far as these are
// compatible with Node.js: `node scripts/test-runtimes.mjs`, after a build.
// Their binaries come from npm packages in .ci/runtimes, installed there on demand (Linux x64 only).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = join(root, '.ci', 'runtimes');
const program = join(import.meta.dirname, 'runtimes', 'smoke.mjs');

const runtimes = [
  { name: 'Bun', binary: '@oven/bun-linux-x64/bin/bun', args: [program] },
  {
    name: 'Deno',
    binary: '@deno/linux-x64-glibc/deno',
    args: ['run', '--allow-all', '--node-modules-dir=manual', program],
  },
];

/** Installs the binaries, unless those of the present lockfile are there. */
function install() {
  const lockfile = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const stamp = join(folder, 'node_modules', '.installed-lockfile.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile) return;

  console.log('Installing Bun and Deno into .ci/runtimes');
  const { status } = spawnSync('npm', ['ci', '--prefix', folder], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('npm ci failed in .ci/runtimes');
  writeFileSync(stamp, lockfile);
}

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

install();
if (runtimes.filter((runtime) => !passes(runtime)).length > 0) process.exit(1);

// Installs programs from npm that only some scripts need: each folder of .ci has a lockfile of them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs the programs of a folder, unless those of its present lockfile are there.
 *
 * @param {string} name of the folder in .ci
 * @returns {string} where they are
 */
export function installTools(name) {
  const folder = join(import.meta.dirname, '..', '.ci', name);
  const lockfile = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const stamp = join(folder, 'node_modules', '.installed-lockfile.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile) return folder;

  console.log(`Installing what .ci/${name} has`);
  const { status } = spawnSync('npm', ['ci', '--prefix', folder], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`npm ci failed in .ci/${name}`);
  writeFileSync(stamp, lockfile);
  return folder;
}

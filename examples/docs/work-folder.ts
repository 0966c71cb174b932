/** A folder for what one run of the tests writes. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const cache = join(import.meta.dirname, '../../node_modules/.cache');

/**
 * Makes a folder of its own for each run, so that two runs at once do not disturb each other. It lies
 * in `node_modules/.cache`, from where the packages are found, and is gone after the tests of the file.
 */
export function workFolder(name: string): string {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, `${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

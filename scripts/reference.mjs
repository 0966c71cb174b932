/**
 * Writes the generated pages of docs/reference: the options from their schemas, the API from the doc
 * comments of the sources.
 *
 *     npm run reference              # writes the pages
 *     npm run reference -- --check   # fails when one of them is out of date
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { referencePages } from './reference/pages.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const root = join(import.meta.dirname, '..');

for (const [path, page] of referencePages(root)) {
  const file = join(root, path);
  if (!values.check) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, page);
  } else if (contentOf(file) !== page) {
    console.error(`${path} is out of date: npm run reference`);
    process.exitCode = 1;
  }
}

/**
 * @param {string} name
 * @returns {string} empty when there is no such file yet
 */
function contentOf(name) {
  try {
    return readFileSync(name, 'utf8');
  } catch {
    return '';
  }
}

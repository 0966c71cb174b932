/** What the packages export has doc comments. */
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { indexes } from './doc-examples.ts';
import { undocumented } from './undocumented.ts';

const root = join(import.meta.dirname, '../..');
const place = (file: string, line: number): string => `${relative(root, file)}:${line}`;

test.each([...indexes(root)])('what %s exports is documented', (_, index) => {
  const faults = undocumented(index).map(
    ({ name, file, line, missing }) => `${place(file, line)} ${name} has no ${missing}`,
  );
  expect([...new Set(faults)]).toEqual([]);
});

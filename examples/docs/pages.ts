/** The pages with code, as programs. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractBlocks, extractProgram, type Program } from './extract.ts';

const root = join(import.meta.dirname, '../..');

export const pagePrograms: readonly Program[] = [
  'README.md',
  'docs/**/*.md',
  'packages/*/README.md',
]
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .flatMap((page): Program[] => {
    const markdown = readFileSync(join(root, page), 'utf8');
    // Each block of a README is to run alone, pasted into a file [N11].
    if (/(^|[\\/])README\.md$/.test(page) && !page.startsWith('docs')) {
      return extractBlocks(page, markdown);
    }
    const program = extractProgram(page, markdown);
    return program === undefined ? [] : [program];
  });

/** The name of the file for a program, without its extension. */
export const fileOf = ({ page }: Program): string => page.replaceAll(/[\\/.#]/g, '-');

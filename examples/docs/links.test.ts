/** The links of the pages lead somewhere. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const pages = ['*.md', 'docs/**/*.md', 'packages/*/README.md'].flatMap((pattern) =>
  globSync(pattern, { cwd: root }).map((page) => page.replaceAll('\\', '/')),
);

/** Many links lead to one page, which is read once. */
function once<T>(read: (page: string) => T): (page: string) => T {
  const known = new Map<string, T>();
  return (page) => {
    const value = known.get(page) ?? read(page);
    known.set(page, value);
    return value;
  };
}

/** A page without its code, in which brackets are no links. */
const textOf = once((page) =>
  readFileSync(join(root, page), 'utf8')
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]]/g, '')),
);

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = once((page): ReadonlySet<string> => {
  const seen = new Map<string, number>();
  const anchors = [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
  return new Set(anchors);
});

function broken(page: string): string[] {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? join(root, page) : join(root, dirname(page), path);
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchorsOf(relative(root, target)).has(anchor);
  });
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  expect(broken(page)).toEqual([]);
});

test('each page of docs is reached from its index', () => {
  const index = textOf('docs/README.md');
  const missing = pages.filter(
    (page) =>
      page.startsWith('docs/') &&
      page !== 'docs/README.md' &&
      !index.includes(`](${page.slice('docs/'.length)})`),
  );
  expect(missing).toEqual([]);
});

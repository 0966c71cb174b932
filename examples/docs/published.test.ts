/** What npm publishes stands alone: READMEs lead nowhere outside of the tarball, and the fields of npm are there. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const packages = globSync('packages/*', { cwd: root }).map((path) => path.replaceAll('\\', '/'));

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

/** The files that npm would publish of a package. */
function packed(path: string): ReadonlySet<string> {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--workspace', path], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // An array up to npm 11, and an object by name after it.
  const tarballs = Object.values(JSON.parse(output) as Record<string, Packed>);
  return new Set(tarballs.flatMap(({ files }) => files.map((file) => file.path)));
}

interface Manifest {
  readonly description: string;
  readonly keywords: readonly string[];
  readonly license: string;
  readonly type: string;
  readonly types: string;
  readonly sideEffects: boolean;
  readonly engines: { readonly node: string };
  readonly dependencies?: Readonly<Record<string, string>>;
}

describe.each(packages)('%s', (path) => {
  const manifest = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as Manifest;
  const readme = readFileSync(join(root, path, 'README.md'), 'utf8');

  test('each link of the README leads to a file of the tarball or to another site [N10]', () => {
    const text = readme.replaceAll(/^```[\s\S]*?^```/gm, '');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const files = links
      .filter((link) => !/^(?:https:|#)/.test(link))
      .map((link) => posix.normalize(link.replace(/#.*/, '')));
    if (files.length === 0) return;
    const tarball = packed(path);
    expect(files.filter((file) => !tarball.has(file))).toEqual([]);
  });

  test('the pages of the repository that the README names exist [N10]', () => {
    const [, documentation] = readme.split(/^## Documentation$/m);
    if (documentation === undefined) return;
    const missing: string[] = [];
    for (const [line] of documentation.matchAll(/^\| `.*$/gm)) {
      let folder = '.';
      // In a row, a page without a folder is beside the one before it.
      for (const [, page = ''] of line.matchAll(/`([\w/-]+\.md)`/g)) {
        if (page.includes('/')) folder = posix.dirname(page);
        const file = posix.join('docs', folder, posix.basename(page));
        if (!existsSync(join(root, file))) missing.push(file);
      }
    }
    expect(missing).toEqual([]);
  });

  test('its dependencies are pinned', () => {
    const loose = Object.entries(manifest.dependencies ?? {}).filter(
      ([, version]) => !/^\d/.test(version),
    );
    expect(loose).toEqual([]);
  });

  test('the fields that npm shows are filled in', () => {
    expect(manifest).toMatchObject({
      license: 'Apache-2.0',
      type: 'module',
      types: './dist/index.d.ts',
      sideEffects: false,
      engines: { node: '>=22.19' },
    });
    expect(manifest.description).not.toBe('');
    expect(manifest.keywords.length).toBeGreaterThan(2);
    expect(existsSync(join(root, path, 'LICENSE'))).toBe(true);
  });
});

test('who writes a machine is told to install the xstate of otp: a machine of another copy has other types', () => {
  const { dependencies } = JSON.parse(
    readFileSync(join(root, 'packages/otp/package.json'), 'utf8'),
  ) as Manifest;
  const page = readFileSync(join(root, 'docs/how-to/write-a-machine.md'), 'utf8');
  expect(page).toContain(`npm install --save-exact xstate@${dependencies?.['xstate']}\n`);
});

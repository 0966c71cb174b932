/** The packages as few files: a program of the docs starts in half of the time that their sources take. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

interface PackageFile {
  readonly name: string;
  readonly exports: Readonly<
    Record<string, string | null | { readonly '@linnet/source'?: string }>
  >;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * Puts the packages of the repository into the `node_modules` of `folder`, where its programs find them
 * before the sources. What packages share is in files that they share, so that it is there once.
 */
export async function bundlePackages(packages: readonly string[], folder: string): Promise<void> {
  const entryPoints: Array<{ in: string; out: string }> = [];
  const external = new Set<string>();
  for (const source of packages) {
    const file = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as PackageFile;
    const { name, dependencies, peerDependencies } = file;
    const exports: Record<string, string> = {};
    for (const [path, target] of Object.entries(file.exports)) {
      const entry =
        target === null || typeof target === 'string' ? undefined : target['@linnet/source'];
      if (entry === undefined) continue;
      const out = entry.replace(/\.ts$/, '');
      exports[path] = `${out}.js`;
      entryPoints.push({ in: join(source, entry), out: join(name, out) });
    }
    const target = join(folder, 'node_modules', name, 'package.json');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, JSON.stringify({ name, type: 'module', exports }));
    for (const each of Object.keys({ ...dependencies, ...peerDependencies })) {
      if (!each.startsWith('@linnet/')) external.add(each);
    }
  }
  await build({
    entryPoints,
    outdir: join(folder, 'node_modules'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    conditions: ['@linnet/source'],
    external: [...external],
    logLevel: 'warning',
  });
}
